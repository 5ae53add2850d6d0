import { sha256 } from '@noble/hashes/sha2.js'
import { accountDID, accountOfDID } from '../base/account.js'
import { toBase64url } from '../base/base64.js'
import { subtleCrypto } from '../key/subtle.js'
import { type Cacao, isPasskeyType, parseCacao } from './cacao.js'
import { encodeDagCBOR } from './dag-cbor.js'

/**
 * What a capability is known by where it is revoked: a hash of what was signed, 43 characters of base64url. One payload can be
 * written in several ways that carry the same signature (another case of the address, another word in the header, another form
 * of the signature, a passkey's other issuer, for its signature fits two keys), and each of those has a CID of its own, but all
 * have this one identity. Of a delegated capability it is that of the one link, which names its parent's in `p.requestId`. Takes
 * unknown input and throws `ERR_CAPABILITY_INVALID`; whether it is signed is not looked at.
 *
 * @example
 * const revoked = new Set()
 * const revoke = (capability) => revoked.add(capabilityIdentity(capability))
 * const isRevoked = (cacao) => revoked.has(capabilityIdentity(cacao)) // asked of each link of a chain
 */
export function capabilityIdentity(capability: unknown): string {
  return toBase64url(sha256(signedContent(parseCacao(capability))))
}

/** The same by WebCrypto: slower, but whoever only checks chains needn't load another SHA-256. */
export async function nativeIdentity(cacao: Cacao): Promise<string> {
  return toBase64url(new Uint8Array(await subtleCrypto().digest('SHA-256', signedContent(cacao))))
}

function signedContent({ p, s }: Cacao): Uint8Array<ArrayBuffer> {
  const iss = isPasskeyType(s.t) ? undefined : accountDID(accountOfDID(p.iss) ?? p.iss)
  // What is empty is in no text that some software makes, and so may be left out, or added, without another signature.
  const isEmpty = (value: unknown): boolean => value === '' || (Array.isArray(value) && value.length === 0)
  const said = Object.entries(p).filter(([, value]) => !isEmpty(value))
  return encodeDagCBOR({ ...Object.fromEntries(said), iss })
}
