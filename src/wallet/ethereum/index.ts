import { abortable } from '../../base/abort.js'
import { type AccountInput, parseAccount } from '../../base/account.js'
import { SessionError } from '../../base/errors.js'
import { type AuthMethodOpts, authError } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import { askedAccount, ethereumArgument } from '../asked-account.js'
import { rpcArgument } from './rpc.js'
import type { EthereumAuthOptions } from './sign-in.js'
import { type EthereumSigner, type EthereumSignerInput, ethereumSigner } from './signer.js'

export { type WalletChange, type WatchWalletOptions, watchWallet } from '../watch-wallet.js'
export { type DiscoveredWallet, type DiscoverWalletsOptions, discoverWallets } from './discover.js'
export type { RecoverPublicKey } from './eip191.js'
export type { EthereumRPC, EthereumRPCs, EthersProvider } from './rpc.js'
export type { EthereumAuthOptions } from './sign-in.js'
export type {
  EIP1193Provider,
  EthereumSignerInput,
  EthersSigner,
  ViemAccount,
  ViemWalletClient,
} from './signer.js'
export { type EthereumVerifierOptions, ethereumVerifiers } from './verifiers.js'

/**
 * Signs in with an Ethereum account: an auth method for `DIDSession.get` and `authorize`. Takes an EIP-1193
 * provider, a viem wallet client or account, an ethers v5 or v6 signer, or a raw private key. Without an
 * account, the one that the session is asked for, or else the wallet's first one.
 *
 * What the wallet answers must recover to that account (`eip191`), as that of an EIP-7702 account does too; or else the
 * account must be a contract, deployed or not (ERC-1271, ERC-6492), which its chain says accepts it (`eip1271`): asked is
 * the `rpc` option, or else the wallet itself. Rejects with `ERR_AUTH_REJECTED` (the person said no), `ERR_AUTH_FAILED`
 * (the wallet failed or answered nonsense), `ERR_CAPABILITY_SIGNATURE` (another account signed),
 * `ERR_CAPABILITY_UNSUPPORTED` (a contract's signature, and nobody to ask about that chain), `ERR_RPC_UNAVAILABLE` (the
 * `rpc` option's didn't answer) or `ERR_ENVIRONMENT` (no domain).
 *
 * @example
 * const account = await ethereumAccount(window.ethereum)
 * const session = await DIDSession.get(account, ethereumAuth(window.ethereum, account), { resources })
 */
export function ethereumAuth(
  signer: EthereumSignerInput,
  account?: AccountInput,
  options: EthereumAuthOptions = {},
): (opts: AuthMethodOpts) => Promise<Cacao> {
  const wallet = ethereumSigner(signer)
  const rpcs = rpcArgument(options.rpc)
  const own = account === undefined ? undefined : ethereumArgument(account)
  // Whoever makes an auth method is about to sign in: what writes the text loads until then.
  import('./sign-in.js').catch(() => undefined)
  return async (opts) => {
    const wanted =
      opts.address && opts.chainId ? ethereumArgument(`eip155:${opts.chainId}:${opts.address}`) : undefined
    const issuer = askedAccount(own, wanted) ?? (await walletAccount(wallet, options.chainId, false))
    if (!issuer)
      throw new SessionError('ERR_AUTH_FAILED', 'the wallet shows no account: ask the person to unlock it')
    const { ethereumGrant } = await import('./sign-in.js')
    return ethereumGrant(wallet, issuer, opts, options, { signer, rpcs })
  }
}

/** How a wallet is asked for its account. */
export interface EthereumAccountOptions {
  /** Never open the wallet; without a connection to it there is no account then. */
  silent?: boolean
  /** The chain to name; the wallet's own by default, or 1 for a bare key. */
  chainId?: number
  /** Ends the waiting for a wallet that doesn't answer. */
  signal?: AbortSignal
}

/**
 * The CAIP-10 id of the wallet's account, such as `eip155:1:0x…`. With `silent` it never opens the wallet and
 * gives `undefined` if the page isn't connected to it. Rejects with `ERR_AUTH_REJECTED` or `ERR_AUTH_FAILED`.
 *
 * @example
 * const account = await ethereumAccount(window.ethereum)
 */
export function ethereumAccount(
  signer: EthereumSignerInput,
  options: EthereumAccountOptions & { silent: true },
): Promise<string | undefined>
export function ethereumAccount(
  signer: EthereumSignerInput,
  options?: EthereumAccountOptions & { silent?: false },
): Promise<string>
export function ethereumAccount(
  signer: EthereumSignerInput,
  options?: EthereumAccountOptions,
): Promise<string | undefined>
export async function ethereumAccount(
  signer: EthereumSignerInput,
  { silent = false, chainId, signal }: EthereumAccountOptions = {},
): Promise<string | undefined> {
  signal?.throwIfAborted()
  const account = await abortable(walletAccount(ethereumSigner(signer), chainId, silent), signal)
  if (account || silent) return account
  throw new SessionError('ERR_AUTH_FAILED', 'the wallet shows no account: ask the person to unlock it')
}

async function walletAccount(
  wallet: EthereumSigner,
  chainId: number | undefined,
  silent: boolean,
): Promise<string | undefined> {
  try {
    const addresses = await wallet.addresses(silent)
    const [address] = Array.isArray(addresses) ? addresses : []
    if (address === undefined) return undefined
    const chain = chainId ?? (await wallet.chainId()) ?? 1
    const account = parseAccount(`eip155:${BigInt(chain as string | number)}:${address}`)
    if (!account) throw new Error('no Ethereum address')
    return `eip155:${account.reference}:${account.address}`
  } catch (cause) {
    throw authError(cause)
  }
}
