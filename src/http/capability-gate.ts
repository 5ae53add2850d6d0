import { LRUCache } from '../base/lru-cache.js'
import { shortId } from '../base/node-crypto.js'
import { assertAudience, assertDelegation, assertDomain, assertNotRevoked } from '../capability/assertions.js'
import { assertValidAt, type Cacao, expiryTime, startTime } from '../capability/cacao.js'
import type { DelegationOptions, Domains, Revocation } from '../capability/check-options.js'
import { capabilityIdentity } from '../capability/cid.js'
import { isLasting, type Verifiers, verifySignature } from '../capability/verify-signature.js'
import type { AskStore } from './ask-store.js'
import { type Caller, callerUnder } from './caller.js'

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
