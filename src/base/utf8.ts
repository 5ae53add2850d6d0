// Made when first needed: importing touches no global, and making one for each text takes longer than the text.
let encoder: TextEncoder | undefined
let decoder: TextDecoder | undefined

export function utf8(text: string): Uint8Array<ArrayBuffer> {
  encoder ??= new TextEncoder()
  return encoder.encode(text)
}

/** The text, or `undefined` if the bytes are not valid UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
