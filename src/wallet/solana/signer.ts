import { type AccountInput, accountArgument } from '../../base/account.js'
import { SessionError } from '../../base/errors.js'
import { walletNotFound } from '../wallet-not-found.js'

/** An account of a wallet of the Wallet Standard. */
export interface SolanaWalletAccount {
  /** Base58. */
  readonly address: string
  /** The networks that it can be used on, such as `solana:mainnet`. */
  readonly chains: readonly string[]
  /** What the wallet can do with this account. */
  readonly features: readonly string[]
}

/** A wallet of the Wallet Standard that has Solana accounts. */
export interface SolanaStandardWallet {
  readonly name: string
  readonly accounts: readonly SolanaWalletAccount[]
  readonly features: Readonly<Record<string, unknown>>
}

/** An object of wallet-adapter, or a wallet's own object, such as `window.phantom.solana`. */
export interface SolanaAdapter {
  readonly publicKey?: { toString(): string } | null
  connect?(): Promise<unknown>
  signMessage?(message: Uint8Array, display?: string): Promise<unknown>
}

/** Anything that can sign for a Solana account. */
export type SolanaSignerInput = SolanaStandardWallet | SolanaAdapter

/** A signature and, if the wallet reports it, the message that it signed. */
interface SolanaSigned {
  readonly signature: unknown
  readonly message?: unknown
}

/** The fields of the message, for wallets that compose it themselves (`solana:signIn`). */
export interface SolanaSignInInput {
  readonly domain: string
  readonly address: string
  readonly uri: string
  readonly version: string
  readonly chainId: string
  readonly nonce: string
  readonly issuedAt: string
  readonly expirationTime?: string
  readonly notBefore?: string
  readonly requestId?: string
  readonly statement?: string
  readonly resources?: readonly string[]
}

/** What signing in needs from a wallet, whatever kind it is. */
export interface SolanaSigner {
  /** Returns the accounts, the chosen one first, and the networks that the wallet names for each. With `silent` it never opens. */
  accounts(
    silent: boolean,
  ): Promise<readonly { readonly address: string; readonly chains: readonly string[] }[]>
  /** Signs the bytes of the message. `fields` are for a wallet that composes it itself. */
  sign(message: Uint8Array, address: string, fields: SolanaSignInInput): Promise<SolanaSigned>
}

// Features of the Wallet Standard.
const CONNECT = 'standard:connect'
const SIGN_MESSAGE = 'solana:signMessage'
const SIGN_IN = 'solana:signIn'

/**
 * Recognises a wallet by its shape. Throws `ERR_WALLET_NOT_FOUND` if there is none, and a `TypeError` for anything
 * else.
 */
export function solanaSigner(input: SolanaSignerInput | null | undefined): SolanaSigner {
  const { features, accounts, signMessage, wallet } = (input ?? { wallet: null }) as Partial<
    SolanaStandardWallet & SolanaAdapter & { readonly wallet: unknown }
  >
  // What `useWallet` of wallet-adapter returns before the person has chosen a wallet.
  if (wallet === null) throw walletNotFound()
  if (features && Array.isArray(accounts)) return standardSigner(input as SolanaStandardWallet)
  if (typeof signMessage === 'function') return adapterSigner(input as SolanaAdapter)
  throw new TypeError(
    'wallet must be a wallet of the Wallet Standard (as discovered: found.wallet), or an object of wallet-adapter with publicKey and signMessage',
  )
}

function standardSigner(wallet: SolanaStandardWallet): SolanaSigner {
  const method = (feature: string, name: string): ((input?: unknown) => Promise<unknown>) | undefined => {
    const found = wallet.features[feature] as Record<string, unknown> | undefined
    const call = found?.[name]
    return typeof call === 'function' ? async (input) => call.call(found, input) : undefined
  }
  const own = (): SolanaWalletAccount[] =>
    wallet.accounts.filter(({ chains }) => chains.some((chain) => chain.startsWith('solana:')))
  return {
    async accounts(silent) {
      if (own().length === 0) await method(CONNECT, 'connect')?.(silent ? { silent: true } : undefined)
      return own().map(({ address, chains }) => ({
        address,
        chains: chains.filter((chain) => chain.startsWith('solana:')),
      }))
    },
    async sign(message, address, fields) {
      const account = own().find((candidate) => candidate.address === address)
      if (!account)
        throw new Error(`it does not show the account ${address}: connect that account to this site`)
      const signMessage = method(SIGN_MESSAGE, 'signMessage')
      const signIn = method(SIGN_IN, 'signIn')
      if (signMessage && account.features.includes(SIGN_MESSAGE))
        return firstOf(await signMessage({ account, message }))
      if (signIn) return firstOf(await signIn({ account, ...fields }))
      throw new Error(
        'this account cannot sign messages, as is usual on a hardware wallet such as Ledger: choose a different account',
      )
    },
  }
}

function adapterSigner(wallet: SolanaAdapter): SolanaSigner {
  const account = (): { address: string; chains: string[] }[] => {
    const address = wallet.publicKey?.toString()
    return address ? [{ address, chains: [] }] : []
  }
  return {
    async accounts(silent) {
      if (account().length === 0 && !silent) await wallet.connect?.()
      return account()
    },
    async sign(message) {
      const answer = await wallet.signMessage?.(message, 'utf8')
      return { signature: partOf(answer, 'signature') ?? answer }
    },
  }
}

// The methods of the Wallet Standard can sign for several accounts at once and return a list of outputs.
function firstOf(answer: unknown): SolanaSigned {
  const isList = Array.isArray(answer) && typeof answer[0] !== 'number'
  const output: unknown = isList ? answer[0] : answer
  return { signature: partOf(output, 'signature') ?? output, message: partOf(output, 'signedMessage') }
}

function partOf(value: unknown, name: string): unknown {
  return (value as Record<string, unknown> | null | undefined)?.[name]
}

// CAIP-2 identifies a Solana network by the first 32 characters of its genesis hash; wallets use these names.
// The order is that of the Wallet Standard.
const GENESIS_HASHES = new Map([
  ['mainnet', '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'],
  ['devnet', 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1'],
  ['testnet', '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3z'],
])
const REFERENCE = /^[1-9A-HJ-NP-Za-km-z]{32}$/
// The form of 32 bytes in base58.
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/

/** Parses an account id that the caller gave. Throws a `TypeError` unless it is a Solana account (`solana:…`). */
export function solanaArgument(input: AccountInput): string {
  const account = accountArgument(input)
  if (!account.startsWith('solana:'))
    throw new TypeError(`account must be a Solana account (solana:…), not ${account}`)
  return account
}

/**
 * Asks the wallet for its chosen account and returns the CAIP-10 id. The network is `chain`, or else the one that
 * the wallet names, or else `mainnet`. With `silent` the wallet never opens. Returns `undefined` if it shows no
 * account. Throws `ERR_AUTH_REJECTED` or `ERR_AUTH_FAILED`, and a `TypeError` for an unknown network.
 */
export async function walletAccount(
  wallet: SolanaSigner,
  chain: string | undefined,
  silent: boolean,
): Promise<string | undefined> {
  if (chain !== undefined && !solanaReference(chain))
    throw new TypeError('chain must be "mainnet", "testnet", "devnet", or a CAIP-2 id')
  const accounts = await wallet.accounts(silent).catch(async (cause: unknown) => {
    const { notConnected } = await import('../../capability/auth-method.js')
    return notConnected(cause, silent)
  })
  const account = accounts?.[0]
  if (!account) return undefined
  const reference = solanaReference(chain ?? preferredChain(account.chains) ?? '')
  if (!reference)
    throw new SessionError(
      'ERR_AUTH_FAILED',
      `the wallet's account is on ${account.chains.join(', ').slice(0, 100)}, which no CAIP-2 id names: set the option chain, or switch the wallet to mainnet, testnet or devnet`,
    )
  if (!ADDRESS.test(account.address))
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the wallet answered with something that is not a Solana address: update it, or use a different one',
    )
  return `solana:${reference}:${account.address}`
}

/** Returns the network to sign in on: mainnet, if the account has it or names no network. */
function preferredChain(chains: readonly string[]): string | undefined {
  if (chains.length === 0) return 'mainnet'
  const known = [...GENESIS_HASHES].flatMap(([name, hash]) => [`solana:${name}`, `solana:${hash}`])
  return known.find((chain) => chains.includes(chain)) ?? chains.find((chain) => solanaReference(chain))
}

/** Returns the CAIP-2 reference of a network, which may be written as `mainnet`, `solana:mainnet`, or as the reference itself. */
function solanaReference(chain: string): string | undefined {
  const name = chain.replace(/^solana:/, '')
  return GENESIS_HASHES.get(name) ?? (REFERENCE.test(name) ? name : undefined)
}
