import type { EIP1193Provider } from './signer.js'
/** An ethers v5 or v6 JSON-RPC provider. */
export interface EthersProvider {
  send(method: string, params: unknown[]): Promise<unknown>
}

/**
 * Where a chain is asked: an EIP-1193 provider, a viem client, an ethers provider, or the URL (http or https) of an RPC,
 * which for a page must be one that answers pages of other sites (CORS).
 */
export type EthereumRPC = string | EIP1193Provider | EthersProvider

/** One for whichever chain it is on, or one for each chain, by its number or its CAIP-2 id: `{ 1: …, 'eip155:8453': … }`. */
export type EthereumRPCs = EthereumRPC | { readonly [chain: number | `eip155:${number}`]: EthereumRPC }

/** How contract accounts' signatures are checked, which only their chain can do. */
export interface EthereumRPCOptions {
  /** Where their chains are asked. Without it no contract's signature is accepted. */
  rpc?: EthereumRPCs | undefined
  /** Milliseconds that a chain may take to answer all that one check asks; 5000 by default. */
  rpcTimeoutMs?: number | undefined
}

/** Each RPC with its chain, by number or CAIP-2 id; an empty text stands for whichever chain it is on. */
export type RPCEntries = readonly (readonly [chain: string, rpc: EthereumRPC])[]

/** What the `rpc` option names. Throws a `TypeError` if that is something else. */
export function rpcArgument(rpc: unknown): RPCEntries {
  const isMap = typeof rpc === 'object' && !isRPC(rpc)
  const entries: [string, unknown][] = isMap
    ? Object.entries(rpc ?? { rpc })
    : rpc === undefined
      ? []
      : [['', rpc]]
  if (entries.every(([, one]) => isRPC(one))) return entries as [string, EthereumRPC][]
  throw new TypeError(
    'rpc must be an EIP-1193 provider, a viem client, an http(s) URL, or one for each chain',
  )
}

function isRPC(value: unknown): boolean {
  if (typeof value === 'string') return /^https?:/.test(value)
  const { request, send } = Object(value) as { request?: unknown; send?: unknown }
  return typeof (request ?? send) === 'function'
}
