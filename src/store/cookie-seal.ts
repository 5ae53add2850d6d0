import { CompactEncrypt, compactDecrypt } from 'jose'
import { concat, fromUtf8, utf8 } from '../base/bytes.js'
import { fromBase64url, toBase64url } from '../base/multibase.js'
import { subtleCrypto } from '../key/session-key.js'

// Seals the values of cookies as compact JWE (RFC 7516), always with A256CBC-HS512 (RFC 7518 §5.2.5). AES-GCM would be unsafe
// here: its short random nonces would repeat on a server that writes for years, and a repeated nonce reveals the key. The key is
// derived (HKDF, RFC 5869) from the secret and the cookie's name, which contains the prefix and the namespace. Therefore a value
// that was sealed for one cookie can't be opened in a different cookie.

const ALG = 'dir'
const ENC = 'A256CBC-HS512'
const KEY_BITS = 512
const INFO = 'cacao-session cookie 1\n'
// The first byte of the plaintext says which form follows. A base64url value, such as `stringStore` writes, is sealed as its
// decoded bytes, because encoding it in base64url a second time would make the cookie longer.
const TEXT = Uint8Array.of(0)
const BYTES = Uint8Array.of(1)

/** Seals a value for the cookie of this name. */
export async function seal(value: string, name: string, secret: Uint8Array): Promise<string> {
  const bytes = fromBase64url(value)
  return new CompactEncrypt(bytes ? concat(BYTES, bytes) : concat(TEXT, utf8(value)))
    .setProtectedHeader({ alg: ALG, enc: ENC })
    .encrypt(await keyFor(name, secret))
}

/** Opens a value that was sealed for the cookie of this name with one of the secrets. Returns `undefined` for any other text. */
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
