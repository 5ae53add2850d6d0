const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/**
 * Base32 as CIDs are written: lower case and without padding (RFC 4648 §6), behind multibase's `b`. Of our own because a
 * library of all bases is a tenth of what a server that verifies would load.
 */
export function toMultibase32(bytes: Uint8Array): string {
  let text = 'b'
  let [buffer, bits] = [0, 0]
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff
    bits += 8
    for (; bits >= 5; bits -= 5) text += ALPHABET.charAt((buffer >> (bits - 5)) & 31)
  }
  return bits > 0 ? text + ALPHABET.charAt((buffer << (5 - bits)) & 31) : text
}
