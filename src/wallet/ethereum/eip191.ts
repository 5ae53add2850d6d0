import { keccak_256 } from '@noble/hashes/sha3.js'
import { concat } from '../../base/bytes.js'
import { SessionError } from '../../base/errors.js'
import { fromHex, toHex } from '../../base/hex.js'
import { utf8 } from '../../base/utf8.js'
import type { VerifierOptions } from '../../capability/verify-signature.js'
import { ethereumCapability, renderings } from './siwe-message.js'
/**
 * Finds the public key (65 bytes, uncompressed) that made a secp256k1 signature (r and s, 64 bytes) over a hash
 * of 32 bytes; `recovery` is 0 or 1. Throws, or gives null, if no key fits.
 */
export type RecoverPublicKey = (
  hash: Uint8Array,
  signature: Uint8Array,
  recovery: number,
) => Uint8Array | null

// A second signature of the same text, made from the first by anyone, has s above half the curve's order.
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** The hash that a wallet signs for a text (EIP-191, version 0x45): the length counts bytes. */
export function eip191Hash(text: string): Uint8Array {
  const message = utf8(text)
  return keccak_256(concat(utf8(`\x19Ethereum Signed Message:\n${message.length}`), message))
}

/** The address of an uncompressed public key (65 bytes), in lower case. */
export function addressOfPublicKey(publicKey: Uint8Array): string {
  return `0x${toHex(keccak_256(publicKey.subarray(1)).subarray(-20))}`
}

/**
 * The signature as 65 bytes with v 27 or 28, from what wallets give: 65 bytes with v 27/28 or 0/1, or the 64
 * of ERC-2098. `undefined` for any other form, and for a high s.
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

/** The address that signed the text, in lower case; `undefined` if the signature fits no key. */
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

/**
 * Checks an externally owned account's signature over a capability. Throws `ERR_CAPABILITY_SIGNATURE`.
 * Tries the text as it is written today first; only if that fails, the ways in which older software wrote it.
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

// Hex in one spelling only: another case or a missing 0x would be another capability with the same signature.
function hexSignature(text: string): Uint8Array<ArrayBuffer> | undefined {
  return /^0x[0-9a-f]{128}([0-9a-f]{2})?$/.test(text) ? fromHex(text.slice(2)) : undefined
}

// ERC-2098 keeps v in the highest bit of s.
function expandERC2098(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const expanded = concat(bytes, Uint8Array.of((bytes[32] ?? 0) >> 7))
  expanded[32] = (expanded[32] ?? 0) & 0x7f
  return expanded
}
