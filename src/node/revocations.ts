import { SessionError } from '../base/errors.js'

/** Revocations as they stand in a file: a line of JSON for each. */
export class Revocations {
  readonly #capabilities = new Map<string, number>()
  readonly #accounts = new Map<string, number>()

  /** Takes a line in. Throws `ERR_STORE_CORRUPT` if it is no revocation. */
  read(line: string, path: string): void {
    // A line that isn't finished is of a process that died while it wrote: nobody was told that it counts.
    if (line === '' || !line.endsWith('}')) return
    const { capability, until = Number.POSITIVE_INFINITY, account, before } = parse(line)
    if (typeof capability === 'string' && typeof until === 'number') {
      this.#capabilities.set(capability, until)
    } else if (typeof account === 'string' && typeof before === 'number') {
      this.#accounts.set(account, Math.max(before, this.#accounts.get(account) ?? before))
    } else {
      throw new SessionError(
        'ERR_STORE_CORRUPT',
        `something in ${path} is no revocation: restore it from a backup`,
      )
    }
  }

  has(
    wanted: { readonly id: string; readonly account: string; readonly issuedAt: number },
    now: number,
  ): boolean {
    const until = this.#capabilities.get(wanted.id)
    // What has expired counts no more in any case.
    if (until !== undefined && until <= now) this.#capabilities.delete(wanted.id)
    return (
      until !== undefined ||
      wanted.issuedAt <= (this.#accounts.get(wanted.account) ?? Number.NEGATIVE_INFINITY)
    )
  }
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
