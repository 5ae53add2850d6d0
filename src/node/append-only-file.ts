import { closeSync, constants, fdatasync, fstat, open, read, write } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { assertOwnFile, assertOwnFolder, NO_LINK, refusingLinks, syncFolder } from './own-file.js'

// File descriptors instead of `FileHandle`s, because Node closes those with a warning when they are garbage-collected.
const openFile = promisify(open)
const statFile = promisify(fstat)
const readFile = promisify(read)
const writeFile = promisify(write)
const syncFile = promisify(fdatasync)

interface Opened {
  readonly fd: number
  readonly ino: number
  readonly dev: number
}

/**
 * A file to which one or several processes on one machine append. If it is absent, it is created once, with mode 0600. After
 * that, all methods reject if it was removed or replaced. Rejects with `ERR_STORE_UNAVAILABLE` if other users can write to the
 * file or its folder, or if the file is a symbolic link.
 */
export class AppendOnlyFile {
  readonly #path: string
  #opening: Promise<Opened> | undefined

  constructor(path: string) {
    this.#path = resolve(path)
  }

  /** The current size in bytes. */
  async size(): Promise<number> {
    const { ino, dev } = await this.#opened()
    const now = await lstat(this.#path)
    // No other file can get its inode number while it is open.
    if (now.ino !== ino || now.dev !== dev) throw new Error('it was replaced by another file')
    assertOwnFile(this.#path, now)
    return now.size
  }

  /** The bytes from one position up to another, or fewer at the end of the file. */
  async read(from: number, to: number): Promise<Uint8Array> {
    const { fd } = await this.#opened()
    const { buffer, bytesRead } = await readFile(fd, new Uint8Array(to - from), 0, to - from, from)
    return buffer.subarray(0, bytesRead)
  }

  /** Appends bytes in one write. They are on the disk when this resolves. */
  async append(bytes: Uint8Array): Promise<void> {
    const { fd } = await this.#opened()
    const { bytesWritten } = await writeFile(fd, bytes)
    if (bytesWritten !== bytes.length) throw new Error('the disk is full')
    await syncFile(fd)
    // Rejects if the file was replaced, because then other processes read another file.
    await this.size()
  }

  #opened(): Promise<Opened> {
    this.#opening ??= openAt(this.#path).catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }
}

async function openAt(path: string): Promise<Opened> {
  await assertOwnFolder(await realpath(dirname(path)))
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | NO_LINK
  const fd = await refusingLinks(path, () => openFile(path, flags, 0o600))
  try {
    const stats = await statFile(fd)
    assertOwnFile(path, stats)
    await syncFolder(dirname(path))
    return { fd, ino: stats.ino, dev: stats.dev }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}
