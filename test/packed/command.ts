import { spawn } from 'node:child_process'

interface Ended {
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** The time limit in milliseconds. */
  readonly timeout?: number
}

/** Runs a command to its end, and returns its output. Rejects with the output if it fails. */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env = {}, input, timeout = 400_000 }: RunOptions,
): Promise<Ended> {
  const child = spawn(command, args, {
    cwd,
    env: { ...ownEnv(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout,
  })
  child.stdin.end(input)
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve)),
  ])
  if (code === 0) return { stdout, stderr }
  throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout}\n${stderr}`)
}

/**
 * Removes the variables that npm and vitest set for their children, which a user's command would not have. Colours are turned
 * off, because a CI's environment would add them to output that tests read.
 */
export function ownEnv(): NodeJS.ProcessEnv {
  const isTheirs = (name: string): boolean =>
    /^(npm_(?!config_(cache|registry))|VITEST|NODE_ENV|FORCE_COLOR$|TEST$|DEV$|PROD$|MODE$)/.test(name)
  const own = Object.entries(process.env).filter(([name]) => !isTheirs(name))
  return { ...Object.fromEntries(own), NO_COLOR: '1' }
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = ''
  for await (const part of stream) all += part
  return all
}
