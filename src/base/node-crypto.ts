/** A key in `node:crypto`, a `KeyObject`. */
export type KeyObject = object

/**
 * The part of `node:crypto` that this library uses. Declared here, because Node's types are not available to code for
 * pages.
 */
export interface NodeCrypto {
  createHash(algorithm: 'sha256'): {
    update(data: Uint8Array | string): {
      digest(): Uint8Array<ArrayBuffer>
      digest(encoding: 'base64url' | 'latin1'): string
    }
  }
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
 * `node:crypto` in Node, Deno and Bun; elsewhere `undefined`. It works on the current thread. WebCrypto uses another
 * thread, and for small data, switching threads takes longer than hashing or verifying. The module is looked up by name
 * at run time, so that no bundler includes it.
 */
export function nodeCrypto(): NodeCrypto | undefined {
  found ??= { crypto: findNodeCrypto() }
  return found.crypto
}

/**
 * A short text that stands for a long one in a cache, to save memory: its SHA-256 as 32 characters. Where `node:crypto`
 * is missing, the text itself, because WebCrypto can't hash synchronously.
 */
export function shortId(text: string): string {
  const native = nodeCrypto()
  return native ? native.createHash('sha256').update(text).digest('latin1') : text
}

function findNodeCrypto(): NodeCrypto | undefined {
  const { process, navigator } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown; versions?: { node?: string } }
    navigator?: { userAgent?: string }
  }
  // Cloudflare Workers may have modules with Node's names that are not Node's.
  if (navigator?.userAgent === 'Cloudflare-Workers' || !process?.versions?.node) return undefined
  return process.getBuiltinModule?.('node:crypto') as NodeCrypto | undefined
}
