import { concat, toBase58 } from '../base/bytes.js'

/** The types of public key that a did:key of this library can hold. */
export type KeyType = 'Ed25519' | 'P-256' | 'secp256k1'

/** A public key: 32 bytes for Ed25519, and the compressed point (33 bytes, SEC 1) for P-256 and secp256k1. */
export interface PublicKey {
  readonly type: KeyType
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** For each type of key its multicodec, as an unsigned varint, and the length of the key in bytes. */
export const DID_KEY_FORMATS: ReadonlyArray<{
  type: KeyType
  prefix: readonly [number, number]
  length: number
}> = [
  { type: 'Ed25519', prefix: [0xed, 0x01], length: 32 },
  { type: 'P-256', prefix: [0x80, 0x24], length: 33 },
  { type: 'secp256k1', prefix: [0xe7, 0x01], length: 33 },
]

/**
 * The did:key of a public key (did:key method, multibase `z`). Throws a `TypeError` if the bytes have another length than keys of
 * that type. For keys of this machine's own, which have no need to be checked; `encodeDIDKey` is for others.
 */
export function didKeyOf({ type, bytes }: PublicKey): string {
  const format = DID_KEY_FORMATS.find((known) => known.type === type)
  if (bytes.length !== format?.length) throw notOfType(type)
  return `did:key:z${toBase58(concat(new Uint8Array(format.prefix), bytes))}`
}

/** The error for bytes that are no public key of that type. */
export function notOfType(type: KeyType): TypeError {
  return new TypeError(`not a ${type} public key`)
}
