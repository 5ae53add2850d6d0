import type { Outcomes } from './session-report.js'

const { subtle } = globalThis.crypto

/** Tries every way in which a script with the key could read its bytes. */
export async function takeKey(key: CryptoKey): Promise<Outcomes> {
  const wrapping = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['wrapKey'])
  const wrap = (format: 'pkcs8' | 'jwk'): Promise<ArrayBuffer> =>
    subtle.wrapKey(format, key, wrapping, { name: 'AES-GCM', iv: new Uint8Array(12) })
  return {
    'exportKey pkcs8': await outcome(subtle.exportKey('pkcs8', key)),
    'exportKey jwk': await outcome(subtle.exportKey('jwk', key)),
    'wrapKey pkcs8': await outcome(wrap('pkcs8')),
    'wrapKey jwk': await outcome(wrap('jwk')),
  }
}

function outcome(attempt: Promise<unknown>): Promise<string> {
  return attempt.then(
    () => 'taken',
    (error: unknown) => (error as Error).name,
  )
}
