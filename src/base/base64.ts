// Written out because engines' own decoders are lenient, and a second spelling of a session would be a second
// session. Each decoder is strict: one string for one value, `undefined` for anything else.

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const BASE64URL = `${BASE64.slice(0, 62)}-_`

// What each character stands for, by its code; -1 for what is outside of the alphabet.
function valuesOf(alphabet: string): Int8Array {
  const values = new Int8Array(128).fill(-1)
  for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value
  return values
}

const VALUES = valuesOf(BASE64)
const VALUES_URL = valuesOf(BASE64URL)

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const [a, b, c] = [bytes[i] ?? 0, bytes[i + 1] ?? 0, bytes[i + 2] ?? 0]
    text += alphabet.charAt(a >> 2) + alphabet.charAt(((a & 3) << 4) | (b >> 4))
    if (i + 1 < bytes.length) text += alphabet.charAt(((b & 15) << 2) | (c >> 6))
    if (i + 2 < bytes.length) text += alphabet.charAt(c & 63)
  }
  return text
}

function decode(text: string, values: Int8Array): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let [buffer, bits, at] = [0, 0, 0]
  for (let i = 0; i < text.length; i++) {
    const value = values[text.charCodeAt(i)] ?? -1
    if (value < 0) return undefined
    buffer = ((buffer << 6) | value) & 0xfff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (buffer >> bits) & 0xff
    }
  }
  // A lone last character, or bits left over that are not zero, would be a second spelling of the same bytes.
  return bits >= 6 || (buffer & ((1 << bits) - 1)) !== 0 ? undefined : bytes
}

/** Base64url without padding (RFC 4648 §5). */
export function toBase64url(bytes: Uint8Array): string {
  return encode(bytes, BASE64URL)
}

export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return decode(text, VALUES_URL)
}

/** Base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  const text = encode(bytes, BASE64)
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = decode(text.replace(/={1,2}$/, ''), VALUES)
  return bytes && toBase64(bytes) === text ? bytes : undefined
}

/** Base64 without padding, as DAG-JSON writes bytes. */
export function toBase64Unpadded(bytes: Uint8Array): string {
  return encode(bytes, BASE64)
}

export function fromBase64Unpadded(text: string): Uint8Array<ArrayBuffer> | undefined {
  return decode(text, VALUES)
}
