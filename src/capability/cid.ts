import { sha256 } from '@noble/hashes/sha2.js'
import { toMultibase32 } from '../base/base32.js'
import { concat } from '../base/bytes.js'
import type { Cacao, UnsignedCacao } from './cacao.js'
import { encodeDagCBOR } from './dag-cbor.js'

// CIDv1, DAG-CBOR, SHA-256 of 32 bytes.
const CID_PREFIX = Uint8Array.of(0x01, 0x71, 0x12, 0x20)

/** The CID of a capability (CIDv1 over its canonical DAG-CBOR), as a string: `bafyrei…`. */
export function cacaoCID(cacao: Cacao | UnsignedCacao): string {
  // Not by WebCrypto: its way to another thread and back takes longer than to hash so little.
  return toMultibase32(concat(CID_PREFIX, sha256(encodeDagCBOR(cacao))))
}
