import { SessionError } from '../base/errors.js'

/** Revocations as they stand in a file: a line of JSON for each. */
export class Revocations {
  readonly #capabilities = new Map<string, number>()
  readonly #accounts = new Map<string, number>()

  /** Takes a line in, unless what it revokes has expired by then. Throws `ERR_STORE_CORRUPT` if it is no revocation. */
  read(line: string, path: string, now: number): void {
    // Only the last character of a record is a brace: a line without one is of a process that died while it wrote, and
    // nobody was told that it counts. Any other is a record, or has been one.
    if (!line.includes('}')) return
    const { capability, until = Number.POSITIVE_INFINITY, account, before } = parse(line)
    if (typeof capability === 'string' && typeof until === 'number') {
      if (!(until <= now)) this.#capabilities.set(capability, until)
    } else if (typeof account === 'string' && typeof before === 'number') {
      this.#accounts.set(account, Math.max(before, this.#accounts.get(account) ?? before))
    } else {
      throw corrupt(path)
    }
  }

  /** Lets go of what has expired by then, which counts no more in any case. */
  forget(now: number): void {
    for (const [id, until] of this.#capabilities) if (until <= now) this.#capabilities.delete(id)
  }

  has(wanted: { readonly id: string; readonly account: string; readonly issuedAt: number }): boolean {
    return (
      this.#capabilities.has(wanted.id) ||
      wanted.issuedAt <= (this.#accounts.get(wanted.account) ?? Number.NEGATIVE_INFINITY)
    )
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
