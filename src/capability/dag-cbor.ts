import { utf8 } from '../base/utf8.js'

/**
 * Canonical DAG-CBOR of what a capability is made of: maps, arrays, text and bytes, and nothing else. Map keys
 * go by length first, then bytewise, as DAG-CBOR orders them.
 */
export function encodeDagCBOR(value: unknown): Uint8Array<ArrayBuffer> {
  const bytes: number[] = []
  write(value, bytes)
  return new Uint8Array(bytes)
}

function write(value: unknown, bytes: number[]): void {
  if (typeof value === 'string') {
    const text = utf8(value)
    head(3, text.length, bytes)
    for (const byte of text) bytes.push(byte)
  } else if (value instanceof Uint8Array) {
    head(2, value.length, bytes)
    for (const byte of value) bytes.push(byte)
  } else if (Array.isArray(value)) {
    head(4, value.length, bytes)
    for (const item of value) write(item, bytes)
  } else if (typeof value === 'object' && value !== null) {
    const names = Object.keys(value).filter((name) => (value as Record<string, unknown>)[name] !== undefined)
    names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
    head(5, names.length, bytes)
    for (const name of names) {
      write(name, bytes)
      write((value as Record<string, unknown>)[name], bytes)
    }
  } else {
    throw new TypeError('only maps, arrays, text and bytes have DAG-CBOR here')
  }
}

// Major type and length, in the shortest form.
function head(major: number, length: number, bytes: number[]): void {
  const type = major << 5
  if (length < 24) bytes.push(type | length)
  else if (length < 0x100) bytes.push(type | 24, length)
  else if (length < 0x10000) bytes.push(type | 25, length >> 8, length & 0xff)
  else
    bytes.push(type | 26, (length >>> 24) & 0xff, (length >> 16) & 0xff, (length >> 8) & 0xff, length & 0xff)
}
