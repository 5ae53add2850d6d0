import { concat } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { fromBase64url, toBase64url } from '../base/multibase.js'
import { encodeDIDKey, parseDIDKey } from './did-key.js'
import {
  pairKey,
  type SessionKey,
  type SessionKeyType,
  SIGNATURE_ALGORITHMS,
  subtleCrypto,
} from './session-key.js'
import { KEY_ALGORITHMS, MAX_NATIVE_ED25519 } from './verify.js'

// In WebKitGTK about one in a hundred attempts to generate an Ed25519 key fails with an OperationError, and the next
// one succeeds.
const GENERATE_ATTEMPTS = 5

/**
 * Generates a key that can't be exported. Rejects with `ERR_KEY_UNSUPPORTED` if the engine lacks this type of key, and
 * with `ERR_ENVIRONMENT` if `crypto.subtle` is missing.
 */
export async function generateSessionKey(type: SessionKeyType): Promise<SessionKey> {
  const subtle = subtleCrypto()
  let cause: unknown
  for (let attempt = 0; attempt < GENERATE_ATTEMPTS; attempt++) {
    try {
      return await pairKey(
        (await subtle.generateKey(KEY_ALGORITHMS[type], false, ['sign', 'verify'])) as CryptoKeyPair,
        type,
      )
    } catch (error) {
      cause = error
      if (!(error instanceof Error && error.name === 'OperationError')) break
    }
  }
  throw new SessionError(
    'ERR_KEY_UNSUPPORTED',
    `this engine can't generate ${type} keys: choose another keyType`,
    { cause },
  )
}

/** Whether the key pair can sign. Engines have returned keys from IndexedDB that could not. */
export async function canSign(key: SessionKey): Promise<boolean> {
  if (!key.pair) return false
  const subtle = subtleCrypto()
  const data = crypto.getRandomValues(new Uint8Array(32))
  try {
    // Imported again, because public keys that did-session stored have no `verify` usage.
    const raw = await subtle.exportKey('raw', key.pair.publicKey)
    const publicKey = await subtle.importKey('raw', raw, KEY_ALGORITHMS[key.type], true, ['verify'])
    return await subtle.verify(SIGNATURE_ALGORITHMS[key.type], publicKey, await key.sign(data), data)
  } catch {
    return false
  }
}

/** The length of a seed in bytes. */
export const SEED_LENGTH = 32

// The bytes before the seed in a PKCS #8 Ed25519 key (RFC 8410 §7). WebCrypto imports a private key without its public
// key only in the format PKCS #8.
const PKCS8_PREFIX = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)

/**
 * Derives the Ed25519 key of a 32-byte seed (RFC 8032 §5.1.5), with WebCrypto if the engine has Ed25519, or else with
 * `@noble/ed25519`. Passing the key's expected DID makes this faster; a DID of another key is ignored. Rejects with a
 * `TypeError` for a seed of another length, and with `ERR_ENVIRONMENT` if `crypto.subtle` is missing.
 */
export async function seedKey(seed: Uint8Array, expectedDID?: string): Promise<SessionKey> {
  const own = new Uint8Array(seed)
  if (own.length !== SEED_LENGTH) throw new TypeError(`seed must have ${SEED_LENGTH} bytes`)
  const expected = expectedDID === undefined ? undefined : await expectedSeedKey(own, expectedDID)
  return expected ?? (await nativeSeedKey(own)) ?? nobleSeedKey(own)
}

/** The seed's key in WebCrypto; `undefined` if the engine lacks Ed25519. */
export async function nativeSeedKey(seed: Uint8Array<ArrayBuffer>): Promise<SessionKey | undefined> {
  const subtle = subtleCrypto()
  try {
    const key = await subtle.importKey('pkcs8', concat(PKCS8_PREFIX, seed), 'Ed25519', true, ['sign'])
    const { x } = await subtle.exportKey('jwk', key)
    const bytes = x && fromBase64url(x)
    if (!bytes) return undefined
    return keyOf(encodeDIDKey({ type: 'Ed25519', bytes }), key, seed)
  } catch {
    return undefined
  }
}

function keyOf(did: string, key: CryptoKey, seed: Uint8Array): SessionKey {
  const sign = async (data: Uint8Array): Promise<Uint8Array<ArrayBuffer>> =>
    data.length > MAX_NATIVE_ED25519
      ? signByNoble(data, seed)
      : new Uint8Array(await subtleCrypto().sign('Ed25519', key, new Uint8Array(data)))
  return { did, type: 'Ed25519', sign }
}

// Firefox doesn't check whether the public key belongs to the seed, so in Firefox the public key must be derived.
let engineChecksPairs: Promise<boolean> | undefined

// In Node 20, deriving the public key takes ten times as long as checking that it belongs to the seed. Returns
// `undefined` if it doesn't belong to the seed, or if the engine doesn't check that.
async function expectedSeedKey(seed: Uint8Array<ArrayBuffer>, did: string): Promise<SessionKey | undefined> {
  const publicKey = parseDIDKey(did)
  if (publicKey?.type !== 'Ed25519') return undefined
  // Where it is missing, it may be installed later, as in React Native, so that failure must not be remembered.
  subtleCrypto()
  engineChecksPairs ??= importPair(new Uint8Array(SEED_LENGTH), new Uint8Array(SEED_LENGTH).fill(1)).then(
    (key) => !key,
  )
  if (!(await engineChecksPairs)) return undefined
  const key = await importPair(seed, publicKey.bytes)
  return key && keyOf(did, key, seed)
}

async function importPair(seed: Uint8Array, publicKey: Uint8Array): Promise<CryptoKey | undefined> {
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: toBase64url(seed), x: toBase64url(publicKey) }
  return subtleCrypto()
    .importKey('jwk', jwk, 'Ed25519', false, ['sign'])
    .catch(() => undefined)
}

/** The seed's key in @noble/ed25519, which is loaded on demand. */
export async function nobleSeedKey(seed: Uint8Array<ArrayBuffer>): Promise<SessionKey> {
  const { getPublicKeyAsync } = await import('@noble/ed25519')
  return {
    did: encodeDIDKey({ type: 'Ed25519', bytes: new Uint8Array(await getPublicKeyAsync(seed)) }),
    type: 'Ed25519',
    sign: (data) => signByNoble(data, seed),
  }
}

async function signByNoble(data: Uint8Array, seed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const own = new Uint8Array(data)
  const { signAsync } = await import('@noble/ed25519')
  return new Uint8Array(await signAsync(own, seed))
}
