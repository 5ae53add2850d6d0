import type { AccountParts } from '../../base/account.js'
import { abiEncode, type Delegation } from './contract-signature.js'
import type { RPCRequest } from './rpc-request.js'

const SELECTOR = '1626ba7e'

/** The one word by which a contract accepts a signature (ERC-1271): its magic value, and zeros. */
export const MAGIC_WORD: string = `0x${SELECTOR.padEnd(64, '0')}`

// Nobody has this address. For one call it has the code below.
const CALLER = `0x${'8010'.repeat(10)}`

// Two calls, because a transaction has only one. The call data are three words and two pieces: whom to call first, how long the
// first piece is, and whom to ask; then what to call with, and the question. The answer has two words: that of the second call,
// if it is exactly one word, or else 0; and the chain.
const CALLER_CODE = [
  '0x3660006000', // the size of the call data, from 0, to 0
  '37', // copy them to memory
  '60006000602051606060006000515a', // call the first one with the first piece,
  'f150', // and leave aside what it answers
  '602060006020516060013603602051606001', // one word at 0 is for the answer; the question is the rest
  '6040515afa', // ask, changing nothing
  '3d60201416', // did it answer, and with one word?
  '60005102600052', // if not, the answer is 0
  '46602052', // the chain
  '60406000f3', // both
].join('')

/**
 * Whether an account would accept a signature if it were delegated as the signature says (ERC-8010, EIP-7702) and initialised. The
 * chain delegates it for this call only, if the account itself signed the delegation and may still make it.
 */
export async function isAcceptedOnceDelegated(
  request: RPCRequest,
  { reference, address }: Pick<AccountParts, 'reference' | 'address'>,
  hash: string,
  { signature, delegation }: { readonly signature: string; readonly delegation?: Delegation },
): Promise<boolean> {
  if (!delegation) return false
  const { chainId, nonce, yParity, r, s, to, data } = delegation
  const authorization = {
    chainId: quantity(chainId),
    address: `0x${delegation.address.toString(16).padStart(40, '0')}`,
    nonce: quantity(nonce),
    yParity: quantity(yParity),
    r: quantity(r),
    s: quantity(s),
  }
  const head = abiEncode([to, BigInt(data.length / 2), BigInt(address)])
  const call = {
    to: CALLER,
    data: `0x${head}${data}${isValidSignatureData(hash, signature)}`,
    authorizationList: [authorization],
  }
  const answer = await request('eth_call', [call, 'latest', { [CALLER]: { code: CALLER_CODE } }])
  return answer === MAGIC_WORD + abiEncode([BigInt(reference)])
}

/** The data of a call of `isValidSignature(bytes32, bytes)` (ERC-1271), as hex without `0x`. */
export function isValidSignatureData(hash: string, signature: string): string {
  return SELECTOR + abiEncode([BigInt(`0x${hash}`), { bytes: signature }])
}

function quantity(value: bigint): string {
  return `0x${value.toString(16)}`
}
