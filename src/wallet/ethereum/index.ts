import { abortable, throwIfAborted } from '../../base/abort.js'
import type { AccountInput } from '../../base/account.js'
import type { AuthMethodOpts } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import { assertMessageOptions, assertOptions, ETHEREUM_OPTIONS } from '../message-options.js'
import type { EthereumAuthOptions } from './sign-in.js'
import { type EthereumSignerInput, ethereumSigner } from './signer.js'
import { rpcArgument } from './verifiers.js'
import { ethereumArgument, walletAccount } from './wallet-account.js'

export { type DiscoveredWallet, type DiscoverWalletsOptions, discoverWallets } from './discover.js'
export type { RecoverPublicKey } from './eip191.js'
export type {
  ContractVerifierOptions,
  EthereumRPC,
  EthereumRPCOptions,
  EthereumRPCs,
  EthersProvider,
} from './rpc.js'
export type { EthereumAuthOptions } from './sign-in.js'
export type {
  EIP1193Provider,
  EthereumSignerInput,
  EthersBrowserProvider,
  EthersSigner,
  ViemAccount,
  ViemWalletClient,
} from './signer.js'
export { type EthereumVerifierOptions, ethereumVerifiers } from './verifiers.js'
export { type WalletChange, type WatchWalletOptions, watchWallet } from './watch-wallet.js'

/**
 * Makes an auth method that signs in with an Ethereum account, for `DIDSession.get` and `authorize`. Takes an
 * EIP-1193 provider, a viem wallet client or account, an ethers v5 or v6 signer or `BrowserProvider`, or a raw private key.
 * Throws `ERR_WALLET_NOT_FOUND` if `signer` is `undefined` or `null`, as `window.ethereum` is without a wallet, and a `TypeError`
 * for any other wrong argument. `import 'cacao-session/window'` declares the type of `window.ethereum`.
 * Without `account` it signs in with the account that the session requests, or else with the wallet's first
 * account.
 *
 * The wallet signs an ERC-4361 message. If the signature recovers to the account, as it also does for
 * EIP-7702 accounts, the capability has the signature type `eip191`. Otherwise the account must be a
 * contract, deployed or not (ERC-1271, ERC-6492), and its chain must accept the signature (`eip1271`); the
 * chain is asked through the `rpc` option, or else through the wallet.
 *
 * The auth method rejects with
 *
 * - `ERR_AUTH_REJECTED`: the person said no
 * - `ERR_AUTH_FAILED`: the wallet failed, changed the message, or answered with something that is not a signature
 * - `ERR_CAPABILITY_ISSUER`: the session is for a different account than the auth method
 * - `ERR_CAPABILITY_SIGNATURE`: a different account signed
 * - `ERR_CAPABILITY_UNSUPPORTED`: a contract account signed, and there is no RPC for its chain
 * - `ERR_RPC_UNAVAILABLE`: the RPC in the `rpc` option did not answer
 * - `ERR_ENVIRONMENT`: there is no domain to sign in to
 *
 * @example
 * const account = await ethereumAccount(window.ethereum)
 * const session = await DIDSession.get(account, ethereumAuth(window.ethereum, account), { resources })
 */
export function ethereumAuth(
  signer: EthereumSignerInput | null | undefined,
  account?: AccountInput,
  options: EthereumAuthOptions = {},
): (opts: AuthMethodOpts) => Promise<Cacao> {
  assertMessageOptions(options, ETHEREUM_OPTIONS)
  const wallet = ethereumSigner(signer)
  const authArguments = {
    // The line above has thrown if there is no signer.
    signer: signer as EthereumSignerInput,
    wallet,
    account: account === undefined ? undefined : ethereumArgument(account),
    rpcs: rpcArgument(options.rpc),
  }
  // An app that makes an auth method is about to sign in, so start loading the code for it.
  import('./sign-in.js').catch(() => undefined)
  return async (opts) => {
    const { signEthereumCapability } = await import('./sign-in.js')
    return signEthereumCapability(authArguments, opts, options)
  }
}

/** Options of `ethereumAccount`. */
export interface EthereumAccountOptions {
  /** Whether the wallet must never open; false by default. If the page is not connected to it, the result is `undefined`. */
  silent?: boolean
  /** The chain in the account's id. The default is the wallet's own chain, or 1 for a private key. */
  chainId?: number
  /** Stops waiting for a wallet that does not answer. */
  signal?: AbortSignal
}

/**
 * Asks the wallet for its chosen account and returns the CAIP-10 id, such as `eip155:1:0x…`. With `silent` the
 * wallet never opens, and the result is `undefined` if the page is not connected to it. Rejects with
 * `ERR_WALLET_NOT_FOUND`, `ERR_AUTH_REJECTED`, `ERR_AUTH_FAILED`, or the reason of `signal`.
 *
 * @example
 * const account = await ethereumAccount(window.ethereum)
 */
export function ethereumAccount(
  signer: EthereumSignerInput | null | undefined,
  options: EthereumAccountOptions & { silent: true },
): Promise<string | undefined>
export function ethereumAccount(
  signer: EthereumSignerInput | null | undefined,
  options?: EthereumAccountOptions & { silent?: false },
): Promise<string>
export function ethereumAccount(
  signer: EthereumSignerInput | null | undefined,
  options?: EthereumAccountOptions,
): Promise<string | undefined>
export async function ethereumAccount(
  signer: EthereumSignerInput | null | undefined,
  options: EthereumAccountOptions = {},
): Promise<string | undefined> {
  assertOptions(options, ['silent', 'chainId', 'signal'])
  const { silent, chainId, signal } = options
  throwIfAborted(signal)
  const account = await abortable(walletAccount(ethereumSigner(signer), chainId, silent), signal)
  if (account || silent) return account
  const { noAccountError } = await import('../../capability/auth-method.js')
  throw noAccountError()
}
