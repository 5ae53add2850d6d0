import { keccak_256 } from '@noble/hashes/sha3.js'
import { type AccountParts, parseAccount } from '../../base/account.js'
import { utf8 } from '../../base/bytes.js'
import { SingleFlight } from '../../base/concurrency.js'
import { within } from '../../base/environment.js'
import { SessionError } from '../../base/errors.js'
import { toHex } from '../../base/hex.js'
import { LRUCache } from '../../base/lru-cache.js'
import type { VerifierOptions } from '../../capability/verify-signature.js'
import { chainReference } from './chain-id.js'
import {
  abiEncode,
  type ContractSignature,
  isAcceptedOnceDelegated,
  isValidSignatureData,
  MAGIC_WORD,
  parseContractSignature,
} from './contract-signature.js'
import { eip191Hash } from './eip191.js'
import {
  type ContractVerifierOptions,
  contractVerifierOptions,
  type EthereumRPC,
  isPermanent,
  isRevert,
  type RPCEntries,
  type RPCRequest,
  rpcRequest,
  UnusableRPCError,
} from './rpc.js'
import type { EthereumSignerInput } from './signer.js'
import { ethereumCapability, renderings } from './siwe-message.js'

const MAX_REMEMBERED = 1000
// A client that is refused often retries at once, and many clients retry while an RPC is down.
const FAILURES_MS = 1000

/**
 * Returns a verifier of capabilities that contract accounts signed (ERC-1271, ERC-6492). It throws
 * `ERR_CAPABILITY_SIGNATURE`, and whatever `isAcceptedByContract` throws. Identical checks that run at the
 * same time are made once, and a refusal or a failure is remembered for one second. Throws `ERR_CAPABILITY_UNSUPPORTED` for a wrong
 * option.
 */
export function contractVerifier(
  rpcs: RPCEntries,
  given: ContractVerifierOptions,
): (input: unknown, options: VerifierOptions | undefined) => Promise<void> {
  const { rpcTimeoutMs, rpcMaxAgeSecs, now } = contractVerifierOptions(given)
  const maxAge = rpcMaxAgeSecs * 1000
  const accepted = new LRUCache<number>(MAX_REMEMBERED)
  const running = new SingleFlight<void>({ failuresMs: FAILURES_MS, mostFailures: MAX_REMEMBERED, now })
  return async (input, options) => {
    const { cacao, ...account } = ethereumCapability(input, options)
    const signature = parseContractSignature(cacao.s.s)
    if (!signature) {
      throw new SessionError(
        'ERR_CAPABILITY_SIGNATURE',
        'malformed eip1271 signature: it must be lower-case hex and, if it is wrapped (ERC-6492), use the exact encoding',
      )
    }
    const texts = [...renderings(cacao)]
    const id = toHex(keccak_256(utf8(JSON.stringify([account, cacao.s.s, texts]))))
    const time = now()
    const age = time - (accepted.get(id) ?? Number.NaN)
    if (age >= 0 && age < maxAge) return
    await running.run(id, async () => {
      if (await isAcceptedByContract({ account, signature, texts }, rpcs, rpcTimeoutMs)) return
      throw new SessionError('ERR_CAPABILITY_SIGNATURE', `the capability is not signed by ${cacao.p.iss}`)
    })
    accepted.set(id, time)
  }
}

const DEFAULT_TIMEOUT_MS = 5000

// The exact results of the SignatureCheck contract.
const ACCEPTED = '0x1626ba7e'
const REFUSED = '0xffffffff'

// The length in hex of r, s and v, which a single key signs: the account's own, another account's, or that of
// a contract's owner.
const KEY_SIGNATURE_LENGTH = 132
const EMPTY = '0x'

/** Which account is said to have signed, with which signature, and the texts that it may have signed. */
export interface ContractSignatureCheck {
  readonly account: Pick<AccountParts, 'reference' | 'address'>
  readonly signature: ContractSignature
  /** They are tried one after the other. Each costs a call, so none comes twice. */
  readonly texts: Iterable<string>
}

/**
 * Whether a contract account accepts a signature (ERC-1271), according to the newest block of its chain. An
 * account that is not deployed yet is deployed for this call only, if the signature says how (ERC-6492).
 * `timeoutMs` limits the whole check. Rejects with `ERR_CAPABILITY_UNSUPPORTED` if there is no RPC for the
 * chain, and with `ERR_RPC_UNAVAILABLE` if the RPC does not answer in time or gives an impossible answer.
 *
 * The RPC is trusted to report what the contract says. It is asked twice which chain it is on, in a separate
 * request and within the check itself, and both answers must be the account's chain. On a chain whose calls need a
 * receiver, the account is called directly, and the RPC is asked for its chain once more afterwards.
 */
export async function isAcceptedByContract(
  check: ContractSignatureCheck,
  rpcs: RPCEntries,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<boolean> {
  const { reference } = check.account
  const [chain, rpc] = rpcFor(reference, rpcs) ?? []
  if (rpc === undefined) throw noRPCError(reference)
  const finished = new AbortController()
  try {
    const answer = await within(timeoutMs, checkSignature(rpcRequest(rpc, finished.signal), check))
    if (answer === undefined) throw new Error(`the RPC did not answer within ${timeoutMs} ms`)
    if (typeof answer === 'boolean') return answer
    if (chain === '') throw noRPCError(reference)
    throw new UnusableRPCError(`the RPC is on chain ${answer.chain}`)
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    const advice = isPermanent(cause)
      ? 'use a different RPC, because this one cannot'
      : 'try again later, or use a different RPC'
    throw new SessionError(
      'ERR_RPC_UNAVAILABLE',
      `the RPC of chain ${reference} could not check the contract account's signature: ${advice}`,
      { cause },
    )
  } finally {
    finished.abort()
  }
}

/** Which RPCs are asked about a contract account, and for how long. */
export interface ContractSignatureOptions {
  readonly rpcs: RPCEntries
  readonly timeoutMs?: number | undefined
  /** The signer. Many wallets also answer requests about their chain. */
  readonly signer: EthereumSignerInput
}

/**
 * Verifies that a wallet's answer is the signature of a contract account. Asks the RPC in the `rpc` option, or
 * else the wallet itself, by requests that it does not show to the person. Throws `ERR_AUTH_FAILED`,
 * `ERR_CAPABILITY_SIGNATURE`, `ERR_CAPABILITY_UNSUPPORTED` or `ERR_RPC_UNAVAILABLE`.
 */
export async function assertContractSigned(
  account: string,
  text: string,
  hex: string,
  { rpcs, timeoutMs, signer }: ContractSignatureOptions,
): Promise<void> {
  const { reference = '', address = '' } = parseAccount(account) ?? {}
  const signature = parseContractSignature(hex)
  const isConfigured = rpcFor(reference, rpcs) !== undefined
  try {
    const check = signature && { account: { reference, address }, signature, texts: [text] }
    const asked = isConfigured ? rpcs : walletRPC(signer)
    if (check && (await isAcceptedByContract(check, asked, timeoutMs))) return
  } catch (cause) {
    if (isConfigured) throw cause
    // No RPC could check it. A signature that is too long for a single key must come from some contract; any
    // other most likely comes from another account.
    if (hex.length > KEY_SIGNATURE_LENGTH) {
      throw new SessionError(
        'ERR_CAPABILITY_UNSUPPORTED',
        `the wallet answered with the signature of a smart account, which cannot be checked here: give ethereumAuth an rpc of chain ${reference}, or switch the wallet to that chain`,
        { cause },
      )
    }
  }
  if (hex === EMPTY)
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the wallet answered with an empty signature, which is valid only for a Safe whose owners have signed on its chain: sign in again when they have, or use a different wallet',
    )
  throw new SessionError(
    'ERR_CAPABILITY_SIGNATURE',
    `the wallet signed with a different account than ${account}, or another message: switch the wallet to that account, or use a different wallet`,
  )
}

/** The wallet itself, or the provider or client of the wallet's library, if that can be asked about its chain. */
function walletRPC(signer: EthereumSignerInput): RPCEntries {
  if (typeof signer === 'string' || signer instanceof Uint8Array) return []
  const { provider, client } = signer as { provider?: EthereumRPC | null; client?: EthereumRPC }
  const rpc = 'request' in signer || 'send' in signer ? (signer as EthereumRPC) : (provider ?? client)
  return rpc ? [['', rpc]] : []
}

/** The RPC for a chain, with the key that it was configured under; `undefined` if there is none. */
function rpcFor(reference: string, rpcs: RPCEntries): RPCEntries[number] | undefined {
  return rpcs.find(([chain]) => chain === '' || chainReference(chain.replace(/^eip155:/i, '')) === reference)
}

async function checkSignature(
  request: RPCRequest,
  check: ContractSignatureCheck,
): Promise<boolean | { chain: string }> {
  const { reference } = check.account
  const chainNow = async (): Promise<string> => {
    const chain = chainReference(await request('eth_chainId', []))
    if (chain === undefined) throw new UnusableRPCError('the RPC does not say which chain it is on')
    return chain
  }
  let asking: Promise<string> | undefined
  for (const text of check.texts) {
    const hash = toHex(eip191Hash(text))
    // Send both requests at the same time, because that is faster.
    asking ??= chainNow()
    const answering = request('eth_call', [{ data: checkData(check, hash) }, 'latest'])
    answering.catch(() => undefined)
    const chain = await asking
    if (chain !== reference) return { chain }
    const isAccepted = await answering.then(
      (answer) => readAnswer(answer, check),
      (error: unknown) => error as Error,
    )
    if (isAccepted === true) return true
    if (isAccepted === false && !check.signature.delegation) continue
    // Unlike the first check, this one doesn't report the chain in the same answer, so ask for the chain again.
    if (await isAcceptedOtherwise(request, check, hash, isAccepted)) return (await chainNow()) === reference
  }
  return false
}

/** Reads the answer to the check: whether the account accepts the signature, or an error if that is not known. */
function readAnswer(answer: unknown, { signature: { factory } }: ContractSignatureCheck): boolean | Error {
  if (answer === ACCEPTED) return true
  if (answer === REFUSED) return false
  const error = new UnusableRPCError('the RPC gave an invalid answer, or is on a different chain')
  // Some chains return nothing for a call without a receiver.
  if (answer === '0x' && factory === undefined) return error
  throw error
}

/** Checks the signature by a different kind of call. `first` is the result of the first check: an error, or a refusal. */
async function isAcceptedOtherwise(
  request: RPCRequest,
  check: ContractSignatureCheck,
  hash: string,
  first: Error | false,
): Promise<boolean> {
  const { signature, account } = check
  const { delegation } = signature
  if (delegation) {
    const isAccepted = await isAcceptedOnceDelegated(request, account, hash, { ...signature, delegation })
    if (isAccepted || first === false) return isAccepted
  }
  // An account can only be deployed within the first check.
  if (first === false || signature.factory !== undefined) throw first
  // Some chains support no call without a receiver, so call the account itself.
  const question = { to: account.address, data: `0x${isValidSignatureData(hash, signature.signature)}` }
  try {
    const answer = await request('eth_call', [question, 'latest'])
    if (answer === MAGIC_WORD) return true
  } catch (error) {
    if (!isRevert(error)) throw first
    return false
  }
  if (first instanceof UnusableRPCError) throw first
  return false
}

function checkData(
  { account, signature: { signature, factory, deployment } }: ContractSignatureCheck,
  hash: string,
): string {
  const args = abiEncode([
    BigInt(account.reference),
    BigInt(account.address),
    BigInt(`0x${hash}`),
    factory ?? 0n,
    { bytes: deployment ?? '' },
    { bytes: signature },
  ])
  return SIGNATURE_CHECK + args
}

function noRPCError(reference: string): SessionError {
  return new SessionError(
    'ERR_CAPABILITY_UNSUPPORTED',
    `the signature of a contract account can only be checked on its chain: add an RPC of chain ${reference} to the rpc option`,
  )
}

/**
 * The init code of the contract SignatureCheck (`test/setup/signature-check.sol`, compiled as in
 * `test/setup/contracts.ts`; a test compares them). With its arguments appended, it is the data of an
 * `eth_call` that has no receiver.
 */
export const SIGNATURE_CHECK =
  '0x60806040523461008c57610256803803809161001a826100a7565b60803960c081608001911261008c576080519061003760a06100f5565b60c05161004460e06100f5565b610100519092906001600160401b03811161008c57846100669160800161012c565b6101205190946001600160401b03821161008c576100869160800161012c565b94610180565b600080fd5b634e487b7160e01b600052604160045260246000fd5b6080601f91909101601f19168101906001600160401b038211908210176100cd57604052565b610091565b601f909101601f19168101906001600160401b038211908210176100cd57604052565b51906001600160a01b038216820361008c57565b60005b83811061011c5750506000910152565b818101518382015260200161010c565b81601f8201121561008c5780516001600160401b0381116100cd576040519261015f601f8301601f1916602001856100d2565b8184526020828401011161008c5761017d9160208085019101610109565b90565b9293949190916000958694461461019c575b8460005260046000f35b6020958591853b15610241575b5050506102006084604051809388820195630b135d3f60e11b87526024830152604060448301526101e8815180928160648601528b8686019101610109565b601f801991011681010301601f1981018352826100d2565b83805251915afa9051630b135d3f60e11b1460203d14909116161561023357630b135d3f60e11b5b388181808080610192565b6001600160e01b0319610228565b8291828983519301915af1508338806101a956fe'
