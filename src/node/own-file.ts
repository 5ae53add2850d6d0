import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SessionError } from '../base/errors.js'
/** So that a name made in the folder outlives a power failure too. Windows sees to that by itself, and opens no folders. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}

/**
 * Puts a new content in the file's place, of mode 0600: readers and crashes see the old one or the new one, whole. It is
 * on the disk when this resolves. `draft`, a path in the same folder that nobody else uses, holds it meanwhile;
 * `beforeRename` may still reject.
 */
export async function replaceFile(
  path: string,
  draft: string,
  content: string,
  beforeRename: () => Promise<void>,
): Promise<void> {
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(content)
      // Without this a power failure could leave the new name with nothing in it.
      await file.sync()
    } finally {
      await file.close()
    }
    await beforeRename()
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

// Whether a file says what this process has written: nobody else may write to it, or put another one in its place. Windows has
// no such modes, and no such owners.

const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000
const ROOT = 0

/** Flags for opening a file that is itself there, no link to it; a pipe isn't waited for. */
export const NO_LINK: number = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** The text of a file that is ours alone to write. Rejects with `ERR_STORE_UNAVAILABLE` if it isn't, with ENOENT if it is absent. */
export async function readOwnFile(path: string): Promise<string> {
  const file = await refusingLinks(path, () => open(path, constants.O_RDONLY | NO_LINK))
  return readAll(path, file).finally(() => file.close())
}

async function readAll(path: string, file: FileHandle): Promise<string> {
  // Of what was opened: the name may be another file's by now.
  assertOwnFile(path, await file.stat())
  return file.readFile('utf8')
}

/** What opening the file with `NO_LINK` gives; rejects with `ERR_STORE_UNAVAILABLE` if it is a symbolic link. */
export async function refusingLinks<T>(path: string, open: () => Promise<T>): Promise<T> {
  const isLink = async (): Promise<boolean> =>
    lstat(path).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    )
  // Not all systems know the flag; where they do, nobody can put a link there in between.
  if (await isLink()) throw linked(path)
  return open().catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' || error.code === 'EMLINK' ? linked(path, error) : error
  })
}

function linked(path: string, cause?: unknown): SessionError {
  return unsafe(`${path} is a symbolic link, which may lead elsewhere tomorrow: name the file itself`, cause)
}

/** Throws `ERR_STORE_UNAVAILABLE` if others may write to the file, or own it. */
export function assertOwnFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw new Error('it is no regular file')
  assertOwner(path, stats)
  if (hasModes() && stats.mode & WRITABLE_BY_OTHERS)
    throw unsafe(`others may write to ${path}: chmod go-w ${quoted(path)}`)
}

/**
 * Rejects with `ERR_STORE_UNAVAILABLE` if others may put another file in the place of one in this folder: they own it, or may
 * write to it and it has no sticky bit, as /tmp has.
 */
export async function assertOwnFolder(path: string): Promise<void> {
  const stats = await stat(path)
  assertOwner(path, stats)
  if (hasModes() && stats.mode & WRITABLE_BY_OTHERS && !(stats.mode & STICKY))
    throw unsafe(`others may replace what is in the folder ${path}: chmod go-w ${quoted(path)}`)
}

function assertOwner(path: string, { uid }: Stats): void {
  const own = ownUser()
  if (own === undefined || uid === own || uid === ROOT) return
  throw unsafe(`${path} is another user's (${uid}): chown ${own} ${quoted(path)}, or choose another path`)
}

function hasModes(): boolean {
  return process.platform !== 'win32'
}

// `undefined` on Windows, and in Deno where that isn't allowed to tell (--allow-sys=uid).
function ownUser(): number | undefined {
  try {
    return process.geteuid?.()
  } catch {
    return undefined
  }
}

function unsafe(what: string, cause?: unknown): SessionError {
  return new SessionError('ERR_STORE_UNAVAILABLE', what, cause === undefined ? undefined : { cause })
}

/** As one word of a shell. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`
}
