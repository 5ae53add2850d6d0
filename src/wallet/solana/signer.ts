import { isBytes } from '../../base/bytes.js'
/** An account of a wallet-standard wallet. */
export interface SolanaWalletAccount {
  /** Base58. */
  readonly address: string
  /** Such as `solana:mainnet`. */
  readonly chains: readonly string[]
  /** What the wallet can do with this very account. */
  readonly features: readonly string[]
}

/** A wallet of the Wallet Standard with Solana accounts. */
export interface SolanaStandardWallet {
  readonly name: string
  readonly accounts: readonly SolanaWalletAccount[]
  readonly features: Readonly<Record<string, unknown>>
}

/** An object of wallet-adapter, or a wallet's own, such as `window.phantom.solana`. */
export interface SolanaAdapter {
  readonly publicKey?: { toString(): string } | null
  connect?(): Promise<unknown>
  signMessage?(message: Uint8Array, display?: string): Promise<unknown>
}

/** Whatever can sign for a Solana account. */
export type SolanaSignerInput = SolanaStandardWallet | SolanaAdapter

/** What a wallet signed: a signature, and over which bytes, where it says so. */
interface SolanaSigned {
  readonly signature: unknown
  readonly message?: unknown
}

/** The fields of the text, for wallets that write it themselves (`solana:signIn`). */
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

/** The few things that signing in needs of a wallet, whatever its kind. */
export interface SolanaSigner {
  /** Its accounts, the chosen one first; `silent` never opens the wallet. The chain is `undefined` if the wallet says none. */
  accounts(
    silent: boolean,
  ): Promise<readonly { readonly address: string; readonly chain: string | undefined }[]>
  /** Signs the bytes of the text. */
  sign(message: Uint8Array, address: string, fields: SolanaSignInInput): Promise<SolanaSigned>
}

// As the Wallet Standard names them.
const CONNECT = 'standard:connect'
const SIGN_MESSAGE = 'solana:signMessage'
const SIGN_IN = 'solana:signIn'

/** Recognises a wallet by its shape. Throws a `TypeError` if it is none. */
export function solanaSigner(input: SolanaSignerInput): SolanaSigner {
  const { features, accounts, signMessage } = (input ?? {}) as Partial<SolanaStandardWallet & SolanaAdapter>
  if (features && Array.isArray(accounts)) return standardSigner(input as SolanaStandardWallet)
  if (typeof signMessage === 'function') return adapterSigner(input as SolanaAdapter)
  throw new TypeError(
    'wallet must be a Wallet Standard wallet, or have publicKey and signMessage as wallet-adapter has',
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
        chain: chains.find((chain) => chain.startsWith('solana:')),
      }))
    },
    async sign(message, address, fields) {
      const account = own().find((candidate) => candidate.address === address)
      if (!account) throw new Error(`it does not show the account ${address}: connect it again`)
      const signMessage = method(SIGN_MESSAGE, 'signMessage')
      const signIn = method(SIGN_IN, 'signIn')
      if (signMessage && account.features.includes(SIGN_MESSAGE))
        return firstOf(await signMessage({ account, message }))
      if (signIn) return firstOf(await signIn({ account, ...fields }))
      throw new Error(
        'this account signs no messages, as those of hardware wallets such as Ledger do not: choose another one',
      )
    },
  }
}

function adapterSigner(wallet: SolanaAdapter): SolanaSigner {
  const account = (): { address: string; chain: undefined }[] => {
    const address = wallet.publicKey?.toString()
    return address ? [{ address, chain: undefined }] : []
  }
  return {
    async accounts(silent) {
      if (account().length === 0 && !silent) await wallet.connect?.()
      return account()
    },
    async sign(message) {
      const answer = await wallet.signMessage?.(message, 'utf8')
      return isBytes(answer) ? { signature: answer } : { signature: partOf(answer, 'signature') }
    },
  }
}

// Each signs for several accounts, and answers with a list.
function firstOf(answer: unknown): SolanaSigned {
  const output: unknown = Array.isArray(answer) ? answer[0] : undefined
  return { signature: partOf(output, 'signature'), message: partOf(output, 'signedMessage') }
}

function partOf(value: unknown, name: string): unknown {
  return (value as Record<string, unknown> | null | undefined)?.[name]
}
