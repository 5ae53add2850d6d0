import { sha256 } from '@noble/hashes/sha2.js'
import { toMultibase32 } from '../base/base32.js'
import { concat } from '../base/bytes.js'
import type { Cacao, UnsignedCacao } from './cacao.js'
import { encodeDagCBOR } from './dag-cbor.js'

// CIDv1, DAG-CBOR, SHA-256 of 32 bytes.
const CID_PREFIX = Uint8Array.of(0x01, 0x71, 0x12, 0x20)

/** The bytes of the CID (CIDv1 over canonical DAG-CBOR) of a capability, or of a part of one. */
export function cidBytes(part: object): Uint8Array<ArrayBuffer> {
  // Not by WebCrypto: its way to another thread and back takes longer than to hash so little.
  return concat(CID_PREFIX, sha256(encodeDagCBOR(part)))
}

/** The CID of a capability (CIDv1 over its canonical DAG-CBOR), as a string: `bafyrei…`. */
export function cacaoCID(cacao: Cacao | UnsignedCacao): string {
  return toMultibase32(cidBytes(cacao))
}
