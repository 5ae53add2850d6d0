import { type AccountParts, parseAccount } from '../../base/account.js'
import { concat } from '../../base/bytes.js'
import { SessionError } from '../../base/errors.js'
import { toHex } from '../../base/hex.js'
import { LONGEST_TIMER_MS, within } from '../../base/time.js'
import { eip191Hash } from './eip191.js'
import { abiEncode, type ContractSignature, parseContractSignature } from './erc6492.js'
import type { EthereumRPC, RPCEntries } from './rpc.js'
import type { EthereumSignerInput } from './signer.js'
/**
 * The init code of the contract SignatureCheck (`test/setup/signature-check.sol`, compiled as `test/setup/contracts.ts`
 * says; a test compares them). Followed by its arguments it is the data of an `eth_call` without a receiver.
 */
export const SIGNATURE_CHECK =
  '0x60806040523461008c57610256803803809161001a826100a7565b60803960c081608001911261008c576080519061003760a06100f5565b60c05161004460e06100f5565b610100519092906001600160401b03811161008c57846100669160800161012c565b6101205190946001600160401b03821161008c576100869160800161012c565b94610180565b600080fd5b634e487b7160e01b600052604160045260246000fd5b6080601f91909101601f19168101906001600160401b038211908210176100cd57604052565b610091565b601f909101601f19168101906001600160401b038211908210176100cd57604052565b51906001600160a01b038216820361008c57565b60005b83811061011c5750506000910152565b818101518382015260200161010c565b81601f8201121561008c5780516001600160401b0381116100cd576040519261015f601f8301601f1916602001856100d2565b8184526020828401011161008c5761017d9160208085019101610109565b90565b9293949190916000958694461461019c575b8460005260046000f35b6020958591853b15610241575b5050506102006084604051809388820195630b135d3f60e11b87526024830152604060448301526101e8815180928160648601528b8686019101610109565b601f801991011681010301601f1981018352826100d2565b83805251915afa9051630b135d3f60e11b1460203d14909116161561023357630b135d3f60e11b5b388181808080610192565b6001600160e01b0319610228565b8291828983519301915af1508338806101a956fe'

/** Asks a chain one thing, and rejects with whatever goes wrong. */
type RPCRequest = (method: string, params: readonly unknown[]) => Promise<unknown>

// What is asked for takes a few hundred bytes.
const MAX_ANSWER_BYTES = 65_536

/** How this RPC is asked; until the signal is aborted, if it is a URL. */
function rpcRequest(rpc: EthereumRPC, signal: AbortSignal): RPCRequest {
  if (typeof rpc === 'string') return (method, params) => post(rpc, { method, params }, signal)
  if ('request' in rpc) return async (method, params) => rpc.request({ method, params })
  return async (method, params) => rpc.send(method, [...params])
}

async function post(url: string, question: object, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...question }),
    // An answer from elsewhere than was configured counts for nothing.
    redirect: 'manual',
    signal,
  })
  if (!response.ok) throw new Error(`the RPC answered with the status ${response.status}`)
  const answer = JSON.parse(await textOf(response)) as { error?: unknown; result?: unknown } | null
  if (answer?.error) throw new Error('the RPC answered with an error', { cause: answer.error })
  return answer?.result
}

async function textOf({ body }: Response): Promise<string> {
  const reader = body?.getReader()
  const parts: Uint8Array[] = []
  for (let length = 0; ; ) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done || !value) return new TextDecoder().decode(concat(...parts))
    parts.push(value)
    length += value.length
    if (length > MAX_ANSWER_BYTES) {
      reader?.cancel().catch(() => undefined)
      throw new Error(`the RPC answered with more than ${MAX_ANSWER_BYTES} bytes`)
    }
  }
}

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
function rpcFor(reference: string, rpcs: RPCEntries): RPCEntries[number] | undefined {
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

// r, s and v in hex: what a key signs, be it the account's own, another account's, or the owner's of a contract.
const KEY_SIGNATURE_LENGTH = 132

/** Where contract accounts' chains are asked, and for how long. */
export interface ContractGrantOptions {
  readonly rpcs: RPCEntries
  readonly timeoutMs?: number | undefined
  /** What signed, and may know its chain. */
  readonly signer: EthereumSignerInput
}

/**
 * Makes sure that what a wallet answered is the signature of a contract account: as the `rpc` option says, or else the
 * wallet itself, which is asked nothing that it would show the person. Throws `ERR_CAPABILITY_SIGNATURE`,
 * `ERR_CAPABILITY_UNSUPPORTED` or `ERR_RPC_UNAVAILABLE`.
 */
export async function assertContractSigned(
  account: string,
  text: string,
  hex: string,
  { rpcs, timeoutMs, signer }: ContractGrantOptions,
): Promise<void> {
  const { reference = '', address = '' } = parseAccount(account) ?? {}
  const signature = parseContractSignature(hex)
  const isConfigured = rpcFor(reference, rpcs) !== undefined
  try {
    const question = signature && { account: { reference, address }, signature, texts: [text] }
    const asked = isConfigured ? rpcs : walletRPC(signer)
    if (question && (await isAcceptedByContract(question, asked, timeoutMs))) return
  } catch (cause) {
    if (isConfigured) throw cause
    // Where nobody can say, what a key can't have signed is some contract's; anything else most likely another account's.
    if (hex.length > KEY_SIGNATURE_LENGTH) {
      throw new SessionError(
        'ERR_CAPABILITY_UNSUPPORTED',
        `the wallet answered a smart account's signature, which can't be checked here: give ethereumAuth an rpc of chain ${reference}, or switch the wallet to that chain`,
        { cause },
      )
    }
  }
  throw new SessionError(
    'ERR_CAPABILITY_SIGNATURE',
    `the wallet signed with another account than ${account}: switch to it there`,
  )
}

/** The wallet itself, or what its library asks the chain with, if it knows one. */
function walletRPC(signer: EthereumSignerInput): RPCEntries {
  if (typeof signer === 'string' || signer instanceof Uint8Array) return []
  const { provider } = signer as { provider?: EthereumRPC | null }
  const rpc = 'request' in signer ? (signer as EthereumRPC) : provider
  return rpc ? [['', rpc]] : []
}
