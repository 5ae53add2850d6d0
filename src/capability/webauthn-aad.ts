import { decode } from '@ipld/dag-cbor'
import { sha256 } from '@noble/hashes/sha2.js'
import { concat, isBytes } from '../base/bytes.js'
import { encodeDagCBOR } from './cid.js'

/** What an authenticator signs: `authData` followed by the SHA-256 of `clientDataJSON` (WebAuthn Level 3 §6.3.3). */
export interface SignedData {
  readonly authData: Uint8Array<ArrayBuffer>
  readonly clientDataJSON: Uint8Array<ArrayBuffer>
}

/** The `m.aad` of a passkey's capability: both as DAG-CBOR, as in the did-session family. */
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
