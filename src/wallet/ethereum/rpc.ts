import { concat } from '../../base/bytes.js'
import { type Clock, clockOption, systemClock } from '../../base/environment.js'
import { quantityOption, wrong } from '../../base/options.js'
import { hasCode, reasonOf } from '../../capability/auth-method.js'
import { unusable } from './eip191.js'
import type { EIP1193Provider } from './signer.js'

/**
 * Something that answers JSON-RPC requests about a chain: an EIP-1193 provider, a viem client, an ethers
 * provider, or an http(s) URL. A web page can only use a URL that allows requests from other origins (CORS).
 */
export type EthereumRPC = string | EIP1193Provider | EthersProvider

/**
 * One RPC, which is used for the chain that it is on, or an RPC for each chain, by its number or CAIP-2 id:
 * `{ 1: …, 'eip155:8453': … }`.
 */
export type EthereumRPCs = EthereumRPC | { readonly [chain: number | `eip155:${number}`]: EthereumRPC }

/** An ethers v5 or v6 JSON-RPC provider. */
export interface EthersProvider {
  send(method: string, params: unknown[]): Promise<unknown>
}

/** How the signatures of contract accounts are checked. Only their chain can do that. */
export interface EthereumRPCOptions {
  /** The RPCs to ask. Without them, no signature of a contract account is accepted. */
  rpc?: EthereumRPCs | undefined
  /** Milliseconds that all requests of one check may take together; 5000 by default. */
  rpcTimeoutMs?: number | undefined
}

/** How the signatures of contract accounts are checked, and for how long a result is remembered. */
export interface ContractVerifierOptions extends EthereumRPCOptions {
  /**
   * Seconds for which a signature that a contract accepted is not checked again; 0 by default: it is checked each
   * time. A contract may stop accepting a signature, for example when an owner is removed. That can remain
   * unnoticed for this long.
   */
  rpcMaxAgeSecs?: number
  /**
   * A clock in milliseconds, for `rpcMaxAgeSecs` and for how long failures are remembered; `Date.now` by
   * default.
   */
  now?: Clock
}

/** Reads the options of the verifier, with their defaults. Throws `ERR_CAPABILITY_UNSUPPORTED` for a wrong one. */
export function contractVerifierOptions({
  rpcTimeoutMs,
  rpcMaxAgeSecs = 0,
  now = systemClock,
}: ContractVerifierOptions): Required<Pick<ContractVerifierOptions, 'rpcMaxAgeSecs' | 'now'>> & {
  readonly rpcTimeoutMs: number | undefined
} {
  try {
    if (rpcTimeoutMs !== undefined && !(typeof rpcTimeoutMs === 'number' && rpcTimeoutMs > 0))
      throw wrong('rpcTimeoutMs', 'a positive number of milliseconds')
    quantityOption(rpcMaxAgeSecs, 'rpcMaxAgeSecs')
    clockOption(now, 'now')
  } catch (cause) {
    throw unusable('eip1271', cause as TypeError)
  }
  return { rpcTimeoutMs, rpcMaxAgeSecs, now }
}

/**
 * Each RPC with its chain, as a number or CAIP-2 id. An empty string stands for the chain that the RPC is on.
 */
export type RPCEntries = readonly (readonly [chain: string, rpc: EthereumRPC])[]

// A response to these requests has a few hundred bytes.
const MAX_RESPONSE_BYTES = 65_536

/** Sends one JSON-RPC request to a chain. Rejects with whatever goes wrong. */
export type RPCRequest = (method: string, params: readonly unknown[]) => Promise<unknown>

/** The error of an RPC that would give the same wrong answer again. */
export class UnusableRPCError extends Error {}

// Invalid request, unknown method, invalid parameters (JSON-RPC 2.0), and the codes of EIP-1193 for a method that is not supported or
// not allowed.
const PERMANENT_CODES = [-32600, -32601, -32602, 4100, 4200]
// How geth, other nodes and libraries report that an execution reverted.
const REVERT_CODE = 3
const REVERTED = /revert|VM execution error|invalid opcode|out of gas/i

/** Whether a retry of the same request would end with the same error. */
export function isPermanent(error: unknown): boolean {
  return error instanceof UnusableRPCError || PERMANENT_CODES.some((code) => hasCode(error, code))
}

/** Whether an RPC executed the call, and the contract reverted. */
export function isRevert(error: unknown): boolean {
  return hasCode(error, REVERT_CODE) || REVERTED.test(reasonOf(error) ?? '')
}

/** Returns a function that sends requests to this RPC, until the signal is aborted. If the RPC is a URL, that cancels them too. */
export function rpcRequest(rpc: EthereumRPC, signal: AbortSignal): RPCRequest {
  if (typeof rpc === 'string') return (method, params) => post(rpc, { method, params }, signal)
  return async (method, params) => {
    // The rest of a check that has timed out must not burden an RPC that is slow already.
    if (signal.aborted) throw new Error('the check has ended')
    return 'request' in rpc ? rpc.request({ method, params }) : rpc.send(method, [...params])
  }
}

async function post(url: string, call: object, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...call }),
    // Only the configured URL is trusted, so redirections must not be followed.
    redirect: 'manual',
    signal,
  })
  const answer = response.ok ? undefined : await errorOf(response)
  const { error, result } = answer ?? (JSON.parse(await textOf(response)) as Answer | null) ?? {}
  if (error) throw new Error(`the RPC answered with an error: ${reasonOf(error)}`, { cause: error })
  return result
}

interface Answer {
  readonly error?: unknown
  readonly result?: unknown
}

/** Returns the JSON-RPC error in a response with an error status. Throws if there is none. */
async function errorOf(response: Response): Promise<Answer> {
  const { status } = response
  const text = await textOf(response).catch(() => '')
  let error: unknown
  try {
    error = (JSON.parse(text) as Answer | null)?.error
  } catch {
    // Not JSON, for example the error page of a gateway.
  }
  if (error) return { error }
  const message = `the RPC answered with the status ${status}`
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 429
  throw isRefusal ? new UnusableRPCError(message) : new Error(message)
}

async function textOf({ body }: Response): Promise<string> {
  const reader = body?.getReader()
  const parts: Uint8Array[] = []
  for (let length = 0; ; ) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done || !value) return new TextDecoder().decode(concat(...parts))
    parts.push(value)
    length += value.length
    if (length > MAX_RESPONSE_BYTES) {
      reader?.cancel().catch(() => undefined)
      throw new Error(`the RPC answered with more than ${MAX_RESPONSE_BYTES} bytes`)
    }
  }
}
