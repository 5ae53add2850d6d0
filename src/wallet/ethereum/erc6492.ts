/** Bytes of any length, as hex digits without `0x`. */
export interface AbiBytes {
  readonly bytes: string
}

/** The arguments as contracts take them (the ABI's strict encoding), in hex without `0x`. A bigint is any type of one word. */
export function abiEncode(values: readonly (bigint | AbiBytes)[]): string {
  let [head, tail] = ['', '']
  for (const value of values) {
    if (typeof value === 'bigint') head += word(value)
    else {
      head += word(values.length * 32 + tail.length / 2)
      tail += word(value.bytes.length / 2) + value.bytes.padEnd(Math.ceil(value.bytes.length / 64) * 64, '0')
    }
  }
  return head + tail
}

function word(value: bigint | number): string {
  return value.toString(16).padStart(64, '0')
}

const MAGIC = '6492'.repeat(16)
const WORD = 64

/** A contract account's signature, and how the contract comes to be where it isn't yet. In hex without `0x`. */
export interface ContractSignature {
  readonly signature: string
  /** The contract that deploys it, and what that is called with: ERC-6492. */
  readonly factory?: bigint
  readonly deployment?: string
}

/**
 * A contract account's signature in its parts, from `0x` and lower-case hex; wrapped or not. `undefined` unless it is
 * exactly one or the other: another spelling would be another capability with the same signature.
 */
export function parseContractSignature(text: unknown): ContractSignature | undefined {
  if (typeof text !== 'string' || !/^0x([0-9a-f]{2})+$/.test(text)) return undefined
  const hex = text.slice(2)
  return hex.endsWith(MAGIC) ? unwrap(hex.slice(0, -WORD)) : { signature: hex }
}

// abi.encode(address factory, bytes deployment, bytes signature)
function unwrap(hex: string): ContractSignature | undefined {
  const factoryDigits = hex.slice(WORD - 40, WORD)
  if (factoryDigits.length !== 40) return undefined
  const factory = BigInt(`0x${factoryDigits}`)
  const deployment = bytesAt(hex, 3 * WORD)
  const signature = bytesAt(hex, 4 * WORD + Math.ceil(deployment.length / WORD) * WORD)
  const isExact = abiEncode([factory, { bytes: deployment }, { bytes: signature }]) === hex
  return isExact && signature !== '' ? { signature, factory, deployment } : undefined
}

// Whatever lengths it claims: what doesn't fit is found out by writing it anew.
function bytesAt(hex: string, at: number): string {
  const length = Number.parseInt(hex.slice(at, at + WORD), 16)
  return hex.slice(at + WORD, at + WORD + 2 * length)
}
