// Written by hand, because pages load this at first: the functions of @noble/hashes would take 1.6 of the 5 kB (gzip)
// that a wallet's entry may load. A test compares the two.

/** Encodes bytes in lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  let text = ''
  // Always three digits, of which the first one is not needed.
  for (const byte of bytes) text += (byte + 0x100).toString(16).slice(1)
  return text
}

/** Decodes hex in either case, without `0x`; `undefined` for anything else. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 2 !== 0) return undefined
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++) {
    const [high, low] = [hexDigit(text.charCodeAt(2 * i)), hexDigit(text.charCodeAt(2 * i + 1))]
    if (high < 0 || low < 0) return undefined
    bytes[i] = (high << 4) | low
  }
  return bytes
}

/** The value of a hex digit by its character code (0-9, a-f, A-F); -1 for any other character. */
function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const letter = code | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}
