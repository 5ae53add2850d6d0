import { link, readFile, rm, unlink, writeFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { SessionError } from '../base/errors.js'
import { isAbandoned, removeAbandoned, writtenAt } from './abandoned-files.js'
import { isToken, processToken } from './process-token.js'

const PATIENCE_MS = 10_000
// Waiting processes look again after a random time up to this.
const LONGEST_PAUSE_MS = 10
// As long as it gets for those of many who get into each other's way.
const LONGEST_RETREAT_MS = 1000
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
  let longest = LONGEST_PAUSE_MS
  await writeFile(own, token, ONLY_MINE)
  try {
    while (!(await isLinked(own, path))) {
      const holder = await holderOf(path)
      // The answer to a link may be lost on its way from a file server.
      if (holder === token) return
      const mayBeDead = holder !== undefined && (isToken(holder) || TORN.test(holder))
      const isInTheWay = mayBeDead && (await breakIfAbandoned(path, holder, token))
      longest = isInTheWay ? Math.min(2 * longest, LONGEST_RETREAT_MS) : LONGEST_PAUSE_MS
      if (performance.now() > deadline)
        throw unavailable(path, 'is held for too long: if no process uses the file, remove it')
      await pause(Math.random() * longest)
    }
  } finally {
    await rm(own, { force: true })
  }
}

/**
 * Removes the lock if its holder is dead. Between looking at the lock and removing it nobody else may do the same, or
 * somebody's new lock could be removed in the dead one's place. So each who wants to raises a flag first, and goes on only
 * if there is no other: of two, the later one at least sees the earlier. One who dies leaves a flag that others take down,
 * as no living process ever has one of that name. One who hesitates keeps the rest waiting. Says whether there was another
 * flag: then all had better retreat, each for a time of its own.
 */
async function breakIfAbandoned(path: string, holder: string, token: string): Promise<boolean> {
  const start = `${path}.break.`
  const own = start + token
  const isDead = async (): Promise<boolean> =>
    isAbandoned(path, holder, (await writtenAt(ownPath(path, token))) ?? 0)
  if (!(await isDead())) return false
  await writeFile(own, '', ONLY_MINE)
  try {
    const now = (await writtenAt(own)) ?? 0
    const flags = await removeAbandoned(start, now)
    if (flags.some((flag) => flag !== own)) return true
    if ((await holderOf(path)) !== holder) return false
    await rm(path, { force: true })
    await removeAbandoned(ownPath(path, ''), now)
    return false
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
