import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { link, lstat, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { SessionError } from '../base/errors.js'

// <where>-<pid>-<start>-<random>; the start is empty where it can't be known.
const TOKEN = /^([0-9a-f]{16})-(\d{1,10})-(\d*)-[0-9a-f]{16}$/

/** A name that nobody else ever takes, from which others can tell whether this process still runs. */
export function processToken(): string {
  return `${here()}-${process.pid}-${stat(process.pid)?.start ?? ''}-${randomBytes(8).toString('hex')}`
}

function isToken(text: string): boolean {
  return TOKEN.test(text)
}

/** Whether the process runs that made the token; `unknown` if that was on another machine, or it is no token. */
export function processOf(token: string): 'running' | 'gone' | 'unknown' {
  const [, where, id, start] = TOKEN.exec(token) ?? []
  if (where === undefined || where !== here()) return 'unknown'
  const pid = Number(id)
  if (!exists(pid)) return 'gone'
  const now = stat(pid)
  // Its number may be another one's by now. A zombie has ended, though nobody has taken note of that.
  return now && start !== '' && (now.start !== start || 'ZX'.includes(now.state)) ? 'gone' : 'running'
}

let place: string | undefined

/** This machine since it started, and the container: within it, process numbers mean the same to all. */
function here(): string {
  place ??= findPlace()
  return place
}

function findPlace(): string {
  const boot = orNothing(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  const numbers = orNothing(() => readlinkSync('/proc/self/ns/pid'))
  return createHash('sha256').update(`${hostname()}\n${boot}\n${numbers}`).digest('hex').slice(0, 16)
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // Another person's may not be sent signals, but is there.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

// Linux only. The name, in parentheses, may hold anything; behind it come the state and, 19 further on, the start.
function stat(pid: number): { state: string; start: string } | undefined {
  const text = orNothing(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, start] = [fields?.[0], fields?.[19]]
  return state && start ? { state, start } : undefined
}

function orNothing(read: () => string): string | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

// How long a file of another machine's process may lie before that counts as dead, by the file system's clock. Nobody
// takes nearly as long, waiting for the lock included.
const ABANDONED_AFTER_MS = 30_000

/** Whether the process is dead that made the token, and left the file; `now` is when a file was written just now. */
async function isAbandoned(path: string, token: string, now: number): Promise<boolean> {
  const state = processOf(token)
  return (
    state === 'gone' || (state === 'unknown' && now - ((await writtenAt(path)) ?? now) > ABANDONED_AFTER_MS)
  )
}

/**
 * Removes what dead processes left, of the files whose paths are `start` and a token. A token is never used twice, so
 * nobody else's file can be meant, however late it goes. Gives the paths of those that remain.
 */
async function removeAbandoned(start: string, now: number): Promise<string[]> {
  const names = await readdir(dirname(start))
  const tokens = names
    .filter((name) => name.startsWith(basename(start)))
    .map((name) => name.slice(basename(start).length))
  const remaining: string[] = []
  for (const token of tokens.filter(isToken)) {
    if (await isAbandoned(start + token, token, now)) await rm(start + token, { force: true })
    else remaining.push(start + token)
  }
  return remaining
}

/** When the file was last written, in milliseconds since 1970 by the file system's clock; `undefined` if it is gone. */
async function writtenAt(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).mtimeMs
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const PATIENCE_MS = 10_000
// Waiting processes look again after a random time: up to this after the first look, twice that after the second, and
// so on: many that look often would leave the one that they wait for no time.
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 60
const ONLY_MINE = { flag: 'wx', mode: 0o600 }
// What a power failure makes of a file that was never brought to the disk. Processes that die leave none like it.
const TORN = /^\0*$/

/** A lock that is held. */
export interface HeldLock {
  /** A path for a file of the holder's own, which is cleared away should the holder die. */
  readonly draft: string
  /** Rejects if the lock was taken away, as happens to one that another machine has seen held for far too long. */
  check(): Promise<void>
}

/** Clears away what processes left that died waiting for the lock or holding it. */
export async function clearAfterDead(path: string): Promise<void> {
  await removeAbandoned(ownPath(path, ''), Date.now())
}

/**
 * Does the work while no other process holds the lock, a file of that path. The lock of a process that died is broken.
 * Rejects with `ERR_STORE_UNAVAILABLE` if the lock was not to be had within `patienceMs`, or the folder can't be written.
 */
export async function underLock<T>(
  path: string,
  work: (lock: HeldLock) => Promise<T>,
  patienceMs: number = PATIENCE_MS,
): Promise<T> {
  const token = processToken()
  await acquire(path, token, patienceMs)
  const isHeld = async (): Promise<boolean> => (await holderOf(path)) === token
  const check = async (): Promise<void> => {
    if (!(await isHeld())) throw unavailable(path, 'was taken away')
  }
  try {
    return await work({ draft: ownPath(path, token), check })
  } finally {
    if (await isHeld()) await unlink(path)
  }
}

// The lock comes into being with the name of its holder in it, by a hard link to a file that has it: whatever moment a
// process dies in, there is a lock that says whose it was, or none.
async function acquire(path: string, token: string, patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs
  const own = ownPath(path, token)
  await writeFile(own, token, ONLY_MINE)
  try {
    for (let looks = 1; !(await isLinked(own, path)); looks++) {
      const holder = await holderOf(path)
      // The answer to a link may be lost on its way from a file server.
      if (holder === token) return
      if (holder !== undefined && (isToken(holder) || TORN.test(holder)))
        await breakIfAbandoned(path, holder, token, deadline)
      if (performance.now() > deadline)
        throw unavailable(path, 'is held for too long: if no process uses the file, remove it')
      await pause(Math.random() * Math.min(looks * FIRST_PAUSE_MS, LONGEST_PAUSE_MS))
    }
  } finally {
    await rm(own, { force: true })
  }
}

/**
 * Removes the lock if its holder is dead. Between looking at the lock and removing it nobody else may do the same, or
 * somebody's new lock could be removed in the dead one's place. So each who wants to raises a flag first, if none is up,
 * and goes on once it is the only one: of two, the later one at least sees the earlier. Where several went up together,
 * that with the least name stays, and the others come down. One who dies leaves a flag that others take down, as no living
 * process ever has one of that name. One who hesitates keeps the rest waiting.
 */
async function breakIfAbandoned(
  path: string,
  holder: string,
  token: string,
  deadline: number,
): Promise<void> {
  const start = `${path}.break.`
  const own = start + token
  const now = (await writtenAt(ownPath(path, token))) ?? 0
  if (!(await isAbandoned(path, holder, now))) return
  if ((await removeAbandoned(start, now)).length > 0) return
  await writeFile(own, '', ONLY_MINE)
  try {
    for (;;) {
      const others = (await removeAbandoned(start, now)).filter((flag) => flag !== own)
      if (others.length === 0) break
      if (others.some((flag) => flag < own) || performance.now() > deadline) return
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

async function isLinked(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function holderOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function unavailable(path: string, what: string): SessionError {
  return new SessionError('ERR_STORE_UNAVAILABLE', `the lock ${path} ${what}`)
}
