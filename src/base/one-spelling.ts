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
