import { encode } from '@ipld/dag-cbor'
import { sha256 } from '@noble/hashes/sha2.js'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { isBytes } from '../base/bytes.js'
import type { Cacao, UnsignedCacao } from './cacao.js'

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
