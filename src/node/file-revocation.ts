import { SerialQueue } from '../base/concurrency.js'
import { SessionError } from '../base/errors.js'
import { type Clock, systemClock } from '../base/time.js'
import {
  type RevocationKeys,
  type RevocationStore,
  revocationKeys,
  revokedAccount,
  revokedCapability,
} from '../http/revocation.js'
import { AppendOnlyFile } from './append-only-file.js'

// Bytes that are read at a time. No record is nearly as long.
const CHUNK = 1 << 20

/**
 * Keeps revocations in a file, for one or several processes on one machine. Each is a line of JSON, which is on the disk before
 * `revoke` resolves. If the file is absent, it is created with mode 0600. It only grows, by about 100 bytes for each revocation.
 *
 * The methods reject with `ERR_STORE_UNAVAILABLE` if the file can't be read or written, was removed or replaced after it was
 * opened, or is a symbolic link, and if other users can write to it or replace it (the message says which command to run); and
 * with `ERR_STORE_CORRUPT` if it contains something other than revocations. Throws a `TypeError` for an empty path.
 *
 * @example
 * const revocation = fileRevocation('/var/lib/notes/revoked.jsonl')
 */
export function fileRevocation(path: string, { now = systemClock }: { now?: Clock } = {}): RevocationStore {
  if (typeof path !== 'string' || path === '') throw new TypeError('path must be the path of a file')
  const file = new AppendOnlyFile(path)
  const queue = new SerialQueue()
  const known = new Revocations()
  let position = 0

  /** Does the work after all other work with the file. */
  const serially = async (work: () => Promise<void>): Promise<void> =>
    queue.run(work).catch((cause: unknown) => {
      if (cause instanceof SessionError) throw cause
      throw new SessionError(
        'ERR_STORE_UNAVAILABLE',
        `the revocations in ${path} can't be read or written: see the cause`,
        { cause },
      )
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
        // Another process may still be writing a line without an end.
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

/** The revocations that were read from a file, in which each is a line of JSON. */
class Revocations {
  readonly #capabilities = new Map<string, number>()
  readonly #accounts = new Map<string, number>()
  // The latest expiry of a revocation that was removed. If the clock is set back after that, a capability that expires until
  // then may have been revoked.
  #removedUntil = Number.NEGATIVE_INFINITY

  /** Adds the revocation in a line, unless it has expired at `now`. Throws `ERR_STORE_CORRUPT` if the line is none. */
  read(line: string, path: string, now: number): void {
    // The only brace of a record is its last character. A line without one is of a process that died while it wrote, before
    // `revoke` resolved. Any other line must be a record.
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
    `${path} contains something other than revocations: restore it from a backup`,
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
