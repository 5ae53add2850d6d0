import { abiEncode } from './abi.js'

// The suffix that marks a signature of an account that is not delegated yet, and the number of hex digits in a word of 32 bytes.
const MAGIC = '8010'.repeat(16)
const WORD = 64
const WORDS = 8

/** The contract that an account delegates to (EIP-7702), as the account signed it. */
export interface Delegation {
  readonly chainId: bigint
  readonly address: bigint
  readonly nonce: bigint
  readonly yParity: bigint
  readonly r: bigint
  readonly s: bigint
  /** What to call once the account is delegated, so that it knows who may sign. */
  readonly to: bigint
  /** In hex without `0x`. */
  readonly data: string
}

/** A signature with the delegation under which it is valid. All in hex without `0x`. */
export interface DelegatedSignature {
  readonly signature: string
  readonly delegation: Delegation
}

/** Whether a signature, in hex, has the mark of ERC-8010. */
export function isERC8010(hex: string): boolean {
  return hex.endsWith(MAGIC)
}

/**
 * Unwraps a signature (ERC-8010), from hex without `0x`: the signature itself, the delegation and how to initialise it, the length
 * of that, and the mark. Returns `undefined` unless it has exactly this form.
 */
export function unwrapERC8010(hex: string): DelegatedSignature | undefined {
  const end = hex.length - 2 * WORD
  const length = 2 * Number.parseInt(hex.slice(end, end + WORD), 16)
  const start = end - length
  if (!(start > 0 && length >= (WORDS + 1) * WORD)) return undefined
  const context = hex.slice(start, end)
  const words = Array.from({ length: WORDS - 1 }, (_, i) =>
    BigInt(`0x${context.slice(i * WORD, (i + 1) * WORD)}`),
  )
  const isAddress = (word = 0n): boolean => word < 1n << 160n
  const [chainId = 0n, address = 0n, nonce = 0n, yParity = 0n, r = 0n, s = 0n, to = 0n] = words
  const dataLength = Number.parseInt(context.slice(WORDS * WORD, (WORDS + 1) * WORD), 16)
  const data = context.slice((WORDS + 1) * WORD, (WORDS + 1) * WORD + 2 * dataLength)
  const isExact = abiEncode([...words, { bytes: data }]) === context
  if (!isExact || !isAddress(address) || !isAddress(to)) return undefined
  if (abiEncode([BigInt(length / 2)]) !== hex.slice(end, end + WORD)) return undefined
  return { signature: hex.slice(0, start), delegation: { chainId, address, nonce, yParity, r, s, to, data } }
}
