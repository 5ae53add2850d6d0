import { fromBase64url, toBase64url } from '../base/base64.js'
import { concat } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { encodeDIDKey } from './did-key.js'
import { parseDIDKey } from './parse-did-key.js'
import {
  KEY_ALGORITHMS,
  MAX_NATIVE_ED25519,
  pairKey,
  type SessionKey,
  type SessionKeyType,
  SIGNATURE_ALGORITHMS,
  subtleCrypto,
} from './session-key.js'

// WebKitGTK fails about one Ed25519 generation in a hundred with OperationError and succeeds the next time.
const GENERATE_ATTEMPTS = 5

/** Makes a key that no script can export. Throws `ERR_KEY_UNSUPPORTED` where the engine lacks the type. */
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
    `this engine can't make ${type} keys: ask for another keyType`,
    { cause },
  )
}

/** Whether the key really signs: engines have stored keys that came back unable to. */
export async function canSign(key: SessionKey): Promise<boolean> {
  if (!key.pair) return false
  const subtle = subtleCrypto()
  const data = crypto.getRandomValues(new Uint8Array(32))
  try {
    // Imported anew, because keys stored by did-session carry no right to verify.
    const raw = await subtle.exportKey('raw', key.pair.publicKey)
    const publicKey = await subtle.importKey('raw', raw, KEY_ALGORITHMS[key.type], true, ['verify'])
    return await subtle.verify(SIGNATURE_ALGORITHMS[key.type], publicKey, await key.sign(data), data)
  } catch {
    return false
  }
}

/** Bytes in a seed. */
export const SEED_LENGTH = 32

// What stands before the seed in a PKCS #8 Ed25519 key (RFC 8410 §7): the only way to hand WebCrypto a seed
// without knowing the public key.
const PKCS8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)

/**
 * The Ed25519 key that grows from a 32-byte seed: native where the engine has Ed25519, else @noble/ed25519. With the
 * DID that it is expected to have it comes faster; with another DID than that one, it has its own.
 */
export async function seedKey(seed: Uint8Array, expectedDID?: string): Promise<SessionKey> {
  const own = new Uint8Array(seed)
  if (own.length !== SEED_LENGTH) throw new TypeError(`seed must have ${SEED_LENGTH} bytes`)
  const expected = expectedDID === undefined ? undefined : await expectedSeedKey(own, expectedDID)
  return expected ?? (await nativeSeedKey(own)) ?? nobleSeedKey(own)
}

/** By WebCrypto alone; `undefined` where the engine lacks Ed25519. */
export async function nativeSeedKey(seed: Uint8Array<ArrayBuffer>): Promise<SessionKey | undefined> {
  const subtle = subtleCrypto()
  try {
    const key = await subtle.importKey('pkcs8', concat(PKCS8, seed), 'Ed25519', true, ['sign'])
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

// Node 20 takes ten times as long to find out the public key as to check it. `undefined` if it is another one.
async function expectedSeedKey(seed: Uint8Array<ArrayBuffer>, did: string): Promise<SessionKey | undefined> {
  const publicKey = parseDIDKey(did)
  if (publicKey?.type !== 'Ed25519') return undefined
  checksPairs ??= importPair(new Uint8Array(SEED_LENGTH), new Uint8Array(SEED_LENGTH).fill(1)).then(
    (key) => !key,
  )
  if (!(await checksPairs)) return undefined
  const key = await importPair(seed, publicKey.bytes)
  return key && keyOf(did, key, seed)
}

// Firefox takes any public key for that of a seed, so there it must be found out.
let checksPairs: Promise<boolean> | undefined

async function importPair(seed: Uint8Array, publicKey: Uint8Array): Promise<CryptoKey | undefined> {
  const jwk = { kty: 'OKP', crv: 'Ed25519', d: toBase64url(seed), x: toBase64url(publicKey) }
  return subtleCrypto()
    .importKey('jwk', jwk, 'Ed25519', false, ['sign'])
    .catch(() => undefined)
}

/** By @noble/ed25519 alone, which loads only now. */
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
