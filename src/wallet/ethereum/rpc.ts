import { chainReference } from './chain-id.js'
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

/** Each RPC with the number of its chain, in decimal. An empty string stands for the chain that the RPC is on. */
export type RPCEntries = readonly (readonly [chain: string, rpc: EthereumRPC])[]

/** Reads the `rpc` option. Throws a `TypeError` for anything else. */
export function rpcArgument(rpc: unknown): RPCEntries {
  if (rpc === undefined) return []
  const isMap = typeof rpc === 'object' && rpc !== null && !isRPC(rpc)
  const entries = isMap ? chainEntries(rpc) : ([['', rpc]] as const)
  if (entries.every(([, one]) => isRPC(one))) return entries as [string, EthereumRPC][]
  throw new TypeError(
    'rpc must be an EIP-1193 provider, a viem client, an ethers provider or a URL, or an object with one for each chain',
  )
}

function isRPC(value: unknown): boolean {
  if (typeof value === 'string') return /^https?:/.test(value)
  const { request, send } = Object(value) as { request?: unknown; send?: unknown }
  return typeof (request ?? send) === 'function'
}

function chainEntries(rpcs: object): [string, unknown][] {
  return Object.entries(rpcs).map(([chain, rpc]) => {
    const reference = chainReference(chain.replace(/^eip155:/, ''))
    if (reference !== undefined) return [reference, rpc]
    throw new TypeError(`rpc names ${JSON.stringify(chain)}, which is no chain: use its number, or eip155:…`)
  })
}
