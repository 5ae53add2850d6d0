import { abortable } from '../../base/abort.js'
import { type AccountInput, accountArgument } from '../../base/account.js'
import { SessionError } from '../../base/errors.js'
import type { AuthMethodOpts } from '../../capability/auth-method.js'
import type { Cacao } from '../../capability/cacao.js'
import type { CacaoVerifier } from '../../capability/verify-signature.js'
import { askedAccount } from '../asked-account.js'
import type { GrantTextOptions } from '../capability-payload.js'
import { type SolanaSigner, type SolanaSignerInput, solanaSigner } from './signer.js'

// CAIP-2 names a Solana network by the first 32 characters of its genesis hash; wallets by a word.
const GENESIS = new Map([
  ['mainnet', '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'],
  ['testnet', '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z'],
  ['devnet', 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1'],
])
const REFERENCE = /^[1-9A-HJ-NP-Za-km-z]{32}$/

/** The CAIP-2 reference of a network: from `mainnet`, `solana:mainnet`, or a reference. */
export function solanaReference(chain: string): string | undefined {
  const name = chain.replace(/^solana:/, '')
  return GENESIS.get(name) ?? (REFERENCE.test(name) ? name : undefined)
}

export type { GrantTextOptions } from '../capability-payload.js'
export {
  type DiscoveredSolanaWallet,
  type DiscoverSolanaWalletsOptions,
  discoverSolanaWallets,
} from './discover.js'
export type {
  SolanaAdapter,
  SolanaSignerInput,
  SolanaStandardWallet,
  SolanaWalletAccount,
} from './signer.js'

/** What the person reads and signs, where `DIDSession.get` or `authorize` don't say otherwise. */
export interface SolanaAuthOptions extends GrantTextOptions {
  /** The network of an account that is not given as a CAIP-10 id: `mainnet` (the default), `testnet`, `devnet`, or CAIP-2. */
  chain?: string
}

/**
 * Signs in with a Solana account: an auth method for `DIDSession.get` and `authorize`. Takes a wallet of the Wallet
 * Standard, or an object of wallet-adapter. Without an account, the one that the session is asked for, or else the wallet's
 * first one. The wallet signs our text as it is (`solana:signMessage`), or where it can't, one of its own making
 * (`solana:signIn`), if that is equal.
 *
 * Rejects with `ERR_AUTH_REJECTED` (the person said no), `ERR_AUTH_FAILED` (the wallet failed, as those on a Ledger do, which
 * sign no messages, or altered the text), `ERR_CAPABILITY_SIGNATURE` (another account signed) or `ERR_ENVIRONMENT` (no domain).
 *
 * @example
 * const [found] = await discoverSolanaWallets()
 * if (!found) throw new Error('this page has no Solana wallet')
 * const account = await solanaAccount(found.wallet)
 * const session = await DIDSession.get(account, solanaAuth(found.wallet, account), { resources })
 */
export function solanaAuth(
  wallet: SolanaSignerInput,
  account?: AccountInput,
  options: SolanaAuthOptions = {},
): (opts: AuthMethodOpts) => Promise<Cacao> {
  const signer = solanaSigner(wallet)
  const own = account === undefined ? undefined : solanaArgument(account)
  // Whoever makes an auth method is about to sign in: what writes the text loads until then.
  import('./sign-in.js').catch(() => undefined)
  return async (opts) => {
    const wanted =
      opts.address && opts.chainId ? solanaArgument(`solana:${opts.chainId}:${opts.address}`) : undefined
    const issuer = askedAccount(own, wanted) ?? (await walletAccount(signer, options.chain, false))
    if (!issuer) throw noAccount()
    const { solanaGrant } = await import('./sign-in.js')
    return solanaGrant(signer, issuer, opts, options)
  }
}

/** How a wallet is asked for its account. */
export interface SolanaAccountOptions {
  /** Never open the wallet; without a connection to it there is no account then. */
  silent?: boolean
  /** The network, where the wallet names none: `mainnet` by default. */
  chain?: string
  /** Ends the waiting for a wallet that doesn't answer. */
  signal?: AbortSignal
}

/**
 * The CAIP-10 id of the wallet's account, such as `solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:7S3P…`. With `silent` it never
 * opens the wallet and gives `undefined` if the page isn't connected to it. Rejects with `ERR_AUTH_REJECTED` or
 * `ERR_AUTH_FAILED`.
 *
 * @example
 * const account = await solanaAccount(window.phantom.solana)
 */
export function solanaAccount(
  wallet: SolanaSignerInput,
  options: SolanaAccountOptions & { silent: true },
): Promise<string | undefined>
export function solanaAccount(
  wallet: SolanaSignerInput,
  options?: SolanaAccountOptions & { silent?: false },
): Promise<string>
export function solanaAccount(
  wallet: SolanaSignerInput,
  options?: SolanaAccountOptions,
): Promise<string | undefined>
export async function solanaAccount(
  wallet: SolanaSignerInput,
  { silent = false, chain, signal }: SolanaAccountOptions = {},
): Promise<string | undefined> {
  signal?.throwIfAborted()
  const account = await abortable(walletAccount(solanaSigner(wallet), chain, silent), signal)
  if (account || silent) return account
  throw noAccount()
}

/**
 * Verifiers for capabilities that Solana accounts sign: `solana:ed25519`. They need no network.
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

async function walletAccount(
  signer: SolanaSigner,
  chain: string | undefined,
  silent: boolean,
): Promise<string | undefined> {
  const [account] = await signer.accounts(silent).catch(async (cause: unknown) => {
    const { solanaError } = await import('./sign-in.js')
    throw solanaError(cause)
  })
  if (!account) return undefined
  const reference = solanaReference(chain ?? account.chain ?? 'mainnet')
  if (!reference) throw new TypeError('chain must be "mainnet", "testnet", "devnet", or a CAIP-2 id')
  return solanaArgument(`solana:${reference}:${account.address}`)
}

function solanaArgument(input: AccountInput): string {
  const account = accountArgument(input)
  if (!account.startsWith('solana:'))
    throw new TypeError(`account must be a Solana account (solana:…), not ${account}`)
  return account
}

function noAccount(): SessionError {
  return new SessionError('ERR_AUTH_FAILED', 'the wallet shows no account: ask the person to unlock it')
}
