import { abortable, throwIfAborted } from '../../base/abort.js'
import type { AccountInput } from '../../base/account.js'
import type { AuthMethodOpts } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import type { CacaoVerifier } from '../../capability/verify-signature.js'
import { assertMessageOptions, assertOptions, SOLANA_OPTIONS } from '../message-options.js'
import type { SolanaAuthOptions } from './sign-in.js'
import { type SolanaSignerInput, solanaArgument, solanaSigner, walletAccount } from './signer.js'

export type { SignInMessageOptions } from '../capability-payload.js'
export {
  type DiscoveredSolanaWallet,
  type DiscoverSolanaWalletsOptions,
  discoverSolanaWallets,
} from './discover.js'
export type { SolanaAuthOptions } from './sign-in.js'
export type {
  SolanaAdapter,
  SolanaSignerInput,
  SolanaStandardWallet,
  SolanaWalletAccount,
} from './signer.js'

/**
 * Makes an auth method that signs in with a Solana account, for `DIDSession.get` and `authorize`. Takes a
 * wallet of the Wallet Standard or an object of wallet-adapter. Without `account` it signs in with the
 * account that the session requests, or else with the wallet's first account. The wallet signs the given message
 * unchanged (`solana:signMessage`). A wallet that cannot do that may compose the message itself
 * (`solana:signIn`), if the result is the same text. Throws `ERR_WALLET_NOT_FOUND` if `wallet` is `undefined` or
 * `null`, and a `TypeError` for any other wrong argument.
 *
 * The auth method rejects with
 *
 * - `ERR_AUTH_REJECTED`: the person said no
 * - `ERR_AUTH_FAILED`: the wallet failed or changed the message; accounts on a Ledger fail because they cannot
 *   sign messages
 * - `ERR_CAPABILITY_ISSUER`: the session is for a different account than the auth method
 * - `ERR_CAPABILITY_SIGNATURE`: a different account signed
 * - `ERR_ENVIRONMENT`: there is no domain to sign in to
 *
 * @example
 * const [found] = await discoverSolanaWallets()
 * if (!found) throw new Error('this page has no Solana wallet')
 * const account = await solanaAccount(found.wallet)
 * const session = await DIDSession.get(account, solanaAuth(found.wallet, account), { resources })
 */
export function solanaAuth(
  wallet: SolanaSignerInput | null | undefined,
  account?: AccountInput,
  options: SolanaAuthOptions = {},
): (opts: AuthMethodOpts) => Promise<Cacao> {
  assertMessageOptions(options, SOLANA_OPTIONS)
  const authArguments = {
    wallet: solanaSigner(wallet),
    account: account === undefined ? undefined : solanaArgument(account),
  }
  // An app that makes an auth method is about to sign in, so start loading the code for it.
  import('./sign-in.js').catch(() => undefined)
  return async (opts) => {
    const { signSolanaCapability } = await import('./sign-in.js')
    return signSolanaCapability(authArguments, opts, options)
  }
}

/** Options of `solanaAccount`. */
export interface SolanaAccountOptions {
  /** Whether the wallet must never open; false by default. If the page is not connected to it, the result is `undefined`. */
  silent?: boolean
  /** The network, if the wallet names none; `mainnet` by default. */
  chain?: string
  /** Stops waiting for a wallet that does not answer. */
  signal?: AbortSignal
}

/**
 * Asks the wallet for its chosen account and returns the CAIP-10 id, such as
 * `solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:7S3P…`. With `silent` the wallet never opens, and the result is
 * `undefined` if the page is not connected to it. Rejects with `ERR_WALLET_NOT_FOUND`, `ERR_AUTH_REJECTED`,
 * `ERR_AUTH_FAILED`, or the reason of `signal`.
 *
 * @example
 * const [found] = await discoverSolanaWallets()
 * const account = await solanaAccount(found?.wallet)
 */
export function solanaAccount(
  wallet: SolanaSignerInput | null | undefined,
  options: SolanaAccountOptions & { silent: true },
): Promise<string | undefined>
export function solanaAccount(
  wallet: SolanaSignerInput | null | undefined,
  options?: SolanaAccountOptions & { silent?: false },
): Promise<string>
export function solanaAccount(
  wallet: SolanaSignerInput | null | undefined,
  options?: SolanaAccountOptions,
): Promise<string | undefined>
export async function solanaAccount(
  wallet: SolanaSignerInput | null | undefined,
  options: SolanaAccountOptions = {},
): Promise<string | undefined> {
  assertOptions(options, ['silent', 'chain', 'signal'])
  const { silent = false, chain, signal } = options
  throwIfAborted(signal)
  const account = await abortable(walletAccount(solanaSigner(wallet), chain, silent), signal)
  if (account || silent) return account
  const { noAccountError } = await import('../../capability/auth-method.js')
  throw noAccountError()
}

/**
 * Returns verifiers for capabilities that Solana accounts signed: `solana:ed25519`. They work offline.
 *
 * @example
 * const cacao = await verifyCacao(json, { verifiers: { ...ethereumVerifiers(), ...solanaVerifiers() } })
 */
export function solanaVerifiers(): { 'solana:ed25519': CacaoVerifier } {
  return {
    async 'solana:ed25519'(cacao, options) {
      const { verifySolana } = await import('./sign-in.js')
      await verifySolana(cacao, options)
    },
  }
}
