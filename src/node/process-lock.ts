import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { link, lstat, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { SessionError } from '../base/errors.js'
import { undefinedIfMissing } from './own-file.js'

const DEFAULT_TIMEOUT_MS = 10_000
// A waiting process tries the lock again after a random pause: up to this long after the first attempt, up to twice as long after the
// second, and so on. If many processes tried more often, they would slow down the holder that they wait for.
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 60
// After this time, by the clock of the file system, a file of another machine's process counts as abandoned. A process needs far less
// time, including the time that it waits for the lock.
const ABANDONED_AFTER_MS = 30_000
const CREATE_OWN = { flag: 'wx', mode: 0o600 }
// The content of a lock that was not yet on the disk when the power failed. A process that dies leaves no such file.
const TORN = /^\0*$/

/** A lock that this process holds. */
export interface HeldLock {
  /** A path for a temporary file of the holder. If the holder dies, the next process removes this file. */
  readonly draft: string
  /** Rejects with `ERR_STORE_UNAVAILABLE` if another machine broke the lock, because it was held for too long. */
  check(): Promise<void>
}

/**
 * Runs the work while this process holds the lock, a file at `path`. Breaks the lock of a process that died. Rejects with
 * `ERR_STORE_UNAVAILABLE` if it does not get the lock within `timeoutMs` milliseconds, and with the system's error if the folder can't
 * be written.
 */
export async function withLock<T>(
  path: string,
  work: (lock: HeldLock) => Promise<T>,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<T> {
  const token = processToken()
  await acquire(path, token, timeoutMs)
  const isHeld = async (): Promise<boolean> => (await holderOf(path)) === token
  const check = async (): Promise<void> => {
    if (!(await isHeld()))
      throw unavailable(path, 'was broken, because this process held it for too long: try again')
  }
  try {
    return await work({ draft: ownPath(path, token), check })
  } finally {
    if (await isHeld()) await unlink(path)
  }
}

/** Removes the files of processes that died while they waited for the lock or held it. */
export async function removeFilesOfDeadProcesses(path: string): Promise<void> {
  await removeAbandoned(ownPath(path, ''), Date.now())
}

// The lock is created as a hard link to a file that already contains the holder's token. Therefore, whenever a process dies, there is
// either no lock, or a lock that names its holder.
async function acquire(path: string, token: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  const own = ownPath(path, token)
  try {
    // On a full disk, this creates an empty file and then rejects.
    await writeFile(own, token, CREATE_OWN)
    for (let attempts = 1; !(await tryLink(own, path)); attempts++) {
      const holder = await holderOf(path)
      // A network file system may have created the link although its answer was lost.
      if (holder === token) return
      if (holder !== undefined && (isToken(holder) || TORN.test(holder)))
        await breakIfAbandoned(path, holder, token, deadline)
      if (performance.now() > deadline)
        throw unavailable(
          path,
          'is still held by another process: try again, or delete the lock if no process uses the file',
        )
      await pause(Math.random() * Math.min(attempts * FIRST_PAUSE_MS, LONGEST_PAUSE_MS))
    }
  } finally {
    await rm(own, { force: true })
  }
}

/**
 * Removes the lock if its holder is dead. Only one process may do this at a time. Otherwise, after this process has read the lock, a
 * second process could remove it and a third process could create a new lock, which this process would then remove.
 *
 * A process therefore first creates a `.break.` file, unless there is already one, and continues when its file is the only one. Of two
 * processes, at least the later one sees both files. If several files were created at the same time, the process whose file comes first
 * in alphabetical order waits until the others have removed theirs. A file of a process that died is removed by other processes. That
 * is safe, because no other process ever uses its name.
 */
async function breakIfAbandoned(
  path: string,
  holder: string,
  token: string,
  deadline: number,
): Promise<void> {
  const prefix = `${path}.break.`
  const own = prefix + token
  const now = (await writtenAt(ownPath(path, token))) ?? 0
  if (!(await isAbandoned(path, holder, now))) return
  if ((await removeAbandoned(prefix, now)).length > 0) return
  try {
    await writeFile(own, '', CREATE_OWN)
    for (;;) {
      const others = (await removeAbandoned(prefix, now)).filter((other) => other !== own)
      if (others.length === 0) break
      if (others.some((other) => other < own) || performance.now() > deadline) return
      await pause(Math.random() * FIRST_PAUSE_MS)
    }
    if ((await holderOf(path)) !== holder) return
    await rm(path, { force: true })
    await removeAbandoned(ownPath(path, ''), now)
  } finally {
    await rm(own, { force: true })
  }
}

function ownPath(path: string, token: string): string {
  return `${path}.of.${token}`
}

async function tryLink(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Returns the token in the lock; `undefined` if there is no lock. */
async function holderOf(path: string): Promise<string | undefined> {
  return undefinedIfMissing(readFile(path, 'utf8'))
}

function unavailable(path: string, reason: string): SessionError {
  return new SessionError('ERR_STORE_UNAVAILABLE', `the lock ${path} ${reason}`)
}

/** Whether the process of the token, which wrote the file, is dead. `now` is the file system's current time. */
async function isAbandoned(path: string, token: string, now: number): Promise<boolean> {
  const state = processOf(token)
  if (state !== 'unknown') return state === 'gone'
  return now - ((await writtenAt(path)) ?? now) > ABANDONED_AFTER_MS
}

/**
 * Removes the files of dead processes whose paths consist of `prefix` and a token, and returns the paths of the other files. Each token
 * is used once, so this never removes a file of a running process, however late the removal happens.
 */
async function removeAbandoned(prefix: string, now: number): Promise<string[]> {
  const names = await readdir(dirname(prefix))
  const tokens = names
    .filter((name) => name.startsWith(basename(prefix)))
    .map((name) => name.slice(basename(prefix).length))
  const remaining: string[] = []
  for (const token of tokens.filter(isToken)) {
    if (await isAbandoned(prefix + token, token, now)) await rm(prefix + token, { force: true })
    else remaining.push(prefix + token)
  }
  return remaining
}

/** Returns when the file was last written, in milliseconds since 1970 by the file system's clock; `undefined` if it is missing. */
async function writtenAt(path: string): Promise<number | undefined> {
  return undefinedIfMissing(lstat(path).then(({ mtimeMs }) => mtimeMs))
}

// <machine>-<process id>-<start time>-<random>. The start time is empty if it is unknown.
const TOKEN = /^([0-9a-f]{16})-(\d{1,10})-(\d*)-[0-9a-f]{16}$/

/** Returns a unique token. Other processes can tell from it whether this process is still running. */
export function processToken(): string {
  return `${machine()}-${process.pid}-${processStat(process.pid)?.start ?? ''}-${randomBytes(8).toString('hex')}`
}

function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** Whether the process of the token is running; `unknown` if it runs on another machine, or the text is not a token. */
export function processOf(token: string): 'running' | 'gone' | 'unknown' {
  const [, where, id, start] = TOKEN.exec(token) ?? []
  if (where === undefined || where !== machine()) return 'unknown'
  const pid = Number(id)
  if (!isProcess(pid)) return 'gone'
  const now = processStat(pid)
  // A new process may have the same id by now. A zombie has ended, although its parent has not noticed yet.
  return now && start !== '' && (now.start !== start || 'ZX'.includes(now.state)) ? 'gone' : 'running'
}

let machineId: string | undefined

/** Identifies the machine, its last boot and the container. All processes with the same value share one space of process ids. */
function machine(): string {
  machineId ??= findMachine()
  return machineId
}

function findMachine(): string {
  const boot = orUndefined(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  const processNamespace = orUndefined(() => readlinkSync('/proc/self/ns/pid'))
  const text = `${hostname()}\n${boot}\n${processNamespace}`
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

function isProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // A process of another user can't be signalled (EPERM), but it exists.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

// On Linux only (proc(5)). The second field is a name in parentheses, which may contain any character. The first field after it is the
// state, and the 20th is the start time.
function processStat(pid: number): { state: string; start: string } | undefined {
  const text = orUndefined(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, start] = [fields?.[0], fields?.[19]]
  return state && start ? { state, start } : undefined
}

function orUndefined(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
