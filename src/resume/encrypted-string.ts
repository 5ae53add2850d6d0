import { CompactEncrypt, compactDecrypt } from 'jose'
import { fromUtf8, utf8 } from '../base/bytes.js'
import { fromBase64url } from '../base/multibase.js'

// Session strings that are encrypted with a password: compact JWE (RFC 7516) with PBES2 (RFC 7518 §4.8) and AES-256-GCM only.

const ALG = 'PBES2-HS512+A256KW'
const ENC = 'A256GCM'
const HEADER = ['alg', 'enc', 'p2c', 'p2s']
// Iterations of PBKDF2 with HMAC-SHA-512: nearly three times what OWASP recommends.
const ROUNDS = 600_000
// A string that asks for more iterations is refused, because decrypting it could take minutes.
const MOST_ROUNDS = 1_000_000
// Characters: the longest session string encoded in base64url, plus the other parts of the JWE.
const MAX_LENGTH = 540_000

/** Encrypts a session string. Throws a `TypeError` unless the password is a non-empty string. */
export async function encryptString(text: string, password: string): Promise<string> {
  return new CompactEncrypt(utf8(text))
    .setProtectedHeader({ alg: ALG, enc: ENC })
    .setKeyManagementParameters({ p2c: ROUNDS })
    .encrypt(secretOf(password))
}

/**
 * Decrypts a session string. Resolves with `undefined` if the password is wrong, or the text was changed or isn't such a JWE.
 * Throws a `TypeError` unless the password is a non-empty string.
 */
export async function decryptString(text: string, password: string): Promise<string | undefined> {
  const secret = secretOf(password)
  if (!isEncryptedString(text)) return undefined
  const plain = await compactDecrypt(text, secret, {
    keyManagementAlgorithms: [ALG],
    contentEncryptionAlgorithms: [ENC],
    maxPBES2Count: MOST_ROUNDS,
  }).catch(() => undefined)
  return plain && fromUtf8(plain.plaintext)
}

// Checked here too, because jose decodes base64url leniently and accepts header members that we never write.
function isEncryptedString(text: string): boolean {
  const parts = text.length > MAX_LENGTH ? [] : text.split('.').map((part) => fromBase64url(part))
  const [header] = parts
  if (!header || parts.some((part) => !part?.length)) return false
  try {
    const value: unknown = JSON.parse(fromUtf8(header) ?? '')
    return typeof value === 'object' && value !== null && Object.keys(value).sort().join() === HEADER.join()
  } catch {
    return false
  }
}

// Keyboards compose accented letters in different ways, which NFC makes equal (RFC 8265 §4.2).
function secretOf(password: unknown): Uint8Array {
  if (typeof password === 'string' && password !== '') return utf8(password.normalize('NFC'))
  throw new TypeError('password must be a non-empty string')
}
