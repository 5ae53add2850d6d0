import { concat } from '../base/bytes.js'
import { toBase58 } from './base58.js'
import { isEd25519Key } from './ed25519-point.js'

/** The kinds of public key that a did:key of ours can hold. */
export type KeyType = 'Ed25519' | 'P-256' | 'secp256k1'

/** A public key: 32 bytes for Ed25519, the 33-byte compressed point (SEC 1) for the curves. */
export interface PublicKey {
  readonly type: KeyType
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Each kind's multicodec as an unsigned varint, and the length of the key that follows. */
export const DID_KEY_FORMATS: ReadonlyArray<{
  type: KeyType
  prefix: readonly [number, number]
  length: number
}> = [
  { type: 'Ed25519', prefix: [0xed, 0x01], length: 32 },
  { type: 'P-256', prefix: [0x80, 0x24], length: 33 },
  { type: 'secp256k1', prefix: [0xe7, 0x01], length: 33 },
]

/** The did:key of a public key (did:key specification, multibase `z`). */
export function encodeDIDKey({ type, bytes }: PublicKey): string {
  const format = DID_KEY_FORMATS.find((known) => known.type === type)
  const isGood = type !== 'Ed25519' || isEd25519Key(bytes)
  if (!format || bytes.length !== format.length || !isGood) throw new TypeError(`not a ${type} public key`)
  return `did:key:z${toBase58(concat(new Uint8Array(format.prefix), bytes))}`
}
