import { BASE58_ALPHABET, leading } from './base58.js'
import { DID_KEY_FORMATS, type PublicKey } from './did-key.js'
import { isEd25519Key } from './ed25519-point.js'

// 35 bytes never need more than this many base58 digits; a longer text is refused before it is decoded,
// because base58 decoding takes time that grows with the square of the length.
const MAX_DID_LENGTH = 'did:key:'.length + 50

/**
 * The public key in a did:key, or `undefined` for anything that is not exactly one: another multibase, another
 * kind of key, another length, an uncompressed point, a fragment, an Ed25519 key in whose name anybody can sign.
 */
export function parseDIDKey(did: string): PublicKey | undefined {
  if (!did.startsWith('did:key:z') || did.length > MAX_DID_LENGTH) return undefined
  const decoded = fromBase58(did.slice('did:key:z'.length))
  const format = DID_KEY_FORMATS.find(({ prefix }) => decoded?.[0] === prefix[0] && decoded[1] === prefix[1])
  const bytes = decoded?.slice(2)
  if (!format || !bytes || bytes.length !== format.length) return undefined
  const isGood = format.type === 'Ed25519' ? isEd25519Key(bytes) : bytes[0] === 2 || bytes[0] === 3
  if (!isGood) return undefined
  return { type: format.type, bytes }
}

/** The bytes, or `undefined` for a character outside the alphabet. */
export function fromBase58(text: string): Uint8Array<ArrayBuffer> | undefined {
  const digits = Array.from(text, (character) => BASE58_ALPHABET.indexOf(character))
  if (digits.includes(-1)) return undefined
  let number = digits.reduce((sum, digit) => sum * 58n + BigInt(digit), 0n)
  const bytes: number[] = []
  for (; number > 0n; number /= 256n) bytes.push(Number(number % 256n))
  return Uint8Array.from([...Array<number>(leading(digits, 0)).fill(0), ...bytes.reverse()])
}
