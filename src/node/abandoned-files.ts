import { lstat, readdir, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { isToken, processOf } from './process-token.js'

// How long a file of another machine's process may lie before that counts as dead, by the file system's clock. Nobody
// takes nearly as long, waiting for the lock included.
const PATIENCE_MS = 30_000

/** Whether the process is dead that made the token, and left the file; `now` is when a file was written just now. */
export async function isAbandoned(path: string, token: string, now: number): Promise<boolean> {
  const state = processOf(token)
  return state === 'gone' || (state === 'unknown' && now - ((await writtenAt(path)) ?? now) > PATIENCE_MS)
}

/**
 * Removes what dead processes left, of the files whose paths are `start` and a token. A token is never used twice, so
 * nobody else's file can be meant, however late it goes. Gives the paths of those that remain.
 */
export async function removeAbandoned(start: string, now: number): Promise<string[]> {
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
export async function writtenAt(path: string): Promise<number | undefined> {
  try {
    return (await lstat(path)).mtimeMs
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
