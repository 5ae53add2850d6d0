import { closeSync, constants, fdatasync, fstat, open, read, write } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { assertOwnFile, assertOwnFolder, NO_LINK, refusingLinks, syncFolder } from './own-file.js'

// Descriptors rather than `FileHandle`s, because those close themselves, and complain, once nobody holds them.
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
 * A file that is only ever appended to, by one or several processes on one machine. It is made with mode 0600 if it is
 * absent, once: afterwards everything rejects if it was removed, or another one put in its place. It must be a file of our own, in
 * a folder of our own, that others can't write to.
 */
export class AppendOnlyFile {
  readonly #path: string
  #opening: Promise<Opened> | undefined

  constructor(path: string) {
    this.#path = resolve(path)
  }

  /** How many bytes it has now. */
  async size(): Promise<number> {
    const { ino, dev } = await this.#opened()
    const now = await lstat(this.#path)
    // While it is held open no other file can have its number.
    if (now.ino !== ino || now.dev !== dev) throw new Error('it was replaced by another file')
    assertOwnFile(this.#path, now)
    return now.size
  }

  /** Its bytes from one position to another, or as many as there are. */
  async read(from: number, to: number): Promise<Uint8Array> {
    const { fd } = await this.#opened()
    const { buffer, bytesRead } = await readFile(fd, new Uint8Array(to - from), 0, to - from, from)
    return buffer.subarray(0, bytesRead)
  }

  /** Adds bytes at its end in one piece; they are on the disk when this resolves. */
  async append(bytes: Uint8Array): Promise<void> {
    const { fd } = await this.#opened()
    const { bytesWritten } = await writeFile(fd, bytes)
    if (bytesWritten !== bytes.length) throw new Error('the disk is full')
    await syncFile(fd)
    // Whether it is still the file that others read.
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
