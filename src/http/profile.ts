import type { KeyType } from '../key/did-key.js'
import type { SessionKeyType } from '../key/session-key.js'

// How a session signs a request: RFC 9421 in a profile that leaves nothing to choose, so that what a server has to
// check is one thing only.

export const SIGNATURE_LABEL = 'cacao'
/** Names this profile. It changes whenever the profile does, so that no signature is read by another one's rules. */
export const SIGNATURE_TAG = 'cacao-session-2'

/** Seconds from `created` to `expires` at most, and how old a request may be. */
export const MAX_AGE_SECS = 60

/** The algorithm of each kind of key, by its name in RFC 9421. */
export const ALGORITHMS: Readonly<Record<SessionKeyType, string> & Partial<Record<KeyType, string>>> = {
  'P-256': 'ecdsa-p256-sha256',
  Ed25519: 'ed25519',
}

const COMPONENTS = ['@method', '@authority', '@path', '@query', 'authorization'] as const
// The same bytes as another type are another message.
const COMPONENTS_WITH_BODY = [...COMPONENTS, 'content-digest', 'content-type'] as const

/** The type with which a body is signed and sent that has none (RFC 9110 §8.3). */
export const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

/** What is signed, in this order. */
export function signedComponents(hasBody: boolean): readonly string[] {
  return hasBody ? COMPONENTS_WITH_BODY : COMPONENTS
}

/** The DID URL of a did:key's only key, as `keyid` names it. */
export function keyURL(did: string): string {
  return `${did}#${did.slice('did:key:'.length)}`
}
