import { base64, base64pad, base64url } from 'multiformats/bases/base64'
// Decoders take several texts for the same bytes: with padding or without, with white space, in either case. A second
// spelling of a session or a signature would be a second session or signature, so what comes from outside has one only.

/** A way to write bytes as text, in the shape of multiformats. */
export interface BaseEncoding {
  baseEncode(bytes: Uint8Array): string
  /** Throws for what is not of its alphabet. */
  baseDecode(text: string): Uint8Array
}

/** The bytes, if the text is how the encoding itself would write them; otherwise `undefined`. */
export function oneSpelling(text: string, encoding: BaseEncoding): Uint8Array<ArrayBuffer> | undefined {
  let bytes: Uint8Array
  try {
    bytes = encoding.baseDecode(text)
  } catch {
    return undefined
  }
  return encoding.baseEncode(bytes) === text ? (bytes as Uint8Array<ArrayBuffer>) : undefined
}

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
