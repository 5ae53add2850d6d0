import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A module that runs in its own process, where the package can be imported by its name, and built files by `dist/…`. */
export interface NodeProcess {
  /** Resolves with its next output. */
  next(): Promise<string>
  /** Ends its input, for which the module waits. */
  endInput(): void
  /** Resolves with its output once it has ended by itself. */
  end(): Promise<string>
  kill(): Promise<void>
}

/** Starts it; it is ended with the test at the latest. */
export function startModule(script: string, ...args: string[]): NodeProcess {
  const built = script.replaceAll("'dist/", `'file://${root}dist/`)
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', built, ...args], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [stdin, stdout] = [child.stdin, child.stdout as Readable]
  stdout.setEncoding('utf8')
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }
  onTestFinished(kill)
  return {
    next: async () => String(await once(stdout, 'data')).trim(),
    endInput: () => void stdin?.end(),
    async end() {
      let printed = ''
      for await (const part of stdout) printed += part
      return printed.trim()
    },
    kill,
  }
}
