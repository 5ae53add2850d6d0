import { decode, encode } from '@ipld/dag-cbor'
import { sha256 } from '@noble/hashes/sha2.js'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { accountDID, accountOfDID } from '../base/account.js'
import { concat, fromUtf8, utf8 } from '../base/bytes.js'
import { toBase64url } from '../base/multibase.js'
import { isBytes } from '../base/options.js'
import { subtleCrypto } from '../key/session-key.js'
import { type Cacao, isPasskeyType, type UnsignedCacao } from './cacao.js'
import { parseCacao } from './parse-cacao.js'

// Codes from the multicodec table.
const DAG_CBOR = 0x71
const SHA2_256 = 0x12

/**
 * The canonical DAG-CBOR of a value that consists of maps, lists, text and bytes, as a capability does. Omits
 * `undefined` members.
 */
export function encodeDagCBOR(value: unknown): Uint8Array<ArrayBuffer> {
  return encode(withoutUndefined(value)) as Uint8Array<ArrayBuffer>
}

/** The CID (CIDv1 over canonical DAG-CBOR) of a capability, or of a part of one. */
export function cidOf(part: object): CID {
  // Not with WebCrypto, which hashes on another thread: for so few bytes, switching threads takes longer than hashing.
  return CID.createV1(DAG_CBOR, Digest.create(SHA2_256, sha256(encodeDagCBOR(part))))
}

/** The CID of a capability (CIDv1 over its canonical DAG-CBOR), as a string: `bafyrei…`. */
export function cacaoCID(cacao: Cacao | UnsignedCacao): string {
  return cidOf(cacao).toString()
}

// The codec refuses `undefined`, because IPLD does not have it.
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isBytes(value)) return value
  if (Array.isArray(value)) return value.map(withoutUndefined)
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return Object.fromEntries(members.map(([name, member]) => [name, withoutUndefined(member)]))
}

/**
 * The identity of a capability, by which revocation stores find it: the SHA-256 of the signed content, as 43 characters
 * of base64url. One signed payload can be written in several ways (with another case of the address, another name in
 * the header, another encoding of the signature, or the other issuer that a passkey's signature is valid for). Each way
 * has its own CID, but all have the same identity. The identity of a delegated capability doesn't include its parent,
 * whose identity is `p.requestId`. Accepts untrusted input. Throws `ERR_CAPABILITY_INVALID` unless it is a capability,
 * and `ERR_CAPABILITY_AUDIENCE`, `_DOMAIN` or `_RESOURCES` for a delegated capability that exceeds its parent. Does not
 * verify the signature.
 *
 * @example
 * const revoked = new Set<string>()
 * const revoke = (capability: Cacao) => revoked.add(capabilityIdentity(capability))
 * const revocation = { isRevoked: (cacao: Cacao) => revoked.has(capabilityIdentity(cacao)) } // called for each link
 */
export function capabilityIdentity(capability: unknown): string {
  const identity = toBase64url(sha256(signedContent(parseCacao(capability))))
  // Copied, because V8 keeps all parts of a concatenated text in memory, here a kilobyte, and servers remember many
  // identities.
  return fromUtf8(utf8(identity)) ?? identity
}

/** `capabilityIdentity` with WebCrypto, which is slower, but spares a page from loading another SHA-256. */
export async function nativeIdentity(cacao: Cacao): Promise<string> {
  return toBase64url(new Uint8Array(await subtleCrypto().digest('SHA-256', signedContent(cacao))))
}

function signedContent({ p, s }: Cacao): Uint8Array<ArrayBuffer> {
  const iss = isPasskeyType(s.t) ? undefined : accountDID(accountOfDID(p.iss) ?? p.iss)
  // Some software omits empty members from the signed text, so they can be added or removed without invalidating the
  // signature.
  const isEmpty = (value: unknown): boolean => value === '' || (Array.isArray(value) && value.length === 0)
  const members = Object.entries(p).filter(([, value]) => !isEmpty(value))
  return encodeDagCBOR({ ...Object.fromEntries(members), iss })
}

/** What an authenticator signs: `authData` followed by the SHA-256 of `clientDataJSON` (WebAuthn Level 3 §6.3.3). */
export interface SignedData {
  readonly authData: Uint8Array<ArrayBuffer>
  readonly clientDataJSON: Uint8Array<ArrayBuffer>
}

/** The `m.aad` of a passkey's capability: both members as DAG-CBOR, as in the did-session family. */
export function encodeAAD({ authData, clientDataJSON }: SignedData): Uint8Array<ArrayBuffer> {
  return encodeDagCBOR({ authData, clientDataJSON })
}

/** Decodes an `m.aad`; `undefined` for anything but the canonical DAG-CBOR of exactly these two members. */
export function decodeAAD(aad: Uint8Array): SignedData | undefined {
  try {
    const { authData, clientDataJSON } = decode<Partial<SignedData>>(aad)
    if (!isBytes(authData) || !isBytes(clientDataJSON)) return undefined
    const signed = { authData, clientDataJSON }
    return isSame(encodeAAD(signed), aad) ? signed : undefined
  } catch {
    return undefined
  }
}

/** The bytes that an authenticator signs. */
export function signedBytes({ authData, clientDataJSON }: SignedData): Uint8Array<ArrayBuffer> {
  return concat(authData, sha256(clientDataJSON))
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
