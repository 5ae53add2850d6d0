import { CompactEncrypt, compactDecrypt } from 'jose'
import { fromBase64url, toBase64url } from '../base/base64.js'
import { concat } from '../base/bytes.js'
import { fromUtf8, utf8 } from '../base/utf8.js'
import { subtleCrypto } from '../key/session-key.js'

// A cookie's value, sealed: compact JWE (RFC 7516), with a key of 64 bytes for AES-256 in CBC and HMAC with SHA-512 (RFC 7518
// §5.2.5), and no other. Not GCM, whose short random nonces would repeat on a server that writes for years, and give its key
// away. The key is derived (HKDF, RFC 5869) for the cookie's whole name, which has the prefix and the namespace in it: what was
// sealed for one opens in no other.

const ALG = 'dir'
const ENC = 'A256CBC-HS512'
const KEY_BITS = 512
const INFO = 'cacao-session cookie 1\n'
// What comes before the value, so that base64url, as `stringStore` writes, isn't written as base64url once more.
const TEXT = Uint8Array.of(0)
const BYTES = Uint8Array.of(1)

/** Seals the value of the cookie of this name. */
export async function seal(value: string, name: string, secret: Uint8Array): Promise<string> {
  const bytes = fromBase64url(value)
  const isBase64url = bytes !== undefined && toBase64url(bytes) === value
  return new CompactEncrypt(isBase64url ? concat(BYTES, bytes) : concat(TEXT, utf8(value)))
    .setProtectedHeader({ alg: ALG, enc: ENC })
    .encrypt(await keyFor(name, secret))
}

/** The value that was sealed for this name with one of the secrets; `undefined` for anything else. */
export async function unseal(
  sealed: string,
  name: string,
  secrets: readonly Uint8Array[],
): Promise<string | undefined> {
  for (const secret of secrets) {
    const key = await keyFor(name, secret)
    const opened = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: [ALG],
      contentEncryptionAlgorithms: [ENC],
    }).catch(() => undefined)
    if (opened) return textIn(opened.plaintext)
  }
  return undefined
}

function textIn(bytes: Uint8Array): string | undefined {
  const [form] = bytes
  const rest = bytes.slice(1)
  if (form === BYTES[0]) return toBase64url(rest)
  return form === TEXT[0] ? fromUtf8(rest) : undefined
}

async function keyFor(name: string, secret: Uint8Array): Promise<Uint8Array> {
  const subtle = subtleCrypto()
  const base = await subtle.importKey('raw', new Uint8Array(secret), 'HKDF', false, ['deriveBits'])
  const params = { name: 'HKDF', hash: 'SHA-512', salt: new Uint8Array(), info: utf8(INFO + name) }
  return new Uint8Array(await subtle.deriveBits(params, base, KEY_BITS))
}
