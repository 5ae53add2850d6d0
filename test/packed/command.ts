import { spawn } from 'node:child_process'

interface Ended {
  readonly stdout: string
  readonly stderr: string
}

interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Milliseconds after which it is ended. */
  readonly timeout?: number
}

/** Runs a command to its end, and gives what it printed. Rejects with that if it fails. */
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
 * What npm and vitest tell their children is not for a user's command in a folder of its own. It prints without
 * colours, which a CI's environment would bring into what tests read.
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
