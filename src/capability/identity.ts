import { sha256 } from '@noble/hashes/sha2.js'
import { accountDID, accountOfDID } from '../base/account.js'
import { toBase64url } from '../base/base64.js'
import { subtleCrypto } from '../key/subtle.js'
import type { Cacao } from './cacao.js'
import { encodeDagCBOR } from './cid.js'

/**
 * What a capability is known by where it is revoked: a hash of what was signed. One payload can be written in several
 * ways that carry the same signature (another case of the address, another word in the header, another form of the
 * signature), and each of those has a CID of its own, but all have this one identity. Of a delegated capability it is
 * that of the one link, which names its parent's in `p.requestId`.
 */
export function capabilityIdentity(cacao: Pick<Cacao, 'p'>): string {
  return toBase64url(sha256(signedContent(cacao)))
}

/** The same by WebCrypto: slower, but whoever only checks chains needn't load another SHA-256. */
export async function nativeIdentity(cacao: Pick<Cacao, 'p'>): Promise<string> {
  return toBase64url(new Uint8Array(await subtleCrypto().digest('SHA-256', signedContent(cacao))))
}

function signedContent({ p }: Pick<Cacao, 'p'>): Uint8Array<ArrayBuffer> {
  return encodeDagCBOR({ ...p, iss: accountDID(accountOfDID(p.iss) ?? p.iss) })
}
