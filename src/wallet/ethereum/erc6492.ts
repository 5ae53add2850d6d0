import { abiEncode } from './abi.js'
import { type Delegation, isERC8010, unwrapERC8010 } from './erc8010.js'

export { abiEncode }

// The suffix that marks a wrapped signature, and the number of hex digits in a word of 32 bytes.
const MAGIC = '6492'.repeat(16)
const WORD = 64

/**
 * A contract account's signature and, if the account is not deployed yet, how to deploy it. All in hex
 * without `0x`.
 */
export interface ContractSignature {
  readonly signature: string
  /** The contract that deploys the account, and the data to call it with (ERC-6492). */
  readonly factory?: bigint
  readonly deployment?: string
  /** The delegation of an account that is not delegated yet (ERC-8010). */
  readonly delegation?: Delegation
}

/**
 * Parses the signature of a contract account, wrapped (ERC-6492, ERC-8010) or not, from `0x` and lower-case hex.
 * It may be empty, as that of a Safe whose owners signed on its chain. Returns `undefined` unless it has exactly
 * one of these forms: another spelling would be a second capability with the same signature.
 */
export function parseContractSignature(text: unknown): ContractSignature | undefined {
  if (typeof text !== 'string' || !/^0x([0-9a-f]{2})*$/.test(text)) return undefined
  const hex = text.slice(2)
  if (isERC8010(hex)) return unwrapERC8010(hex)
  return hex.endsWith(MAGIC) ? unwrap(hex.slice(0, -WORD)) : { signature: hex }
}

// A wrapped signature is abi.encode(address factory, bytes deployment, bytes signature).
function unwrap(hex: string): ContractSignature | undefined {
  const factoryDigits = hex.slice(WORD - 40, WORD)
  if (factoryDigits.length !== 40) return undefined
  const factory = BigInt(`0x${factoryDigits}`)
  const deployment = bytesAt(hex, 3 * WORD)
  const signature = bytesAt(hex, 4 * WORD + Math.ceil(deployment.length / WORD) * WORD)
  const isExact = abiEncode([factory, { bytes: deployment }, { bytes: signature }]) === hex
  return isExact && signature !== '' ? { signature, factory, deployment } : undefined
}

// The length is not checked here: if it is wrong, encoding the values again gives another result.
function bytesAt(hex: string, at: number): string {
  const length = Number.parseInt(hex.slice(at, at + WORD), 16)
  return hex.slice(at + WORD, at + WORD + 2 * length)
}
