import { base58btc } from 'multiformats/bases/base58'
import { base64, base64pad, base64url } from 'multiformats/bases/base64'

// Many decoders accept several texts for the same bytes: with or without padding, with white space, or with unused bits
// that are not zero. A second spelling of a session or a signature would count as a second session or signature, so
// each decoder here accepts only the text that the encoder would write.

/** A text encoding of bytes, with the methods of a multiformats codec. */
export interface BaseEncoding {
  baseEncode(bytes: Uint8Array): string
  /** Throws if a character is not in the alphabet. */
  baseDecode(text: string): Uint8Array
}

/** Decodes the text if it is exactly what the encoding would write; otherwise returns `undefined`. */
export function oneSpelling(text: string, encoding: BaseEncoding): Uint8Array<ArrayBuffer> | undefined {
  let bytes: Uint8Array
  try {
    bytes = encoding.baseDecode(text)
  } catch {
    return undefined
  }
  return encoding.baseEncode(bytes) === text ? (bytes as Uint8Array<ArrayBuffer>) : undefined
}

/** Encodes bytes in base64url without padding (RFC 4648 §5). */
export function toBase64url(bytes: Uint8Array): string {
  return base64url.baseEncode(bytes)
}

/** Decodes base64url without padding (RFC 4648 §5); `undefined` for any other spelling. */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  return oneSpelling(text, base64url)
}

/** Encodes bytes in base64 with padding (RFC 4648 §4). */
export function toBase64(bytes: Uint8Array): string {
  return base64pad.baseEncode(bytes)
}

/** Decodes base64 with padding (RFC 4648 §4); `undefined` for any other spelling. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  return oneSpelling(text, base64pad)
}

/** Decodes base64 without padding, as DAG-JSON writes it; `undefined` for any other spelling. */
export function fromBase64Unpadded(text: string): Uint8Array<ArrayBuffer> | undefined {
  return oneSpelling(text, base64)
}

/** Decodes base58btc; `undefined` for any other text. Takes time quadratic in the length, so use it only for keys. */
export function fromBase58(text: string): Uint8Array<ArrayBuffer> | undefined {
  return oneSpelling(text, base58btc)
}
