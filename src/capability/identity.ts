import { sha256 } from '@noble/hashes/sha2.js'
import { accountDID, accountOfDID } from '../base/account.js'
import { toBase64url } from '../base/base64.js'
import type { Cacao } from './cacao.js'
import { encodeDagCBOR } from './cid.js'

/**
 * What a capability is known by where it is revoked: a hash of what was signed. One payload can be written in several
 * ways that carry the same signature (another case of the address, another word in the header, another form of the
 * signature), and each of those has a CID of its own, but all have this one identity. Of a delegated capability it is
 * that of the one link, which names its parent's in `p.requestId`.
 */
export function capabilityIdentity({ p }: Pick<Cacao, 'p'>): string {
  const payload = { ...p, iss: accountDID(accountOfDID(p.iss) ?? p.iss) }
  return toBase64url(sha256(encodeDagCBOR(payload)))
}
