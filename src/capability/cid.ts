import { encode } from '@ipld/dag-cbor'
import { sha256 } from '@noble/hashes/sha2.js'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { accountDID, accountOfDID } from '../base/account.js'
import { toBase64url } from '../base/base64.js'
import { isBytes } from '../base/bytes.js'
import { subtleCrypto } from '../key/session-key.js'
import { type Cacao, isPasskeyType, type UnsignedCacao } from './cacao.js'
import { parseCacao } from './parse-cacao.js'

// The codes of the multicodec table.
const DAG_CBOR = 0x71
const SHA2_256 = 0x12

/** Canonical DAG-CBOR of what a capability is made of: maps, lists, text and bytes. Members that are `undefined` are absent. */
export function encodeDagCBOR(value: unknown): Uint8Array<ArrayBuffer> {
  return encode(withoutUndefined(value)) as Uint8Array<ArrayBuffer>
}

/** The CID (CIDv1 over canonical DAG-CBOR) of a capability, or of a part of one. */
export function cidOf(part: object): CID {
  // Not by WebCrypto: its way to another thread and back takes longer than to hash so little.
  return CID.createV1(DAG_CBOR, Digest.create(SHA2_256, sha256(encodeDagCBOR(part))))
}

/** The CID of a capability (CIDv1 over its canonical DAG-CBOR), as a string: `bafyrei…`. */
export function cacaoCID(cacao: Cacao | UnsignedCacao): string {
  return cidOf(cacao).toString()
}

// The codec refuses `undefined`, which IPLD doesn't have.
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isBytes(value)) return value
  if (Array.isArray(value)) return value.map(withoutUndefined)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([name, member]) => [name, withoutUndefined(member)]))
}

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
