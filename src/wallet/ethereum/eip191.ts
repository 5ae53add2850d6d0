import { keccak_256 } from '@noble/hashes/sha3.js'
import { concat, utf8 } from '../../base/bytes.js'
import { SessionError } from '../../base/errors.js'
import { fromHex, toHex } from '../../base/hex.js'
import { LRUCache } from '../../base/lru-cache.js'
import { wrong } from '../../base/options.js'
import type { VerifierOptions } from '../../capability/verify-signature.js'
import { ethereumCapability, renderings } from './siwe-message.js'

// Half of the curve's order. From any signature, anyone can derive a second valid one whose s is above it, so only
// the lower s is accepted.
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/**
 * Recovers the public key (65 bytes, uncompressed) from a secp256k1 signature (r and s, 64 bytes) over a hash
 * of 32 bytes; `recovery` is 0 or 1. Throws, or returns null, if no key fits.
 */
export type RecoverPublicKey = (
  hash: Uint8Array,
  signature: Uint8Array,
  recovery: number,
) => Uint8Array | null

// A full cache takes about 400 kB.
const MAX_CACHED = 1000

/**
 * Adds a cache of the last 1000 results to `recover`. A server receives the same capability with each request of a session, and the
 * same signature over the same hash always has the same key. Throws `ERR_CAPABILITY_UNSUPPORTED` if `recover` is not a function.
 */
export function cachedRecovery(recover: RecoverPublicKey): RecoverPublicKey {
  if (typeof recover !== 'function')
    throw unusable('eip191', wrong('recover', 'a function, such as recoverWithSecp256k1(secp256k1) returns'))
  const cache = new LRUCache<Uint8Array>(MAX_CACHED)
  return (hash, signature, recovery) => {
    const id = `${toHex(hash)}${toHex(signature)}${recovery}`
    const cached = cache.get(id)
    if (cached) return cached
    const publicKey = recover(hash, signature, recovery)
    if (publicKey) cache.set(id, publicKey)
    return publicKey
  }
}

/**
 * The error of a verifier with a wrong option. A `TypeError` alone would be hidden in the cause of "not signed by its issuer", which
 * blames the person who signed.
 */
export function unusable(type: string, cause: Error): SessionError {
  return new SessionError(
    'ERR_CAPABILITY_UNSUPPORTED',
    `${type} signatures can't be verified, because of an option of ethereumVerifiers: ${cause.message}`,
    { cause },
  )
}

/**
 * Verifies the signature of an externally owned account over a capability. Tries the current message format
 * first, then those of older software. Throws `ERR_CAPABILITY_SIGNATURE`.
 */
export async function verifyEIP191(
  input: unknown,
  options: VerifierOptions | undefined,
  recover: RecoverPublicKey,
): Promise<void> {
  const { cacao, address } = ethereumCapability(input, options)
  const signature = parseSignature(cacao.s.s)
  if (!signature) {
    throw new SessionError(
      'ERR_CAPABILITY_SIGNATURE',
      'malformed eip191 signature: it must be 65 bytes (r, s, v) with a low s',
    )
  }
  for (const text of renderings(cacao)) {
    if (recoverAddress(text, signature, recover) === address) return
  }
  throw new SessionError('ERR_CAPABILITY_SIGNATURE', `the capability is not signed by ${cacao.p.iss}`)
}

/** Returns the address that signed the text, in lower case; `undefined` if the signature fits no key. */
export function recoverAddress(
  text: string,
  signature: Uint8Array,
  recover: RecoverPublicKey,
): string | undefined {
  try {
    const publicKey = recover(eip191Hash(text), signature.slice(0, 64), (signature[64] ?? 0) - 27)
    return publicKey?.length === 65 && publicKey[0] === 4 ? addressOfPublicKey(publicKey) : undefined
  } catch {
    return undefined
  }
}

/** Returns the address of an uncompressed public key (65 bytes), in lower case. */
export function addressOfPublicKey(publicKey: Uint8Array): string {
  return `0x${toHex(keccak_256(publicKey.subarray(1)).subarray(-20))}`
}

/** Returns the hash that a wallet signs for a text (EIP-191, version 0x45). The length in it counts bytes. */
export function eip191Hash(text: string): Uint8Array {
  const message = utf8(text)
  return keccak_256(concat(utf8(`\x19Ethereum Signed Message:\n${message.length}`), message))
}

/**
 * Returns a signature as 65 bytes with a v of 27 or 28. Takes the forms that wallets use: 65 bytes with a v
 * of 27, 28, 0 or 1, or the 64 bytes of ERC-2098. Returns `undefined` for any other form, and if s is high.
 */
export function parseSignature(signature: string | Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const bytes = typeof signature === 'string' ? hexSignature(signature) : new Uint8Array(signature)
  if (bytes?.length === 64) return parseSignature(expandERC2098(bytes))
  if (bytes?.length !== 65) return undefined
  const v = bytes[64] ?? 0
  if (v < 2) bytes[64] = v + 27
  else if (v !== 27 && v !== 28) return undefined
  const s = BigInt(`0x${toHex(bytes.subarray(32, 64))}`)
  return s > 0n && s <= HALF_ORDER ? bytes : undefined
}

// The curve's order.
const ORDER = 2n * HALF_ORDER + 1n
const WORD_DIGITS = 64

/**
 * Returns the signature that an account's own key made over a text, as 65 bytes with a low s and a v of 27 or 28; `undefined` if it is
 * not the account's. Wallets and hardware write the same signature in further ways: with a high s, or with a v of another meaning.
 * The address tells which v is right.
 */
export function ownSignature(
  text: string,
  hex: string,
  address: string,
  recover: RecoverPublicKey,
): Uint8Array<ArrayBuffer> | undefined {
  const given = hexSignature(hex)
  const bytes = given?.length === 64 ? expandERC2098(given) : given
  if (!bytes) return undefined
  const s = BigInt(`0x${toHex(bytes.subarray(32, 64))}`)
  const lowS = s > HALF_ORDER && s < ORDER ? ORDER - s : s
  const r = bytes.subarray(0, 32)
  const low = fromHex(lowS.toString(16).padStart(WORD_DIGITS, '0')) ?? new Uint8Array()
  for (const v of [27, 28]) {
    const candidate = parseSignature(concat(r, low, Uint8Array.of(v)))
    if (candidate && recoverAddress(text, candidate, recover) === address) return candidate
  }
  return undefined
}

// Only lower-case hex is accepted, because a second spelling would make a second capability with the same signature.
function hexSignature(text: string): Uint8Array<ArrayBuffer> | undefined {
  return /^0x[0-9a-f]{128}([0-9a-f]{2})?$/.test(text) ? fromHex(text.slice(2)) : undefined
}

// ERC-2098 stores v in the highest bit of s.
function expandERC2098(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const expanded = concat(bytes, Uint8Array.of((bytes[32] ?? 0) >> 7))
  expanded[32] = (expanded[32] ?? 0) & 0x7f
  return expanded
}
