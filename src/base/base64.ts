import { base64, base64pad, base64url } from 'multiformats/bases/base64'
import { oneSpelling } from './one-spelling.js'

/** Base64url without padding (RFC 4648 §5). */
export function toBase64url(bytes: Uint8Array): string {
  return base64url.baseEncode(bytes)
}

export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return oneSpelling(text, base64url)
}

/** Base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  return base64pad.baseEncode(bytes)
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  return oneSpelling(text, base64pad)
}

/** The bytes of base64 without padding, as DAG-JSON writes them. */
export function fromBase64Unpadded(text: string): Uint8Array<ArrayBuffer> | undefined {
  return oneSpelling(text, base64)
}
