import { sha256 } from '@noble/hashes/sha2.js'
import { concat } from '../base/bytes.js'
import { encodeDagCBOR } from './dag-cbor.js'

/** What an authenticator signs, one behind the other and the second as its SHA-256 (WebAuthn Level 3, 6.3.3). */
export interface SignedData {
  readonly authData: Uint8Array<ArrayBuffer>
  readonly clientDataJSON: Uint8Array<ArrayBuffer>
}

/** The `m.aad` of a passkey's capability: the CBOR of both, as did-session's family writes it. */
export function encodeAAD({ authData, clientDataJSON }: SignedData): Uint8Array<ArrayBuffer> {
  return encodeDagCBOR({ authData, clientDataJSON })
}

/** What an `m.aad` holds; `undefined` for anything but the one canonical CBOR of exactly these two. */
export function decodeAAD(aad: Uint8Array): SignedData | undefined {
  // A map of two.
  if (aad[0] !== 0xa2) return undefined
  const authData = memberAt(aad, 1, 'authData')
  const clientDataJSON = authData && memberAt(aad, authData.end, 'clientDataJSON')
  if (!authData || !clientDataJSON) return undefined
  const signed = { authData: authData.bytes, clientDataJSON: clientDataJSON.bytes }
  return isEqual(encodeAAD(signed), aad) ? signed : undefined
}

/** The bytes over which an authenticator makes its signature. */
export function signedBytes({ authData, clientDataJSON }: SignedData): Uint8Array<ArrayBuffer> {
  return concat(authData, sha256(clientDataJSON))
}

// Up to 65,535 bytes behind the member's name. Whether that is the one form, to the end, the encoder tells.
function memberAt(
  cbor: Uint8Array,
  at: number,
  name: string,
): { bytes: Uint8Array<ArrayBuffer>; end: number } | undefined {
  const head = encodeDagCBOR(name)
  const start = at + head.length
  if (!isEqual(cbor.subarray(at, start), head)) return undefined
  const [type = 0, high = 0, low = 0] = cbor.subarray(start)
  const [headLength, length] =
    type === 0x59 ? [3, high * 256 + low] : type === 0x58 ? [2, high] : [1, type - 0x40]
  const from = start + headLength
  const bytes = new Uint8Array(cbor.subarray(from, from + Math.max(length, 0)))
  return length >= 0 && bytes.length === length ? { bytes, end: from + length } : undefined
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
