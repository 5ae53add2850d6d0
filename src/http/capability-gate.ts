import { accountDID, parseAccount } from '../base/account.js'
import { toEIP55 } from '../base/eip55.js'
import { SessionError } from '../base/errors.js'
import { LRUCache } from '../base/lru-cache.js'
import { shortId } from '../base/node-crypto.js'
import { answerWithin } from '../base/store-answer.js'
import { assertAudience, assertDelegation, assertDomain, assertNotRevoked } from '../capability/assertions.js'
import {
  assertValidAt,
  type Cacao,
  expiryTime,
  issuerAccount,
  rootOf,
  startTime,
} from '../capability/cacao.js'
import type { DelegationOptions, Domains, Revocation } from '../capability/check-options.js'
import { capabilityIdentity } from '../capability/cid.js'
import { isLasting, type Verifiers, verifySignature } from '../capability/verify-signature.js'

/** Who acts under a capability. */
export interface Caller {
  /**
   * The account that the session acts for: a CAIP-10 id, such as `eip155:1:0x…` with the address in lower case, or a
   * did:key.
   */
  readonly account: string
  /**
   * The address of the account. An Ethereum address has its checksum (EIP-55); for a did:key, this is the did:key
   * itself.
   */
  readonly address: string
  /** The chain of the account (CAIP-2), such as `eip155:1`; `undefined` for a did:key, which has no chain. */
  readonly chainId: string | undefined
  /** The account's DID, such as `did:pkh:eip155:1:0x…`. */
  readonly id: string
  /** The did:key of the session key that acts. */
  readonly keyDID: string
  /** The resources that the capability covers. */
  readonly resources: readonly string[]
  /** The capability under which the key acts: the last one of its chain. */
  readonly cacao: Cacao
  /**
   * The capability that the wallet signed: the same as `cacao`, unless that was delegated. Check a sign-in (nonce,
   * `iat`, statement, request id) against `root`, because a session key can write anything into a capability that it
   * delegates.
   */
  readonly root: Cacao
}

/** The caller who acts under a verified capability. */
export function callerUnder(cacao: Cacao): Caller {
  const account = issuerAccount(cacao)
  const { namespace, reference, address = account } = parseAccount(account) ?? {}
  return {
    account,
    address: namespace === 'eip155' ? toEIP55(address) : address,
    chainId: namespace && `${namespace}:${reference}`,
    id: accountDID(account),
    keyDID: cacao.p.aud,
    resources: cacao.p.resources ?? [],
    cacao,
    root: rootOf(cacao),
  }
}

/** What a server requires of every capability, whether it arrives with a request, a token, a signed URL or a cookie. */
export interface CapabilityPolicy {
  readonly verifiers: Verifiers
  readonly domains: Domains
  readonly delegation: DelegationOptions | false
  readonly revocation: Revocation | undefined
  readonly clockSkewSecs: number
  /** The most capabilities that are cached, so that their wallet signature is not verified again. */
  readonly cacheSize: number
  readonly askStore: AskStore
}

/** A capability as the server received it, not verified yet. */
export interface ReceivedCapability {
  /** Its encoded text, by which verified capabilities are cached. One text must always mean one capability. */
  readonly text: string
  /** The did:key of the key that uses the capability. The signature of this key was verified. */
  readonly keyDID: string
  /** Parses the text; called only if the text is not cached. Throws unless `parseCacao` accepts the capability. */
  read(): Cacao
}

/** A capability that passed the gate. */
interface AdmittedCapability {
  readonly caller: Caller
  /** Its `capabilityIdentity`. */
  readonly identity: string
  /** The start and the end of its validity, in milliseconds since 1970. */
  readonly from: number
  readonly until: number
}

/** Decides who may act under which capability. */
export interface CapabilityGate {
  /**
   * Returns the caller who acts under a capability, after checking that it is valid at `time` (milliseconds since
   * 1970), that it was granted to the key that uses it, that it was signed on an accepted site, that `wanted` doesn't
   * throw, and that the account signed it. The wallet's signature is verified last, because that is expensive, and once
   * for each text. Revocation is not checked here: see `assertNotRevoked`. Rejects with the `ERR_CAPABILITY_…` of the
   * check that failed.
   */
  admit(
    capability: ReceivedCapability,
    time: number,
    wanted: (cacao: Cacao) => void | Promise<void>,
  ): Promise<AdmittedCapability>
  /**
   * Throws `ERR_CAPABILITY_EXPIRED` or `_NOT_YET_VALID` unless the capability is valid at `time` (milliseconds since
   * 1970).
   */
  assertValidAt(admitted: AdmittedCapability, time: number): void
  /**
   * Rejects with `ERR_CAPABILITY_REVOKED` if the capability, or any capability that it was delegated from, was revoked,
   * and with `ERR_STORE_UNAVAILABLE` if the store doesn't answer.
   */
  assertNotRevoked(cacao: Cacao): Promise<void>
}

// Longer texts are not cached, so that a cache of 10,000 capabilities takes at most about 80 MB.
const MAX_CACHED_TEXT = 8192

/** Returns a gate with its own cache. */
export function capabilityGate(policy: CapabilityPolicy): CapabilityGate {
  const { verifiers, domains, delegation, revocation, clockSkewSecs, askStore } = policy
  const verified = new LRUCache<AdmittedCapability>(policy.cacheSize)
  const assertStillValid: CapabilityGate['assertValidAt'] = ({ caller, from, until }, time) => {
    // Negated, so that NaN, from a clock or a date, is refused.
    if (!(from <= time + clockSkewSecs * 1000 && time < until))
      assertValidAt(caller.cacao, time, clockSkewSecs)
  }
  return {
    assertValidAt: assertStillValid,
    async admit({ text, keyDID, read }, time, wanted) {
      const id = shortId(text)
      const known = verified.get(id)
      const admitted = known ?? admission(read())
      const { cacao } = admitted.caller
      assertStillValid(admitted, time)
      assertAudience(cacao, keyDID)
      assertDelegation(cacao, delegation)
      await assertDomain(cacao, domains)
      await wanted(cacao)
      if (known) return known
      await verifySignature(cacao, verifiers, time, clockSkewSecs)
      if (text.length <= MAX_CACHED_TEXT && isLasting(cacao)) verified.set(id, admitted)
      return admitted
    },
    async assertNotRevoked(cacao) {
      if (revocation)
        await assertNotRevoked(cacao, { isRevoked: (link) => askStore(() => revocation.isRevoked(link)) })
    },
  }
}

function admission(cacao: Cacao): AdmittedCapability {
  return {
    caller: callerUnder(cacao),
    identity: capabilityIdentity(cacao),
    from: startTime(cacao),
    until: expiryTime(cacao),
  }
}

/**
 * Calls a store and returns its answer. Rejects with `ERR_STORE_UNAVAILABLE` unless the answer is `true` or `false`.
 */
export type AskStore = (question: () => boolean | Promise<boolean>) => Promise<boolean>

const ASKED = 'the replay or revocation store'

/**
 * Returns an `AskStore` that waits `timeoutMs` milliseconds for each answer. A store that throws, rejects, answers too
 * late, or answers anything other than `true` or `false` counts as unavailable.
 */
export function storeAsker(timeoutMs: number): AskStore {
  return async (question) => {
    const answer: unknown = await answerWithin(timeoutMs, ASKED, question)
    if (typeof answer === 'boolean') return answer
    throw new SessionError('ERR_STORE_UNAVAILABLE', `${ASKED} answered something other than true or false`)
  }
}
