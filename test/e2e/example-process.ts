import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { startProcess, stopProcess } from '../engines/processes.js'

export interface ExampleProcess {
  /** Its output so far. */
  readonly printed: string
  /** Its errors so far, except the log lines of refused requests. */
  complaints(): string
  /** Presses Ctrl+C, and resolves with the exit code. */
  interrupt(): Promise<number | null>
  stop(): Promise<void>
}

function collect(stream: Readable): { text: string } {
  const collected = { text: '' }
  stream.setEncoding('utf8').on('data', (part: string) => {
    collected.text += part
  })
  return collected
}

async function until(
  ready: RegExp,
  child: ChildProcess,
  stdout: Readable,
  printed: { text: string },
): Promise<void> {
  const ended = once(child, 'close').then(() => false)
  while (!ready.test(printed.text)) {
    const isRunning = await Promise.race([once(stdout, 'data').then(() => true), ended])
    if (!isRunning) throw new Error('the example ended before it was ready (is dist built?)')
  }
}

/** Starts a command, and waits for the output that shows that it is ready. */
export async function startUntil(
  ready: RegExp,
  command: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'cwd' | 'env'>,
): Promise<ExampleProcess> {
  const child = startProcess(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr] = [child.stdout as Readable, child.stderr as Readable]
  const [printed, complained] = [collect(stdout), collect(stderr)]
  try {
    await until(ready, child, stdout, printed)
  } catch (cause) {
    await stopProcess(child)
    throw new Error(`${String(cause)}\n${complained.text}`, { cause })
  }
  return {
    get printed() {
      return printed.text
    },
    complaints: () => complained.text.replace(/^cacao-session refused .*\n/gm, ''),
    async interrupt(): Promise<number | null> {
      const exited = once(child, 'exit')
      child.kill('SIGINT')
      await exited
      await stopProcess(child)
      return child.exitCode
    },
    stop: () => stopProcess(child),
  }
}

/** Starts a script of the examples on a free port, and waits for the output that shows that it is ready. */
export function startExample(
  script: string,
  ready: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<ExampleProcess> {
  const path = fileURLToPath(new URL(`../../examples/${script}`, import.meta.url))
  return startUntil(ready, process.execPath, [path], { env: { ...process.env, PORT: '0', ...env } })
}
