import { keccak_256 } from '@noble/hashes/sha3.js'
import type { AccountParts } from '../../base/account.js'
import { fromHex, toHex } from '../../base/hex.js'
import { type RPCRequest, UnusableRPCError } from './rpc.js'

// The suffixes that mark the signature of an account that is not deployed yet, and of one that is not delegated yet.
const ERC6492_MAGIC = '6492'.repeat(16)
const ERC8010_MAGIC = '8010'.repeat(16)
// The number of hex digits in a word of 32 bytes.
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

/**
 * Parses the signature of a contract account, wrapped (ERC-6492, ERC-8010) or not, from `0x` and lower-case hex.
 * It may be empty: that is the signature of a Safe whose owners signed on its chain. Returns `undefined` unless it has exactly
 * one of these forms, because a second spelling would make a second capability with the same signature.
 */
export function parseContractSignature(text: unknown): ContractSignature | undefined {
  if (typeof text !== 'string' || !/^0x([0-9a-f]{2})*$/.test(text)) return undefined
  const hex = text.slice(2)
  if (hex.endsWith(ERC8010_MAGIC)) return unwrapERC8010(hex)
  return hex.endsWith(ERC6492_MAGIC) ? unwrapERC6492(hex.slice(0, -WORD)) : { signature: hex }
}

// A wrapped signature is abi.encode(address factory, bytes deployment, bytes signature).
function unwrapERC6492(hex: string): ContractSignature | undefined {
  const factoryDigits = hex.slice(WORD - 40, WORD)
  if (factoryDigits.length !== 40) return undefined
  const factory = BigInt(`0x${factoryDigits}`)
  const deployment = bytesAt(hex, 3 * WORD)
  const signature = bytesAt(hex, 4 * WORD + Math.ceil(deployment.length / WORD) * WORD)
  const isExact = abiEncode([factory, { bytes: deployment }, { bytes: signature }]) === hex
  return isExact && signature !== '' ? { signature, factory, deployment } : undefined
}

// The length is not checked here: if it is wrong, encoding the values again gives a different result.
function bytesAt(hex: string, at: number): string {
  const length = Number.parseInt(hex.slice(at, at + WORD), 16)
  return hex.slice(at + WORD, at + WORD + 2 * length)
}

// The head of an encoded delegation: its seven values, and the offset of the data.
const DELEGATION_WORDS = 8

/**
 * Unwraps a signature (ERC-8010), from hex without `0x`. It consists of the signature itself, the encoded delegation, the length of
 * the encoded delegation, and the suffix. Returns `undefined` unless it has exactly this form.
 */
function unwrapERC8010(hex: string): ContractSignature | undefined {
  const end = hex.length - 2 * WORD
  const length = 2 * Number.parseInt(hex.slice(end, end + WORD), 16)
  const start = end - length
  if (!(start > 0 && length >= (DELEGATION_WORDS + 1) * WORD)) return undefined
  const context = hex.slice(start, end)
  const words = Array.from({ length: DELEGATION_WORDS - 1 }, (_, i) =>
    BigInt(`0x${context.slice(i * WORD, (i + 1) * WORD)}`),
  )
  const isAddress = (word = 0n): boolean => word < 1n << 160n
  const [chainId = 0n, address = 0n, nonce = 0n, yParity = 0n, r = 0n, s = 0n, to = 0n] = words
  const data = bytesAt(context, DELEGATION_WORDS * WORD)
  const isExact = abiEncode([...words, { bytes: data }]) === context
  // Nodes answer with an error if a number is larger than its type allows, as if they could not make the check.
  const isDelegation = isAddress(address) && nonce < 1n << 64n && yParity < 2n
  if (!isExact || !isDelegation || !isAddress(to)) return undefined
  return { signature: hex.slice(0, start), delegation: { chainId, address, nonce, yParity, r, s, to, data } }
}

/** An ABI value of type `bytes`, as hex digits without `0x`. */
interface AbiBytes {
  readonly bytes: string
}

/**
 * Encodes arguments for a contract (the strict encoding of the ABI specification) as hex without `0x`. A
 * bigint stands for any type of one word.
 */
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

const SELECTOR = '1626ba7e'

/** The word that a contract returns when it accepts a signature (ERC-1271): the magic value, followed by zeros. */
export const MAGIC_WORD: string = `0x${SELECTOR.padEnd(64, '0')}`

// The code of a delegated account (EIP-7702): this prefix and the address of the contract.
const DELEGATED = 'ef0100'

// No account has this address. During the one `eth_call`, it has the code below.
const CALLER = `0x${'8010'.repeat(10)}`

// The code makes two calls, because a transaction has only one: it initialises the account, and asks it about the signature. The call
// data are four words (the contract that initialises, the length of its call data, the account, the hash of the code that the account
// must have) and the call data of both calls. It returns two words: the account's answer if that is exactly one word, or else 0; and the
// chain id. If the account has any other code, then the chain did not apply the delegation, and nothing is called or returned: otherwise
// whoever wraps a signature could call any contract, such as another person's account, before it is asked.
const CALLER_CODE = [
  '0x3660006000', // push the size of the call data and the offsets 0, 0
  '37', // CALLDATACOPY: copy the call data to memory
  '6040513f60605114601257005b', // EXTCODEHASH of the account: STOP unless it is the expected one
  '60006000602051608060006000515a', // push the arguments of the first call
  'f150', // CALL, and drop its result
  '602060006020516080013603602051608001', // push where the answer goes (one word at 0), and which call data to send
  '6040515afa', // STATICCALL the account, so that nothing can change
  '3d60201416', // whether it succeeded and returned exactly one word
  '60005102600052', // multiply the answer by that, so that it is 0 otherwise
  '46602052', // CHAINID, as the second word
  '60406000f3', // RETURN both words
].join('')

/**
 * Whether an account would accept a signature if it were delegated as the signature says (ERC-8010, EIP-7702) and initialised. The
 * chain applies the delegation for this call only, and only if the account itself signed it and its nonce is still valid. An account
 * that is already delegated so is not initialised again: its answer to the ordinary question counts.
 */
export async function isAcceptedOnceDelegated(
  request: RPCRequest,
  { reference, address }: Pick<AccountParts, 'reference' | 'address'>,
  hash: string,
  { signature, delegation }: { readonly signature: string; readonly delegation: Delegation },
): Promise<boolean> {
  const { chainId, nonce, yParity, r, s, to, data } = delegation
  const contract = delegation.address.toString(16).padStart(40, '0')
  const delegatedCode = DELEGATED + contract
  const authorization = {
    chainId: quantity(chainId),
    address: `0x${contract}`,
    nonce: quantity(nonce),
    yParity: quantity(yParity),
    r: quantity(r),
    s: quantity(s),
  }
  const codeHash = BigInt(`0x${toHex(keccak_256(fromHex(delegatedCode) as Uint8Array))}`)
  const head = abiEncode([to, BigInt(data.length / 2), BigInt(address), codeHash])
  const call = {
    to: CALLER,
    data: `0x${head}${data}${isValidSignatureData(hash, signature)}`,
    authorizationList: [authorization],
  }
  const answer = await request('eth_call', [call, 'latest', { [CALLER]: { code: CALLER_CODE } }])
  // Asked afterwards: the account may be delegated meanwhile, and would then have been initialised without this delegation.
  const code = await request('eth_getCode', [address, 'latest'])
  if (typeof code !== 'string' || !/^0x[0-9a-f]*$/i.test(code))
    throw new UnusableRPCError('the RPC does not say which code the account has')
  if (code.toLowerCase() === `0x${delegatedCode}`) return false
  return answer === MAGIC_WORD + abiEncode([BigInt(reference)])
}

/** Returns the call data of `isValidSignature(bytes32, bytes)` (ERC-1271), as hex without `0x`. */
export function isValidSignatureData(hash: string, signature: string): string {
  return SELECTOR + abiEncode([BigInt(`0x${hash}`), { bytes: signature }])
}

function quantity(value: bigint): string {
  return `0x${value.toString(16)}`
}
