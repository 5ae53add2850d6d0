import { accountDID, parseAccount } from '../base/account.js'
import { toEIP55 } from '../base/eip55.js'
import { within } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { LRUCache } from '../base/lru-cache.js'
import { shortId } from '../base/node-crypto.js'
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
  /** The account that the session acts for: a CAIP-10 id, such as `eip155:1:0x…` with the address in lower case, or a did:key. */
  readonly account: string
  /** The address of the account: of an Ethereum account with its checksum (EIP-55); a did:key is its own. */
  readonly address: string
  /** The chain of the account (CAIP-2), such as `eip155:1`; `undefined` for a did:key, which is on none. */
  readonly chainId: string | undefined
  /** The account's DID, such as `did:pkh:eip155:1:0x…`. */
  readonly id: string
  /** The session key that acts. */
  readonly keyDID: string
  /** The resources that the capability covers. */
  readonly resources: readonly string[]
  /** The capability under which the key acts: the last of its chain. */
  readonly cacao: Cacao
  /**
   * The capability that the wallet signed: the same one, unless it was delegated. Judge a sign-in by this one (nonce,
   * `iat`, statement, request id), because a session key can write anything into what it signs itself.
   */
  readonly root: Cacao
}

/** Who acts under a capability that was verified. */
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

/** What a server demands of every capability, whatever it comes with: a request, a token, a link, a cookie. */
export interface CapabilityPolicy {
  readonly verifiers: Verifiers
  readonly domains: Domains
  readonly delegation: DelegationOptions | false
  readonly revocation: Revocation | undefined
  readonly clockSkewSecs: number
  /** Capabilities whose wallet signature is not verified again. */
  readonly cacheSize: number
  readonly askStore: AskStore
}

/** A capability as it came. */
export interface ReceivedCapability {
  /** Its text. The same text must always be the same capability. */
  readonly text: string
  /** The did:key of the key that uses it, whose signature was verified. */
  readonly keyDID: string
  /** Reads the text, where it isn't known yet. Throws unless it is a capability that has passed the guard. */
  read(): Cacao
}

/** Who acts under a capability, and its `capabilityIdentity`. */
interface AdmittedCapability {
  readonly caller: Caller
  readonly identity: string
  /** From when on it is valid, in milliseconds since 1970, and until when. */
  readonly from: number
  readonly until: number
}

/** Decides who may act under which capability. */
export interface CapabilityGate {
  /**
   * Who acts under a capability: it is valid at `time` (milliseconds since 1970), was granted to the key that uses it, on an accepted
   * site, fulfils what `wanted` asserts, and was signed by the account. The wallet's signature comes last, because it is dear, and is
   * verified once for each text. Whether it was revoked is another question. Rejects with the `ERR_CAPABILITY_…` of the check that
   * failed.
   */
  admit(
    capability: ReceivedCapability,
    time: number,
    wanted: (cacao: Cacao) => void | Promise<void>,
  ): Promise<AdmittedCapability>
  /** Throws `ERR_CAPABILITY_EXPIRED` or `_NOT_YET_VALID` unless the capability is valid at `time` (milliseconds since 1970). */
  assertValidAt(admitted: AdmittedCapability, time: number): void
  /**
   * Rejects with `ERR_CAPABILITY_REVOKED` if the capability, or one that it was delegated from, was revoked, and with
   * `ERR_STORE_UNAVAILABLE` if the store doesn't answer.
   */
  assertNotRevoked(cacao: Cacao): Promise<void>
}

// Longer texts are verified each time, so that the cache takes at most about 80 MB.
const MAX_CACHED_TEXT = 8192

/** A gate, with a cache of its own. */
export function capabilityGate(policy: CapabilityPolicy): CapabilityGate {
  const { verifiers, domains, delegation, revocation, clockSkewSecs, askStore } = policy
  const verified = new LRUCache<AdmittedCapability>(policy.cacheSize)
  const assertStillValid: CapabilityGate['assertValidAt'] = ({ caller, from, until }, time) => {
    // Written so that NaN, of a clock or a date, is refused.
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

/** Asks a store a question that it answers with yes or no. Rejects with `ERR_STORE_UNAVAILABLE` if it doesn't. */
export type AskStore = (question: () => boolean | Promise<boolean>) => Promise<boolean>

/**
 * Asks stores, and waits `timeoutMs` milliseconds for each answer. A store that throws, rejects, is late, or answers
 * anything other than `true` or `false` counts as unavailable.
 */
export function storeAsker(timeoutMs: number): AskStore {
  return async (question) => {
    let answer: unknown
    let cause: unknown
    try {
      const asked = question()
      answer = typeof asked === 'boolean' ? asked : await within(timeoutMs, asked)
    } catch (error) {
      cause = error
    }
    if (typeof answer === 'boolean') return answer
    throw new SessionError(
      'ERR_STORE_UNAVAILABLE',
      `the replay or revocation store gave no answer within ${timeoutMs} ms: check that it is running`,
      cause === undefined ? undefined : { cause },
    )
  }
}
