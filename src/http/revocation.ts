import { type AccountInput, accountArgument } from '../base/account.js'
import { type Clock, systemClock } from '../base/time.js'
import { capabilityAccounts } from '../capability/accounts.js'
import type { Cacao } from '../capability/cacao.js'
import { capabilityIdentity } from '../capability/cid.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { parseDateTime } from '../capability/schema.js'
import { expiryTime } from '../capability/validity.js'

/** Which capabilities count no more, though they are signed and not yet expired. */
export interface RevocationStore {
  /**
   * Revokes one capability, and so all that was delegated from it: signs out one session. Takes unknown input and rejects
   * with `ERR_CAPABILITY_INVALID`.
   */
  revoke(capability: unknown): Promise<void>
  /**
   * Revokes all that the account granted up to a moment, now by default: signs out everywhere. A session's key can be
   * named as well (did:key): that revokes what it delegated, and not the session itself. A passkey's signature fits two keys,
   * so that naming either reaches the capability under both. What counts is the
   * capability's own `iat`, which the device wrote: to reach one whose clock is ahead, name a moment that much later; one
   * whose clock is behind can sign in again that much later.
   */
  revokeAll(account: AccountInput, before?: Date): Promise<void>
  /**
   * Whether this one capability was revoked; of a chain, each must be asked for. Rejects if that can't be found out;
   * whoever asks must then refuse.
   */
  isRevoked(capability: Cacao): boolean | Promise<boolean>
}

/** One capability that is revoked, as stores keep it. Times in milliseconds since 1970. */
export interface RevokedCapability {
  readonly id: string
  /** From then on it needn't be kept; `Infinity` if the capability never expires. */
  readonly until: number
}

/** What a store keeps to revoke one capability. */
export function revokedCapability(capability: unknown): RevokedCapability {
  const cacao = parseCacao(capability)
  return { id: capabilityIdentity(cacao), until: expiryTime(cacao) }
}

/** What a store keeps to revoke all that an account granted up to a moment. */
export function revokedAccount(
  account: AccountInput,
  before: Date,
): { readonly account: string; readonly before: number } {
  const time = before.getTime()
  if (!Number.isFinite(time)) throw new TypeError('before must be a valid Date')
  return { account: accountArgument(account), before: time }
}

/** What a capability is looked up by. */
export interface RevocationKeys {
  readonly id: string
  /** One; of a passkey's capability, two. Of a delegated one, the key that delegated it. */
  readonly accounts: readonly string[]
  /** In milliseconds since 1970. */
  readonly issuedAt: number
  /** In milliseconds since 1970; `Infinity` if it never expires. */
  readonly expiresAt: number
}

/** What a capability is looked up by. Rejects with `ERR_CAPABILITY_INVALID` for a passkey's whose signature can't be read. */
export async function revocationKeys(cacao: Cacao): Promise<RevocationKeys> {
  const issuedAt = parseDateTime(cacao.p.iat) ?? Number.NEGATIVE_INFINITY
  return {
    id: capabilityIdentity(cacao),
    accounts: await capabilityAccounts(cacao),
    issuedAt,
    expiresAt: expiryTime(cacao),
  }
}

/**
 * Revocations in the memory of this process: they end with it, so this is for tests, and for servers that keep a list of
 * their own and fill it from there at the start.
 *
 * @example
 * const revocation = memoryRevocation()
 * await revocation.revokeAll('eip155:1:0x…') // signs the account out everywhere
 */
export function memoryRevocation({ now = systemClock }: { now?: Clock } = {}): RevocationStore {
  const capabilities = new Map<string, number>()
  const accounts = new Map<string, number>()
  // When what was forgotten would have expired: if the clock has gone back since, nobody knows what else was.
  let forgotten = Number.NEGATIVE_INFINITY
  return {
    async revoke(capability) {
      const { id, until } = revokedCapability(capability)
      const time = now()
      for (const [known, end] of capabilities) {
        if (!(end <= time)) continue
        capabilities.delete(known)
        forgotten = Math.max(forgotten, end)
      }
      capabilities.set(id, until)
    },
    async revokeAll(account, before = new Date(now())) {
      const revoked = revokedAccount(account, before)
      const known = accounts.get(revoked.account) ?? Number.NEGATIVE_INFINITY
      accounts.set(revoked.account, Math.max(known, revoked.before))
    },
    async isRevoked(cacao) {
      const { id, accounts: issuers, issuedAt, expiresAt } = await revocationKeys(cacao)
      const isBefore = (issuer: string): boolean =>
        issuedAt <= (accounts.get(issuer) ?? Number.NEGATIVE_INFINITY)
      return capabilities.has(id) || issuers.some(isBefore) || expiresAt <= forgotten
    },
  }
}
