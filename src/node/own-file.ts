import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SessionError } from '../base/errors.js'

// Files that only this process's user can write, so that their content comes from this user. Windows has no such modes and owners, so
// nothing is checked there.

const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000
const ROOT = 0

/** Flags for `open`: opening a symbolic link fails, and opening a pipe doesn't wait. */
export const NO_LINK: number = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/**
 * Creates a folder with mode 0700, and missing folders above it. Returns the first one that it created; `undefined` if there were all of
 * them. Node's own option `recursive` never ends in /proc, where a folder exists but none can be created in it (ENOENT).
 */
export async function createFolder(path: string): Promise<string | undefined> {
  const create = (): Promise<boolean> =>
    mkdir(path, { mode: 0o700 }).then(
      () => true,
      async (error: NodeJS.ErrnoException) => {
        // Systems have different errors for a folder that exists, such as EEXIST, EPERM (a drive of Windows) and EISDIR.
        if (error.code !== 'ENOENT' && (await isFolder(path))) return false
        throw error
      },
    )
  try {
    return (await create()) ? path : undefined
  } catch (error) {
    const isRoot = dirname(path) === path
    if (isRoot || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    const first = await createFolder(dirname(path))
    return (await create()) ? (first ?? path) : first
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
}

/** Flushes a folder to the disk, so that new file names in it survive a power failure. Windows does this itself. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}

/**
 * Replaces the file by a new one with the given content and mode 0600. Readers get either the whole old content or the whole new
 * content, even after a crash. The file is on the disk when this resolves. `draft` is the path of a temporary file in the same folder.
 * If `beforeRename` rejects, the file is not replaced.
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
      // Without this, the file could be empty after a power failure.
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

/**
 * Returns the text of a file that only this process's user can write. Rejects with `ERR_STORE_UNAVAILABLE` if other users can write
 * to it, or if it is a symbolic link; and with ENOENT if it is missing.
 */
export async function readOwnFile(path: string): Promise<string> {
  const file = await refusingLinks(path, () => open(path, constants.O_RDONLY | NO_LINK))
  return readAll(path, file).finally(() => file.close())
}

async function readAll(path: string, file: FileHandle): Promise<string> {
  // Checks the opened file, because a different file may have its name by now.
  assertOwnFile(path, await file.stat())
  return file.readFile('utf8')
}

/** Settles as the promise does, but resolves with `undefined` if the promise rejects with ENOENT. */
export async function undefinedIfMissing<T>(reading: Promise<T>): Promise<T | undefined> {
  return reading.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Calls `open`, which must open the path with `NO_LINK`. Rejects with `ERR_STORE_UNAVAILABLE` if it is a symbolic link. */
export async function refusingLinks<T>(path: string, open: () => Promise<T>): Promise<T> {
  const isLink = async (): Promise<boolean> =>
    lstat(path).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    )
  // Checked first, because not all systems have O_NOFOLLOW. With O_NOFOLLOW, a link that is created after this check is refused too.
  if (await isLink()) throw linked(path)
  return open().catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' || error.code === 'EMLINK' ? linked(path, error) : error
  })
}

function linked(path: string, cause?: unknown): SessionError {
  return unsafe(`${path} is a symbolic link, whose target can be changed: use the path of its target`, cause)
}

/** Throws `ERR_STORE_UNAVAILABLE` if another user can write to the file or owns it, and an `Error` if it is not a regular file. */
export function assertOwnFile(path: string, stats: Stats): void {
  if (!stats.isFile()) throw new Error(`${path} is not a regular file`)
  assertOwner(path, stats)
  if (hasModes() && stats.mode & WRITABLE_BY_OTHERS)
    throw unsafe(`other users can write to ${path}: run chmod go-w ${quoted(path)}`)
}

/**
 * Rejects with `ERR_STORE_UNAVAILABLE` if another user can replace a file in this folder: if another user owns it, or can write to it
 * and it has no sticky bit (which /tmp has).
 */
export async function assertOwnFolder(path: string): Promise<void> {
  const stats = await stat(path)
  assertOwner(path, stats)
  if (hasModes() && stats.mode & WRITABLE_BY_OTHERS && !(stats.mode & STICKY))
    throw unsafe(`other users can replace files in the folder ${path}: run chmod go-w ${quoted(path)}`)
}

function assertOwner(path: string, { uid }: Stats): void {
  const own = ownUser()
  if (own === undefined || uid === own || uid === ROOT) return
  throw unsafe(
    `${path} belongs to another user (${uid}): run chown ${own} ${quoted(path)}, or use a different path`,
  )
}

function hasModes(): boolean {
  return process.platform !== 'win32'
}

// `undefined` on Windows, and in Deno without the permission --allow-sys=uid.
function ownUser(): number | undefined {
  try {
    return process.geteuid?.()
  } catch {
    return undefined
  }
}

/**
 * The `ERR_STORE_UNAVAILABLE` for a file that can't be read or written, with the system's reason, such as a full disk. `what` names
 * its content and its path.
 */
export function fileError(what: string, cause: unknown): SessionError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return unsafe(`${what} can't be read or written: ${reason}`, cause)
}

function unsafe(message: string, cause?: unknown): SessionError {
  return new SessionError('ERR_STORE_UNAVAILABLE', message, cause === undefined ? undefined : { cause })
}

/** Quotes the path as one word of a shell command. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`
}
