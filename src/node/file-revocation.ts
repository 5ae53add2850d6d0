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

/** Revocations as they stand in a file: a line of JSON for each. */
class Revocations {
  readonly #capabilities = new Map<string, number>()
  readonly #accounts = new Map<string, number>()
  // When what was forgotten would have expired: if the clock has gone back since, nobody knows what else was.
  #forgotten = Number.NEGATIVE_INFINITY

  /** Takes a line in, unless what it revokes has expired by then. Throws `ERR_STORE_CORRUPT` if it is no revocation. */
  read(line: string, path: string, now: number): void {
    // Only the last character of a record is a brace: a line without one is of a process that died while it wrote, and
    // nobody was told that it counts. Any other is a record, or has been one.
    if (!line.includes('}')) return
    const { capability, until = Number.POSITIVE_INFINITY, account, before } = parse(line)
    if (typeof capability === 'string' && typeof until === 'number') {
      if (until <= now) this.#forgotten = Math.max(this.#forgotten, until)
      else this.#capabilities.set(capability, until)
    } else if (typeof account === 'string' && typeof before === 'number') {
      this.#accounts.set(account, Math.max(before, this.#accounts.get(account) ?? before))
    } else {
      throw corrupt(path)
    }
  }

  /** Lets go of what has expired by then, which counts no more in any case. */
  forget(now: number): void {
    for (const [id, until] of this.#capabilities) {
      if (!(until <= now)) continue
      this.#capabilities.delete(id)
      this.#forgotten = Math.max(this.#forgotten, until)
    }
  }

  has({ id, accounts, issuedAt, expiresAt }: RevocationKeys): boolean {
    const isBefore = (account: string): boolean =>
      issuedAt <= (this.#accounts.get(account) ?? Number.NEGATIVE_INFINITY)
    return this.#capabilities.has(id) || accounts.some(isBefore) || expiresAt <= this.#forgotten
  }
}

function corrupt(path: string): SessionError {
  return new SessionError(
    'ERR_STORE_CORRUPT',
    `something in ${path} is no revocation: restore it from a backup`,
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

// Bytes that are read at a time; no revocation is nearly as long.
const CHUNK = 1 << 20

/**
 * Revocations in a file, for one or several processes on one machine: a line of JSON for each, appended and on the disk
 * before `revoke` resolves. The file is made with mode 0600 if it is absent, and only ever grows, by about 100 bytes a
 * revocation. Rejects with `ERR_STORE_UNAVAILABLE` if the file can't be read or written, or was removed or replaced
 * meanwhile; if others may write to it or replace it (the message has the `chmod`), or it is a symbolic link; and with `ERR_STORE_CORRUPT` if something in it is no revocation.
 *
 * @example
 * const revocation = fileRevocation('/var/lib/notes/revoked.jsonl')
 */
export function fileRevocation(path: string, { now = systemClock }: { now?: Clock } = {}): RevocationStore {
  if (typeof path !== 'string' || path === '') throw new TypeError('path must be the path of a file')
  const file = new AppendOnlyFile(path)
  const known = new Revocations()
  let position = 0
  let queue: Promise<unknown> = Promise.resolve()

  /** Does the work after whatever else is being done with the file. */
  const inTurn = async (work: () => Promise<void>): Promise<void> => {
    const turn = queue.then(work)
    queue = turn.catch(() => undefined)
    return turn.catch((cause: unknown) => {
      if (cause instanceof SessionError) throw cause
      throw new SessionError('ERR_STORE_UNAVAILABLE', `the revocations in ${path} can't be read or written`, {
        cause,
      })
    })
  }
  const append = (record: object): Promise<void> =>
    // The first line break ends what a process that died may have left unfinished.
    inTurn(() => file.append(Buffer.from(`\n${JSON.stringify(record)}\n`)))
  /** Takes in what was appended since, by whichever process. */
  const catchUp = (): Promise<void> =>
    inTurn(async () => {
      const size = await file.size()
      if (size < position) {
        throw new SessionError('ERR_STORE_CORRUPT', `revocations are missing from ${path}: it became shorter`)
      }
      if (size === position) return
      known.forget(now())
      while (position < size) {
        const chunk = Buffer.from(await file.read(position, Math.min(size, position + CHUNK)))
        const end = chunk.lastIndexOf('\n') + 1
        for (const line of chunk.toString('utf8', 0, end).split('\n')) known.read(line, path, now())
        if (end === 0 && chunk.length === CHUNK) throw corrupt(path)
        // A line without its end may still be on its way.
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
      await catchUp()
      return known.has(keys)
    },
  }
}
