import { Recent } from '../base/recent.js'
import type { PublicKey } from './did-key.js'
import { parseDIDKey } from './parse-did-key.js'

const MOST_KNOWN = 10_000
let known: Recent<PublicKey> | undefined

/**
 * The public key in a did:key, as `parseDIDKey` gives it; the same object for the same DID, so that what an engine
 * makes of it can be kept with it. Whoever receives one signature of a session receives more.
 */
export function knownKey(did: string): PublicKey | undefined {
  known ??= new Recent(MOST_KNOWN)
  const before = known.get(did)
  if (before) return before
  const key = parseDIDKey(did)
  if (key) known.set(did, key)
  return key
}
