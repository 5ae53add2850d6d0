import { concat } from '../base/bytes.js'
import { fromBase58, toBase58 } from './base58.js'

/** The kinds of public key that a did:key of ours can hold. */
export type KeyType = 'Ed25519' | 'P-256' | 'secp256k1'

/** A public key: 32 bytes for Ed25519, the 33-byte compressed point (SEC 1) for the curves. */
export interface PublicKey {
  readonly type: KeyType
  readonly bytes: Uint8Array<ArrayBuffer>
}

// multicodec code as an unsigned varint, and the length of the key that follows
const FORMATS: ReadonlyArray<{ type: KeyType; prefix: readonly [number, number]; length: number }> = [
  { type: 'Ed25519', prefix: [0xed, 0x01], length: 32 },
  { type: 'P-256', prefix: [0x80, 0x24], length: 33 },
  { type: 'secp256k1', prefix: [0xe7, 0x01], length: 33 },
]

// 35 bytes never need more than this many base58 digits; a longer text is refused before it is decoded,
// because base58 decoding takes time that grows with the square of the length.
const MAX_DID_LENGTH = 'did:key:'.length + 50

/** The did:key of a public key (did:key specification, multibase `z`). */
export function encodeDIDKey({ type, bytes }: PublicKey): string {
  const format = FORMATS.find((known) => known.type === type)
  if (!format || bytes.length !== format.length) throw new TypeError(`not a ${type} public key`)
  return `did:key:z${toBase58(concat(Uint8Array.from(format.prefix), bytes))}`
}

/**
 * The public key in a did:key, or `undefined` for anything that is not exactly one: another multibase, another
 * kind of key, another length, an uncompressed point, a fragment.
 */
export function decodeDIDKey(did: string): PublicKey | undefined {
  if (!did.startsWith('did:key:z') || did.length > MAX_DID_LENGTH) return undefined
  const decoded = fromBase58(did.slice('did:key:z'.length))
  const format = FORMATS.find(({ prefix }) => decoded?.[0] === prefix[0] && decoded[1] === prefix[1])
  const bytes = decoded?.slice(2)
  if (!format || !bytes || bytes.length !== format.length) return undefined
  if (format.type !== 'Ed25519' && bytes[0] !== 2 && bytes[0] !== 3) return undefined
  return { type: format.type, bytes }
}
