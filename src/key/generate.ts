import { SessionError } from '../base/errors.js'
import {
  KEY_ALGORITHMS,
  pairKey,
  type SessionKey,
  type SessionKeyType,
  SIGNATURE_ALGORITHMS,
} from './session-key.js'
import { subtleCrypto } from './subtle.js'

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
