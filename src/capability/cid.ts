import { base32 } from 'multiformats/bases/base32'
import { concat } from '../base/bytes.js'
import { utf8 } from '../base/utf8.js'
import { subtleCrypto } from '../key/subtle.js'
import type { Cacao, UnsignedCacao } from './cacao.js'

// CIDv1, DAG-CBOR, SHA-256 of 32 bytes.
const CID_PREFIX = Uint8Array.of(0x01, 0x71, 0x12, 0x20)

/** The CID of a capability (CIDv1 over its canonical DAG-CBOR), as a string: `bafyrei…`. */
export async function cacaoCID(cacao: Cacao | UnsignedCacao): Promise<string> {
  const hash = await subtleCrypto().digest('SHA-256', encodeDagCBOR(cacao))
  return base32.encode(concat(CID_PREFIX, new Uint8Array(hash)))
}

/**
 * Canonical DAG-CBOR of what a capability is made of: maps, arrays, text and bytes, and nothing else. Map keys
 * go by length first, then bytewise, as DAG-CBOR orders them.
 */
export function encodeDagCBOR(value: unknown): Uint8Array<ArrayBuffer> {
  if (typeof value === 'string') {
    const text = utf8(value)
    return concat(head(3, text.length), text)
  }
  if (value instanceof Uint8Array) return concat(head(2, value.length), value)
  if (Array.isArray(value)) return concat(head(4, value.length), ...value.map(encodeDagCBOR))
  if (typeof value !== 'object' || value === null)
    throw new TypeError('only maps, arrays, text and bytes have DAG-CBOR here')
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))
  return concat(
    head(5, entries.length),
    ...entries.flatMap(([name, member]) => [encodeDagCBOR(name), encodeDagCBOR(member)]),
  )
}

// Major type and length, in the shortest form.
function head(major: number, length: number): Uint8Array<ArrayBuffer> {
  const type = major << 5
  if (length < 24) return Uint8Array.of(type | length)
  if (length < 0x100) return Uint8Array.of(type | 24, length)
  if (length < 0x10000) return Uint8Array.of(type | 25, length >> 8, length & 0xff)
  return Uint8Array.of(
    type | 26,
    (length >>> 24) & 0xff,
    (length >> 16) & 0xff,
    (length >> 8) & 0xff,
    length & 0xff,
  )
}
