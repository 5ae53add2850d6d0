import type { Cacao, DIDSession } from 'cacao-session'
import type { Library } from './library.js'

// The keys of the cases. They are well known and protect nothing of value.
export const PRIVATE_KEY = `0x${'11'.repeat(32)}` as const
export const ADDRESS = '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'
export const ACCOUNT = `eip155:1:${ADDRESS.toLowerCase()}`
export const ISSUER = `did:pkh:${ACCOUNT}`
export const OTHER_KEY = `0x${'22'.repeat(32)}` as const
export const DOMAIN = 'app.example.com'
export const NOTES = 'https://api.example.com/notes/*'

/** RFC 8032, 7.1, test 1: the secret key. */
export const ED25519_SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
/** Its did:key. */
export const ED25519_DID = 'did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw'

export const SIGNED_AT = Date.parse('2026-01-01T00:00:00.000Z')
export const EXPIRES_AT = Date.parse('2026-01-08T00:00:00.000Z')
export const DURING = (): number => SIGNED_AT + 1000

/** Requested with every varying value fixed, so that the text and the signature are the same in every runtime. */
export const FIXED = {
  uri: ED25519_DID,
  nonce: 'conformance1',
  issuedAt: new Date(SIGNED_AT).toISOString(),
  expirationTime: new Date(EXPIRES_AT).toISOString(),
  resources: [NOTES],
}

/** A capability for that key, signed by an Ethereum account. */
export function fixedCapability({ ethereum }: Library): Promise<Cacao> {
  return ethereum.ethereumAuth(PRIVATE_KEY, undefined, { domain: DOMAIN })(FIXED)
}

/** A session for strings, valid now. */
export async function freshSession({ core, ethereum }: Library): Promise<DIDSession> {
  const auth = ethereum.ethereumAuth(PRIVATE_KEY, undefined, { domain: DOMAIN })
  return core.DIDSession.authorize(auth, { resources: [NOTES] })
}

export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

export function textOf(hex: string): string {
  return new TextDecoder().decode(bytesOf(hex.replace('0x', '')))
}

export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** The same with its last significant character changed. */
export function altered(text: string): string {
  const at = Math.floor(text.length / 2)
  return text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1)
}
