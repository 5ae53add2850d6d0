/** A key in `node:crypto`, a `KeyObject`. */
export type KeyObject = object

/** What is used of `node:crypto`. Its own types are Node's, which pages don't have. */
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
 * `node:crypto` in Node, Deno and Bun; elsewhere `undefined`. It works on this thread, while the work of WebCrypto goes to another
 * one and back, which takes longer than to hash or verify what is small. It is asked for by name at run time, so that no bundler
 * takes it along.
 */
export function nodeCrypto(): NodeCrypto | undefined {
  found ??= { crypto: findNodeCrypto() }
  return found.crypto
}

/**
 * The SHA-256 of a text as a text, by which much can be remembered in little memory; the text itself where nothing hashes it at once.
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
  // Workers of Cloudflare may have modules by these names, which are not Node's.
  if (navigator?.userAgent === 'Cloudflare-Workers' || !process?.versions?.node) return undefined
  return process.getBuiltinModule?.('node:crypto') as NodeCrypto | undefined
}
