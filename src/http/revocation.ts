import { type AccountInput, accountArgument, accountOfDID } from '../base/account.js'
import { type Clock, clockOption, systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { fromBase64url } from '../base/multibase.js'
import { type ReadersOf, readOptions, setting } from '../base/options.js'
import { type Cacao, expiryTime, isPasskeyType, parseDateTime } from '../capability/cacao.js'
import type { Revocation, RevocationEvent } from '../capability/check-options.js'
import { capabilityIdentity, decodeAAD, signedBytes } from '../capability/cid.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { rawOfDER } from '../key/ecdsa.js'
import { ExpiryBuckets } from './replay.js'

/** Revokes capabilities before they expire, and knows which capabilities were revoked. */
export interface RevocationStore extends Revocation {
  /**
   * Revokes one capability and all capabilities that were delegated from it. This signs out one session. Accepts
   * untrusted input. Rejects with `ERR_CAPABILITY_INVALID` unless it is a capability, and with
   * `ERR_CAPABILITY_AUDIENCE`, `_DOMAIN` or `_RESOURCES` for a delegated capability that exceeds its parent.
   */
  revoke(capability: unknown): Promise<void>
  /**
   * Revokes all capabilities that an account granted until `before`, which is now by default. This signs the account
   * out everywhere. If the account is a session key's did:key, this revokes what that key delegated, but not the
   * session itself. The signature of a passkey is valid for two keys, so revoking either of them revokes the
   * capabilities of both. A capability counts as granted at its `iat`, which the device writes: if a device's clock is
   * ahead, pass a `before` that is later by as much. New sign-ins are accepted only after that time.
   */
  revokeAll(account: AccountInput, before?: Date): Promise<void>
  /**
   * Returns whether this capability was revoked. The capabilities that it was delegated from are not looked up: call
   * this for each capability of a chain. Rejects if the store fails; refuse the capability in that case.
   */
  isRevoked(capability: Cacao): boolean | Promise<boolean>
}

/** A revoked capability, as it is stored. */
export interface RevokedCapability {
  /** Its `capabilityIdentity`. */
  readonly id: string
  /** Its `iat`, in milliseconds since 1970. */
  readonly issuedAt: number
  /** When it expires and need not be stored any longer, in milliseconds since 1970; `Infinity` if it never expires. */
  readonly until: number
}

function issueTime({ p }: Cacao): number {
  return parseDateTime(p.iat) ?? Number.NEGATIVE_INFINITY
}

/** Returns what a store must store to revoke a capability. Throws as `capabilityIdentity` does. */
export function revokedCapability(capability: unknown): RevokedCapability {
  const cacao = parseCacao(capability)
  return { id: capabilityIdentity(cacao), issuedAt: issueTime(cacao), until: expiryTime(cacao) }
}

/**
 * Returns what a store must store to revoke all capabilities that an account granted until `before`: the account in its
 * normal form, and `before` in milliseconds since 1970. Throws a `TypeError` for a wrong account or date.
 */
export function revokedAccount(
  account: AccountInput,
  before: Date,
): { readonly account: string; readonly before: number } {
  const time = before.getTime()
  if (!Number.isFinite(time)) throw new TypeError('before must be a valid Date')
  return { account: accountArgument(account), before: time }
}

/** The values by which a revocation store looks a capability up. */
export interface RevocationKeys {
  /** Its `capabilityIdentity`. */
  readonly id: string
  /**
   * Its `capabilityAccounts`: one account, or two if a passkey granted it; for a delegated capability, the key that
   * delegated it.
   */
  readonly accounts: readonly string[]
  /** In milliseconds since 1970. */
  readonly issuedAt: number
  /** In milliseconds since 1970; `Infinity` if it never expires. */
  readonly expiresAt: number
}

/**
 * Returns the values by which a revocation store looks a capability up. Rejects with `ERR_CAPABILITY_INVALID` if the
 * signature of a passkey can't be read.
 */
export async function revocationKeys(cacao: Cacao): Promise<RevocationKeys> {
  return {
    id: capabilityIdentity(cacao),
    accounts: await capabilityAccounts(cacao),
    issuedAt: issueTime(cacao),
    expiresAt: expiryTime(cacao),
  }
}

/**
 * Calls all listeners of a revocation. If one throws, its error is written to the console, and the others are still
 * called.
 */
export function tellRevoked(
  listeners: ReadonlySet<(event: RevocationEvent) => void>,
  event: RevocationEvent,
): void {
  for (const listener of [...listeners]) {
    try {
      listener(event)
    } catch (error) {
      console.warn('cacao-session: a listener of onRevoked failed:', error)
    }
  }
}

/** Options of `memoryRevocation`. */
export interface MemoryRevocationOptions {
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

const MEMORY_OPTIONS: ReadersOf<MemoryRevocationOptions> = { now: setting(clockOption) }

/**
 * Keeps revocations in the memory of this process. They are lost when the process ends, so use this store in tests, or
 * in a server that has its own list of revocations and replays it at the start. Throws a `TypeError` for a wrong
 * option.
 *
 * @example
 * const revocation = memoryRevocation()
 * await revocation.revokeAll('eip155:1:0x…') // signs the account out everywhere
 */
export function memoryRevocation(options: MemoryRevocationOptions = {}): RevocationStore {
  const { now = systemClock } = readOptions<MemoryRevocationOptions>(options, MEMORY_OPTIONS)
  const capabilities = new Map<string, number>()
  const buckets = new ExpiryBuckets<string[]>(() => [])
  const accounts = new Map<string, number>()
  const listeners = new Set<(event: RevocationEvent) => void>()
  const tell = (event: RevocationEvent): void => tellRevoked(listeners, event)
  // The latest expiry among revocations that were removed. If the clock is set back, a capability that expires by then
  // may have been revoked, so it counts as revoked.
  let removedUntil = Number.NEGATIVE_INFINITY
  return {
    async revoke(capability) {
      const { id, until } = revokedCapability(capability)
      const time = now()
      for (const known of buckets.takeExpired(time).flat()) {
        removedUntil = Math.max(removedUntil, capabilities.get(known) ?? removedUntil)
        capabilities.delete(known)
      }
      if (!capabilities.has(id)) buckets.at(until).push(id)
      capabilities.set(id, until)
      tell({ id })
    },
    async revokeAll(account, before = new Date(now())) {
      const revoked = revokedAccount(account, before)
      const known = accounts.get(revoked.account) ?? Number.NEGATIVE_INFINITY
      accounts.set(revoked.account, Math.max(known, revoked.before))
      tell({ account: revoked.account })
    },
    async isRevoked(cacao) {
      const { id, accounts: issuers, issuedAt, expiresAt } = await revocationKeys(cacao)
      const isBefore = (issuer: string): boolean =>
        issuedAt <= (accounts.get(issuer) ?? Number.NEGATIVE_INFINITY)
      return capabilities.has(id) || issuers.some(isBefore) || expiresAt <= removedUntil
    },
    onRevoked(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

/**
 * Returns the normal form of an account: its CAIP-10 id, with an Ethereum address in lower case, or a did:key. It is the
 * same text as in `caller.account` and `capabilityAccounts`, so a store of your own can compare them. Accepts also a
 * `did:pkh:` and an address with its checksum. Throws a `TypeError` if it is not an account.
 *
 * @example
 * const account = normalAccount('did:pkh:eip155:1:0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2') // eip155:1:0xc02a…
 */
export function normalAccount(account: AccountInput): string {
  return accountArgument(account)
}

// Parsed capabilities are frozen, so their accounts never change.
const cache = new WeakMap<Cacao, Promise<readonly string[]>>()

/**
 * All accounts that can be named as the issuer of a capability with this signature. This is the issuer's own account (a
 * CAIP-10 id, or a did:key), which for a delegated capability is the key that delegated it. A passkey doesn't sign the
 * issuer, so for a passkey it is also the two keys that the signature is valid for. A revocation store that revokes
 * accounts must look up each of them. Accepts untrusted input, and rejects as `capabilityIdentity` throws, and with
 * `ERR_CAPABILITY_INVALID` if the signature of a passkey can't be read.
 *
 * @example
 * const signedOut = new Set<string>()
 * const isSignedOut = async (cacao: Cacao) => (await capabilityAccounts(cacao)).some((account) => signedOut.has(account))
 */
export async function capabilityAccounts(capability: unknown): Promise<readonly string[]> {
  const cacao = parseCacao(capability)
  const own = accountOfDID(cacao.p.iss) ?? cacao.p.iss
  if (!isPasskeyType(cacao.s.t)) return [own]
  const cached = cache.get(cacao)
  if (cached) return cached
  const accounts = passkeyCandidates(cacao).then((keys) => [...new Set([own, ...keys])])
  cache.set(cacao, accounts)
  return accounts
}

async function passkeyCandidates({ s }: Cacao): Promise<string[]> {
  const signed = s.m?.aad && decodeAAD(s.m.aad)
  const der = typeof s.s === 'string' ? fromBase64url(s.s) : undefined
  const signature = der && rawOfDER(der)
  // Loaded on demand, because only capabilities of passkeys need it.
  const { candidatesOf } = await import('../key/ecdsa.js')
  const keys = signed && signature ? candidatesOf(signature, signedBytes(signed)) : []
  if (keys.length > 0) return keys
  throw new SessionError(
    'ERR_CAPABILITY_INVALID',
    'malformed capability: s.s must be a signature of a passkey, with its authenticator data in s.m.aad',
  )
}
