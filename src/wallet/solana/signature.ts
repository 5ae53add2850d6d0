import { isBytes } from '../../base/bytes.js'
import { fromHex } from '../../base/hex.js'
import { fromBase58, fromBase64 } from '../../base/multibase.js'
import { SIGNATURE_LENGTH } from '../../key/verify.js'

// The length of 64 bytes in base58. A longer text is not decoded, because decoding takes time.
const MAX_BASE58_LENGTH = 88
const HEX = /^(?:0x)?((?:[0-9a-f]{2}){64,})$/i

/**
 * Reads a signature in the forms in which wallets answer it: as bytes, as a list of numbers or what JSON makes of bytes, or as
 * text in base58, base64 or hex; alone, or with the message before or behind it. Returns `undefined` for anything else. The
 * forms have different lengths; whether it is the right signature is checked afterwards.
 */
export function readSignature(answer: unknown, message: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const bytes = typeof answer === 'string' ? fromText(answer) : fromList(answer)
  if (bytes?.length === SIGNATURE_LENGTH) return bytes
  if (bytes?.length !== message.length + SIGNATURE_LENGTH) return undefined
  if (isSame(bytes.subarray(0, message.length), message)) return bytes.slice(message.length)
  // What `nacl.sign` returns.
  return isSame(bytes.subarray(SIGNATURE_LENGTH), message) ? bytes.slice(0, SIGNATURE_LENGTH) : undefined
}

/** Decodes base58. Returns `undefined` unless the result has exactly `length` bytes. */
export function base58Bytes(text: string, length: number): Uint8Array<ArrayBuffer> | undefined {
  const bytes = text.length <= MAX_BASE58_LENGTH ? fromBase58(text) : undefined
  return bytes?.length === length ? bytes : undefined
}

function fromText(text: string): Uint8Array<ArrayBuffer> | undefined {
  const [, digits] = HEX.exec(text) ?? []
  if (digits !== undefined) return fromHex(digits)
  return text.endsWith('=') ? fromBase64(text) : base58Bytes(text, SIGNATURE_LENGTH)
}

function fromList(answer: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (isBytes(answer)) return new Uint8Array(answer)
  if (Object.prototype.toString.call(answer) === '[object ArrayBuffer]')
    return new Uint8Array(answer as ArrayBuffer).slice()
  if (typeof answer !== 'object' || answer === null) return undefined
  // JSON makes {"0":12,…} of bytes, and {"type":"Buffer","data":[12,…]} of a Buffer.
  const list: unknown = Array.isArray(answer) ? answer : ((answer as { data?: unknown }).data ?? answer)
  const numbers = Object.values(list as object)
  const areBytes = numbers.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)
  return areBytes ? Uint8Array.from(numbers) : undefined
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
