import { SessionError } from '../base/errors.js'
import type { RevocationKeys } from '../http/revocation.js'

/** Revocations as they stand in a file: a line of JSON for each. */
export class Revocations {
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

export function corrupt(path: string): SessionError {
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
