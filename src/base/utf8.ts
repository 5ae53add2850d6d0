// Created at first use, because importing must touch no global, and reused, because creating one takes longer than its work.
let encoder: TextEncoder | undefined
let decoder: TextDecoder | undefined

/** Encodes a text in UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  encoder ??= new TextEncoder()
  return encoder.encode(text)
}

/** Decodes UTF-8; `undefined` if the bytes are not valid UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
