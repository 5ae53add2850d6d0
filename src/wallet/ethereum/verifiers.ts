import type { CacaoVerifier } from '../../capability/verify-signature.js'
import type { RecoverPublicKey } from './eip191.js'
import type { ContractVerifierOptions } from './eip1271.js'
import { rpcArgument } from './rpc.js'
/** How Ethereum accounts' signatures are checked. */
export interface EthereumVerifierOptions extends ContractVerifierOptions {
  /** Another way to recover public keys; `cacao-session/node` has some that are faster than the built-in one. */
  recover?: RecoverPublicKey
}

/**
 * Verifiers for capabilities that Ethereum accounts sign: `eip191` offline, and `eip1271` for contract accounts (smart
 * accounts), deployed or not (ERC-1271, ERC-6492), by asking the chain that the capability names. They fit `verifyCacao`,
 * the `verifiers` option of `DIDSession`, and the `dids` package.
 *
 * A contract's signature is refused with `ERR_CAPABILITY_UNSUPPORTED` if there is no RPC for its chain, and with
 * `ERR_RPC_UNAVAILABLE` if that gives no answer in time, fails, or is on another chain than it was given for. It is asked
 * for its chain by `eth_chainId` and again within the one `eth_call` that makes the check; what it answers there is
 * believed, so use an RPC that you trust. A refused signature costs a call for each older way of writing the text. Requests that
 * ask the same at one time share the answer, and a refusal or a failure counts for a second.
 *
 * @example
 * const rpc = { 1: 'https://rpc.example.com', 8453: createPublicClient({ chain: base, transport: http() }) }
 * const verifiers = ethereumVerifiers({ rpc })
 * const session = await DIDSession.fromSession(text, { verifiers })
 */
export function ethereumVerifiers(
  options: EthereumVerifierOptions = {},
): Record<'eip191' | 'eip1271', CacaoVerifier> {
  const rpcs = rpcArgument(options.rpc)
  return {
    eip191: lazily(() => loadEIP191(options.recover)),
    eip1271: lazily(async () => (await import('./eip1271.js')).contractVerifier(rpcs, options)),
  }
}

// Loaded once: an engine takes its time to find a module again, too.
function lazily(load: () => Promise<CacaoVerifier>): CacaoVerifier {
  let loading: Promise<CacaoVerifier> | undefined
  return async (cacao, options) => {
    loading ??= load().catch((error: unknown) => {
      loading = undefined
      throw error
    })
    await (await loading)(cacao, options)
  }
}

async function loadEIP191(recover: RecoverPublicKey | undefined): Promise<CacaoVerifier> {
  const [{ verifyEIP191 }, recoverWith] = await Promise.all([
    import('./eip191.js'),
    recover ?? import('./secp256k1.js').then(({ recoverPublicKey }) => recoverPublicKey),
  ])
  return (cacao, options) => verifyEIP191(cacao, options, recoverWith)
}
