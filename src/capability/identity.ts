import { sha256 } from '@noble/hashes/sha2.js'
import { accountDID } from '../base/account.js'
import { toBase64url } from '../base/base64.js'
import { type Cacao, issuerAccount } from './cacao.js'
import { encodeDagCBOR } from './cid.js'

/**
 * What a capability is known by where it is revoked: a hash of what was signed. One payload can be written in several
 * ways that carry the same signature (another case of the address, another word in the header, another form of the
 * signature), and each of those has a CID of its own, but all have this one identity.
 */
export function capabilityIdentity(cacao: Pick<Cacao, 'p'>): string {
  const payload = { ...cacao.p, iss: accountDID(issuerAccount(cacao)) }
  return toBase64url(sha256(encodeDagCBOR(payload)))
}
