import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'

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
