import { closeSync, constants, fdatasync, fstat, open, read, write } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { SerialQueue } from '../base/concurrency.js'
import { type Clock, clockOption, systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { type ReadersOf, readOptions, setting } from '../base/options.js'
import {
  type RevocationKeys,
  type RevocationStore,
  revocationKeys,
  revokedAccount,
  revokedCapability,
} from '../http/revocation.js'
import { assertOwnFile, assertOwnFolder, fileError, NO_LINK, refusingLinks, syncFolder } from './own-file.js'

// The number of bytes that are read at a time, far more than the longest record has.
const CHUNK = 1 << 20

/** Options of `fileRevocation`. */
export interface FileRevocationOptions {
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

const OPTIONS: ReadersOf<FileRevocationOptions> = { now: setting(clockOption) }

/**
 * Keeps revocations in a file, for one or several processes on one machine. Each revocation is a line of JSON, which is on the disk
 * before `revoke` resolves. If the file is missing, it is created with mode 0600. It only grows, by about 100 bytes for each revocation.
 * A process that only calls `isRevoked` need not be allowed to write the file.
 *
 * The methods reject with `ERR_STORE_UNAVAILABLE` if the file can't be read or written, was removed or replaced after it was
 * opened, or is a symbolic link, and if other users can write to it or replace it (the message says which command to run); and
 * with `ERR_STORE_CORRUPT` if it contains anything but revocations, or became shorter. Throws a `TypeError` for an empty path or a
 * wrong option.
 *
 * @example
 * const revocation = fileRevocation('/var/lib/notes/revoked.jsonl')
 */
export function fileRevocation(path: string, options: FileRevocationOptions = {}): RevocationStore {
  const { now = systemClock } = readOptions<FileRevocationOptions>(options, OPTIONS)
  if (typeof path !== 'string' || path === '') throw new TypeError('path must be the path of a file')
  const file = new AppendOnlyFile(path)
  const queue = new SerialQueue()
  const known = new Revocations()
  let position = 0

  /** Runs the work after all earlier work with the file has ended. */
  const serially = async (work: () => Promise<void>): Promise<void> =>
    queue.run(work).catch((cause: unknown) => {
      if (cause instanceof SessionError) throw cause
      throw fileError(`the revocations in ${path}`, cause)
    })
  const append = (record: object): Promise<void> =>
    // The first line break ends a line that a process may have left unfinished when it died.
    serially(() => file.append(Buffer.from(`\n${JSON.stringify(record)}\n`)))
  /** Reads the records that any process has appended since the last time. */
  const readNew = (): Promise<void> =>
    serially(async () => {
      const size = await file.size()
      if (size < position) {
        throw new SessionError(
          'ERR_STORE_CORRUPT',
          `revocations were removed from ${path}, which became shorter: restore it from a backup`,
        )
      }
      if (size === position) return
      known.removeExpired(now())
      while (position < size) {
        const chunk = Buffer.from(await file.read(position, Math.min(size, position + CHUNK)))
        const end = chunk.lastIndexOf('\n') + 1
        for (const line of chunk.toString('utf8', 0, end).split('\n')) known.read(line, path, now())
        if (end === 0 && chunk.length === CHUNK) throw corrupt(path)
        // The last line has no end yet: another process may still be writing it.
        if (end === 0) return
        position += end
      }
    })

  return {
    async revoke(capability) {
      const { id, until } = revokedCapability(capability)
      await append({ capability: id, ...(Number.isFinite(until) && { until }) })
    },
    revokeAll: async (account, before = new Date(now())) => append(revokedAccount(account, before)),
    async isRevoked(cacao) {
      const keys = await revocationKeys(cacao)
      await readNew()
      return known.has(keys)
    },
  }
}

/** The revocations that were read from the file. */
class Revocations {
  readonly #capabilities = new Map<string, number>()
  readonly #accounts = new Map<string, number>()
  // The latest expiry of a revocation that was removed. If the clock is set back after that, a capability that expires until
  // then may have been revoked.
  #removedUntil = Number.NEGATIVE_INFINITY

  /** Adds the revocation in a line, unless it has expired at `now`. Throws `ERR_STORE_CORRUPT` if the line is not a revocation. */
  read(line: string, path: string, now: number): void {
    // The only closing brace of a record is its last character. A line without one is incomplete: a process died while it wrote the
    // line, before `revoke` resolved. Any other line must be a record.
    if (!line.includes('}')) return
    const { capability, until = Number.POSITIVE_INFINITY, account, before } = parse(line)
    if (typeof capability === 'string' && typeof until === 'number') {
      if (until <= now) this.#removedUntil = Math.max(this.#removedUntil, until)
      else this.#capabilities.set(capability, until)
    } else if (typeof account === 'string' && typeof before === 'number') {
      this.#accounts.set(account, Math.max(before, this.#accounts.get(account) ?? before))
    } else {
      throw corrupt(path)
    }
  }

  /** Removes the revocations of capabilities that have expired at `now`. */
  removeExpired(now: number): void {
    for (const [id, until] of this.#capabilities) {
      if (!(until <= now)) continue
      this.#capabilities.delete(id)
      this.#removedUntil = Math.max(this.#removedUntil, until)
    }
  }

  has({ id, accounts, issuedAt, expiresAt }: RevocationKeys): boolean {
    const isBefore = (account: string): boolean =>
      issuedAt <= (this.#accounts.get(account) ?? Number.NEGATIVE_INFINITY)
    return this.#capabilities.has(id) || accounts.some(isBefore) || expiresAt <= this.#removedUntil
  }
}

function corrupt(path: string): SessionError {
  return new SessionError(
    'ERR_STORE_CORRUPT',
    `${path} contains something that is not a revocation: restore it from a backup`,
  )
}

function parse(line: string): {
  capability?: unknown
  until?: unknown
  account?: unknown
  before?: unknown
} {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

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
  /** Why the file can only be read. */
  readonly refusal?: unknown
}

/**
 * A file to which one or several processes on one machine append. If it is missing, it is created once, with mode 0600. After that,
 * all methods reject if the file was removed or replaced. They reject with `ERR_STORE_UNAVAILABLE` if other users can write to the
 * file or its folder, or if the file is a symbolic link.
 */
class AppendOnlyFile {
  readonly #path: string
  #opening: Promise<Opened> | undefined

  constructor(path: string) {
    this.#path = resolve(path)
  }

  /** Returns the current size in bytes. */
  async size(): Promise<number> {
    const { ino, dev } = await this.#opened()
    const now = await lstat(this.#path)
    // While this file is open, no other file can get its inode number.
    if (now.ino !== ino || now.dev !== dev) throw new Error('it was replaced by a different file')
    assertOwnFile(this.#path, now)
    return now.size
  }

  /** Returns the bytes from position `from` up to `to`, or fewer at the end of the file. */
  async read(from: number, to: number): Promise<Uint8Array> {
    const { fd } = await this.#opened()
    const { buffer, bytesRead } = await readFile(fd, new Uint8Array(to - from), 0, to - from, from)
    return buffer.subarray(0, bytesRead)
  }

  /** Appends bytes in one write. They are on the disk when this resolves. */
  async append(bytes: Uint8Array): Promise<void> {
    const { fd } = await this.#writable()
    const { bytesWritten } = await writeFile(fd, bytes)
    if (bytesWritten !== bytes.length) throw new Error('the disk is full')
    await syncFile(fd)
    // Rejects if the file was replaced, because then other processes don't read what was appended here.
    await this.size()
  }

  /** Opens a file that could only be read once more, because it may have become writable. */
  async #writable(): Promise<Opened> {
    const opened = await this.#opened()
    if (opened.refusal === undefined) return opened
    const again = await openAt(this.#path)
    const isSame = again.ino === opened.ino && again.dev === opened.dev
    if (isSame && again.refusal === undefined) {
      this.#opening = Promise.resolve(again)
      closeSync(opened.fd)
      return again
    }
    closeSync(again.fd)
    throw again.refusal ?? new Error('it was replaced by a different file')
  }

  #opened(): Promise<Opened> {
    this.#opening ??= openAt(this.#path).catch((error: unknown) => {
      this.#opening = undefined
      throw error
    })
    return this.#opening
  }
}

// A server that only checks requests need not be allowed to write: its user may lack the permission, or the disk is mounted read-only.
const READ_ONLY: readonly (string | undefined)[] = ['EACCES', 'EROFS', 'EPERM']

async function openAt(path: string): Promise<Opened> {
  await assertOwnFolder(await realpath(dirname(path)))
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | NO_LINK
  let refusal: unknown
  const fd = await refusingLinks(path, () =>
    openFile(path, flags, 0o600).catch((error: NodeJS.ErrnoException) => {
      if (!READ_ONLY.includes(error.code)) throw error
      refusal = error
      return openFile(path, constants.O_RDONLY | NO_LINK)
    }),
  )
  try {
    const stats = await statFile(fd)
    assertOwnFile(path, stats)
    if (refusal === undefined) await syncFolder(dirname(path))
    return { fd, ino: stats.ino, dev: stats.dev, refusal }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}
