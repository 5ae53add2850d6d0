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
  const parts: Uint8Array[] = []
  write(value, parts)
  return concat(...parts)
}

function write(value: unknown, parts: Uint8Array[]): void {
  if (typeof value === 'string') {
    const text = utf8(value)
    parts.push(head(3, text.length), text)
  } else if (value instanceof Uint8Array) {
    parts.push(head(2, value.length), value)
  } else if (Array.isArray(value)) {
    parts.push(head(4, value.length))
    for (const item of value) write(item, parts)
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined)
    entries.sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))
    parts.push(head(5, entries.length))
    for (const entry of entries) for (const item of entry) write(item, parts)
  } else {
    throw new TypeError('only maps, arrays, text and bytes have DAG-CBOR here')
  }
}

// Major type and length, in the shortest form.
function head(major: number, length: number): Uint8Array {
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
