import type { AccountParts } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { toHex } from '../base/hex.js'
import { LONGEST_TIMER_MS } from '../base/longest-timer.js'
import { within } from '../base/timeout.js'
import { abiEncode } from './abi.js'
import { eip191Hash } from './eip191.js'
import type { ContractSignature } from './erc6492.js'
import type { RPCEntries } from './rpc-argument.js'
import { type RPCRequest, rpcRequest } from './rpc-request.js'
import { SIGNATURE_CHECK } from './signature-check.js'

const DEFAULT_TIMEOUT_MS = 5000

// What the check leaves, exactly.
const ACCEPTED = '0x1626ba7e'
const REFUSED = '0xffffffff'

/** Who is said to have signed, how, and one of which texts. */
export interface ContractQuestion {
  readonly account: Pick<AccountParts, 'reference' | 'address'>
  readonly signature: ContractSignature
  /** Tried in turn. */
  readonly texts: Iterable<string>
}

/**
 * Whether a contract account accepts a signature (ERC-1271), as its own chain says at its newest block; one that isn't
 * deployed yet is deployed for the check alone, if the signature says how (ERC-6492). Rejects with
 * `ERR_CAPABILITY_UNSUPPORTED` if that chain has no RPC here, with `ERR_RPC_UNAVAILABLE` if it gives no answer in time, or
 * one that can't be right.
 *
 * The RPC is believed what the contract says; but it is asked for its chain twice, as a question of its own and in the
 * course of the check itself, and both answers must be the account's.
 */
export async function isAcceptedByContract(
  question: ContractQuestion,
  rpcs: RPCEntries,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<boolean> {
  const { reference } = question.account
  const [chain, rpc] = rpcFor(reference, rpcs) ?? []
  if (rpc === undefined) throw withoutRPC(reference)
  const over = new AbortController()
  try {
    const answer = await within(
      Math.min(timeoutMs, LONGEST_TIMER_MS),
      ask(rpcRequest(rpc, over.signal), question),
    )
    if (answer === undefined) throw new Error(`no answer within ${timeoutMs} ms`)
    if (typeof answer === 'boolean') return answer
    if (chain === '') throw withoutRPC(reference)
    throw new Error(`it is an RPC of chain ${answer.chain}`)
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    throw new SessionError(
      'ERR_RPC_UNAVAILABLE',
      `the RPC of chain ${reference} can't say whether a contract account's signature is good: try again`,
      { cause },
    )
  } finally {
    over.abort()
  }
}

/** The RPC for a chain, if there is one, and what it was given for. */
export function rpcFor(reference: string, rpcs: RPCEntries): RPCEntries[number] | undefined {
  return rpcs.find(([chain]) => chain === '' || chain.replace('eip155:', '') === reference)
}

async function ask(request: RPCRequest, question: ContractQuestion): Promise<boolean | { chain: bigint }> {
  const { account, texts } = question
  const wanted = BigInt(account.reference)
  const tried = new Set<string>()
  let asking: Promise<bigint> | undefined
  for (const text of texts) {
    if (tried.has(text)) continue
    tried.add(text)
    // Both at once, for the sake of time.
    asking ??= request('eth_chainId', []).then(chainNumber)
    const answering = request('eth_call', [{ data: checkOf(question, text) }, 'latest'])
    answering.catch(() => undefined)
    const chain = await asking
    if (chain !== wanted) return { chain }
    const answer = await answering
    if (answer === ACCEPTED) return true
    if (answer !== REFUSED) throw new Error('its answer is none, or that of another chain')
  }
  return false
}

function checkOf(
  { account, signature: { signature, factory, deployment } }: ContractQuestion,
  text: string,
): string {
  const args = abiEncode([
    BigInt(account.reference),
    BigInt(account.address),
    BigInt(`0x${toHex(eip191Hash(text))}`),
    factory ?? 0n,
    { bytes: deployment ?? '' },
    { bytes: signature },
  ])
  return SIGNATURE_CHECK + args
}

function chainNumber(answer: unknown): bigint {
  if (typeof answer === 'string' && /^0x[0-9a-f]+$/i.test(answer)) return BigInt(answer)
  throw new Error('it does not say which chain it is on')
}

function withoutRPC(reference: string): SessionError {
  return new SessionError(
    'ERR_CAPABILITY_UNSUPPORTED',
    `a contract account's signature can be checked only on its chain: give the rpc option an RPC of chain ${reference}`,
  )
}
