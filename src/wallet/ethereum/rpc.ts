import type { Clock } from '../../base/time.js'
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

/** How the signatures of contract accounts are checked, which only their chain can do. */
export interface EthereumRPCOptions {
  /** The RPCs to ask. Without them no signature of a contract account is accepted. */
  rpc?: EthereumRPCs | undefined
  /** Milliseconds that all the requests of one check may take together; 5000 by default. */
  rpcTimeoutMs?: number | undefined
}

/** How the signatures of contract accounts are checked, and for how long a result is remembered. */
export interface ContractVerifierOptions extends EthereumRPCOptions {
  /**
   * Seconds for which a signature that a contract accepted is not checked again; 0 by default, which checks
   * it each time. A contract may stop accepting a signature, for example when an owner is removed, and that
   * is noticed this much later.
   */
  rpcMaxAgeSecs?: number
  /**
   * A clock in milliseconds, for `rpcMaxAgeSecs` and for how long failures are remembered; `Date.now` by
   * default.
   */
  now?: Clock
}

/**
 * Each RPC with its chain, as a number or CAIP-2 id. An empty string stands for the chain that the RPC is on.
 */
export type RPCEntries = readonly (readonly [chain: string, rpc: EthereumRPC])[]

const CHAIN = /^(eip155:)?(0x[0-9a-f]+|[1-9][0-9]*)$/i

/** Reads the `rpc` option. Throws a `TypeError` for anything else. */
export function rpcArgument(rpc: unknown): RPCEntries {
  if (rpc === undefined) return []
  const isMap = typeof rpc === 'object' && rpc !== null && !isRPC(rpc)
  const entries: [string, unknown][] = isMap ? Object.entries(rpc) : [['', rpc]]
  const isNamed = !isMap || entries.every(([chain]) => CHAIN.test(chain))
  if (isNamed && entries.every(([, one]) => isRPC(one))) return entries as [string, EthereumRPC][]
  throw new TypeError(
    'rpc must be an EIP-1193 provider, a viem client, an ethers provider or a URL, or an object with one for each chain, by its number',
  )
}

function isRPC(value: unknown): boolean {
  if (typeof value === 'string') return /^https?:/.test(value)
  const { request, send } = Object(value) as { request?: unknown; send?: unknown }
  return typeof (request ?? send) === 'function'
}
