import { toBase64url } from '../base/multibase.js'
import { decompressP256, isEd25519Key } from './did-key.js'
import type { KeyType, PublicKey } from './public-key.js'

/** A key in `node:crypto`, a `KeyObject`. */
type KeyObject = object

/** What is used of `node:crypto`. Its own types are Node's, which pages don't have. */
export interface NodeCrypto {
  createPublicKey(key: { key: JsonWebKey; format: 'jwk' }): KeyObject
  verify(
    algorithm: 'sha256' | null,
    data: Uint8Array,
    key: { key: KeyObject; dsaEncoding?: 'ieee-p1363' },
    signature: Uint8Array,
  ): boolean
}

let found: { readonly crypto: NodeCrypto | undefined } | undefined

/**
 * `node:crypto` in Node, Deno and Bun, where it verifies signatures of this type of key in half the time of WebCrypto, whose work
 * goes to another thread and back; otherwise `undefined`. It is asked for by name at run time, so that no bundler takes it along.
 */
export function nodeCrypto(type: KeyType): NodeCrypto | undefined {
  // Deno's own WebCrypto is faster with P-256.
  if (type === 'P-256' && 'Deno' in globalThis) return undefined
  found ??= { crypto: findNodeCrypto() }
  return found.crypto
}

function findNodeCrypto(): NodeCrypto | undefined {
  const { process, navigator } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown; versions?: { node?: string } }
    navigator?: { userAgent?: string }
  }
  // Workers of Cloudflare may have modules by these names, which are not Node's.
  if (navigator?.userAgent === 'Cloudflare-Workers' || !process?.versions?.node) return undefined
  return process.getBuiltinModule?.('node:crypto') as NodeCrypto | undefined
}

// With the object, as `knownKey` keeps it: making a key takes longer than verifying a signature.
const keys = new WeakMap<PublicKey, KeyObject>()

/** `verifyKeySignature` by `node:crypto`, for a signature of 64 bytes. */
export function verifyNatively(
  { createPublicKey, verify }: NodeCrypto,
  publicKey: PublicKey,
  signature: Uint8Array,
  data: Uint8Array,
): boolean {
  try {
    let key = keys.get(publicKey)
    if (!key) {
      const jwk = jwkOf(publicKey)
      if (!jwk) return false
      key = createPublicKey({ key: jwk, format: 'jwk' })
      keys.set(publicKey, key)
    }
    return publicKey.type === 'P-256'
      ? verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature)
      : verify(null, data, { key }, signature)
  } catch {
    // OpenSSL throws if the bytes are no key.
    return false
  }
}

function jwkOf({ type, bytes }: PublicKey): JsonWebKey | undefined {
  if (type === 'Ed25519')
    return isEd25519Key(bytes) ? { kty: 'OKP', crv: 'Ed25519', x: toBase64url(bytes) } : undefined
  const point = type === 'P-256' ? decompressP256(bytes) : undefined
  return (
    point && {
      kty: 'EC',
      crv: 'P-256',
      x: toBase64url(point.subarray(1, 33)),
      y: toBase64url(point.subarray(33)),
    }
  )
}
