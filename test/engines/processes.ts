import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'

const running = new Set<ChildProcess>()
let guarded = false

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    // The negative id means the whole group, because browsers start helper processes that outlive them.
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // The group has already ended.
  }
}

/** However this process ends, no browser may keep running. */
function guard(): void {
  if (guarded) return
  guarded = true
  const killAll = (): void => {
    for (const child of running) signalGroup(child, 'SIGKILL')
  }
  process.on('exit', killAll)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killAll()
      process.kill(process.pid, signal)
    })
  }
}

/** Starts a command in a process group of its own. */
export function startProcess(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  guard()
  const child = spawn(command, args, { ...options, detached: true })
  running.add(child)
  child.once('error', () => running.delete(child))
  return child
}

/** Waits until the process has printed the words to `output`, which is its stdout or stderr. Rejects if it ends before. */
export async function untilPrinted(
  child: ChildProcess,
  output: Readable | null,
  words: RegExp,
): Promise<void> {
  if (!output) throw new TypeError('the output of the process must be a pipe')
  output.setEncoding('utf8')
  let printed = ''
  output.on('data', (part: string) => {
    printed += part
  })
  const ended = once(child, 'exit').then(() => false)
  while (!words.test(printed)) {
    const isRunning = await Promise.race([once(output, 'data').then(() => true), ended])
    if (!isRunning) throw new Error(`${child.spawnfile} ended before it was ready:\n${printed}`)
  }
}

/** Asks a process to end, waits for it, and kills what is left of its group. */
export async function stopProcess(child: ChildProcess, patienceMs = 30_000): Promise<void> {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    const impatience = setTimeout(() => signalGroup(child, 'SIGKILL'), patienceMs)
    await exited
    clearTimeout(impatience)
  }
  signalGroup(child, 'SIGKILL')
  running.delete(child)
}
