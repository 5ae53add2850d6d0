import type { CacaoVerifier } from '../../capability/verify-signature.js'
import { assertOptions } from '../message-options.js'
import type { RecoverPublicKey } from './eip191.js'
import type { ContractVerifierOptions, EthereumRPC, RPCEntries } from './rpc.js'

/** How the signatures of Ethereum accounts are verified. */
export interface EthereumVerifierOptions extends ContractVerifierOptions {
  /** Replaces the built-in recovery of public keys; `cacao-session/node` has faster ones. */
  recover?: RecoverPublicKey
}

/**
 * Returns verifiers for capabilities that Ethereum accounts signed: `eip191` works offline; `eip1271`
 * verifies contract accounts (smart accounts), deployed or not, delegated or not (ERC-1271, ERC-6492, ERC-8010),
 * by asking the chain that the capability names. They fit `verifyCacao`, the `verifiers` option of `DIDSession`, and the `dids`
 * package.
 *
 * A contract's signature is refused with `ERR_CAPABILITY_UNSUPPORTED` if there is no RPC for its chain, and
 * with `ERR_RPC_UNAVAILABLE` if the RPC fails, does not answer in time, or is not on the chain that it was
 * configured for. The RPC is asked for its chain by `eth_chainId`, and again within the one `eth_call` that makes
 * the check. On a chain whose calls need a receiver, a deployed account is called directly, and the RPC is asked for its
 * chain before and after. Use an RPC that you trust: its answer decides.
 *
 * A signature that is refused costs one call for each older message format. Identical checks that run at the
 * same time share one answer, and a refusal or a failure is remembered for one second. Throws a `TypeError` for an
 * option that does not exist and for a wrong `rpc`. With any other wrong option, the verifier that uses it refuses
 * every signature with `ERR_CAPABILITY_UNSUPPORTED`, and the message names the option.
 *
 * @example
 * const rpc = { 1: 'https://rpc.example.com', 8453: createPublicClient({ chain: base, transport: http() }) }
 * const verifiers = ethereumVerifiers({ rpc })
 * const session = await DIDSession.fromSession(text, { verifiers })
 */
export function ethereumVerifiers(
  options: EthereumVerifierOptions = {},
): Record<'eip191' | 'eip1271', CacaoVerifier> {
  assertOptions(options, ['rpc', 'rpcTimeoutMs', 'rpcMaxAgeSecs', 'now', 'recover'])
  const rpcs = rpcArgument(options.rpc)
  return {
    eip191: lazily(() => loadEIP191(options.recover)),
    eip1271: lazily(async () => (await import('./eip1271.js')).contractVerifier(rpcs, options)),
  }
}

// Keep the loaded verifier: importing a module takes time even if it is already loaded.
function lazily(load: () => Promise<CacaoVerifier>): CacaoVerifier {
  let loading: Promise<CacaoVerifier> | undefined
  return async (cacao, options) => {
    loading ??= load()
    loading.catch(() => {
      loading = undefined
    })
    await (await loading)(cacao, options)
  }
}

async function loadEIP191(recover: RecoverPublicKey | undefined): Promise<CacaoVerifier> {
  const [{ cachedRecovery, verifyEIP191 }, recoverWith] = await Promise.all([
    import('./eip191.js'),
    recover ?? import('./secp256k1.js').then(({ recoverPublicKey }) => recoverPublicKey),
  ])
  const cached = cachedRecovery(recoverWith)
  return (cacao, options) => verifyEIP191(cacao, options, cached)
}

const CHAIN = /^(eip155:)?(0x[0-9a-f]+|[1-9][0-9]*)$/i

/** Parses the `rpc` option. Throws a `TypeError` if it is not an RPC, or RPCs by chain. */
export function rpcArgument(rpc: unknown): RPCEntries {
  if (rpc === undefined) return []
  const isMap = typeof rpc === 'object' && rpc !== null && !isRPC(rpc)
  const entries: [string, unknown][] = isMap ? Object.entries(rpc) : [['', rpc]]
  const isNamed = !isMap || entries.every(([chain]) => CHAIN.test(chain))
  if (isNamed && entries.every(([, value]) => isRPC(value))) return entries as [string, EthereumRPC][]
  throw new TypeError(
    'rpc must be a URL, a viem client, an EIP-1193 or ethers provider, or an object of these by chain id: { 1: "https://…" }',
  )
}

function isRPC(value: unknown): boolean {
  if (typeof value === 'string') return /^https?:/.test(value)
  const { request, send } = Object(value) as { request?: unknown; send?: unknown }
  return typeof (request ?? send) === 'function'
}
