import { fromHex } from '../../base/hex.js'
import { walletNotFound } from '../wallet-not-found.js'

/**
 * An EIP-1193 provider, such as `window.ethereum`, a wallet that `discoverWallets` found, or WalletConnect.
 */
export interface EIP1193Provider {
  request(args: { method: string; params?: unknown }): Promise<unknown>
}

/** A viem account that holds its private key, such as `privateKeyToAccount` returns, or one of viem's smart accounts. */
export interface ViemAccount {
  readonly address: string
  signMessage(args: { message: string }): Promise<string>
}

/** A viem wallet client, such as wagmi's `useWalletClient` returns. */
export interface ViemWalletClient {
  readonly account?: { readonly address: string } | undefined
  readonly chain?: { readonly id: number } | undefined
  getAddresses(): Promise<readonly string[]>
  requestAddresses(): Promise<readonly string[]>
  getChainId(): Promise<number>
  // viem's own parameter is generic over chain and account, and no plain type is assignable to and from it.
  signMessage(args: never): Promise<string>
}

/** An ethers v5 or v6 signer. */
export interface EthersSigner {
  getAddress(): Promise<string>
  signMessage(message: string): Promise<string>
}

/** An ethers v6 `BrowserProvider` or v5 `Web3Provider`, whose `getSigner()` is a signer, too. */
export interface EthersBrowserProvider {
  getSigner(...account: never[]): unknown
  send(method: string, params: unknown[]): Promise<unknown>
}

/**
 * Anything that can sign for an Ethereum account. A string or bytes are a raw private key: 32 bytes, or 64
 * hex digits with or without `0x`.
 */
export type EthereumSignerInput =
  | EIP1193Provider
  | ViemAccount
  | ViemWalletClient
  | EthersSigner
  | EthersBrowserProvider
  | string
  | Uint8Array

/** What signing in needs from a wallet, whatever library it comes from. */
export interface EthereumSigner {
  /** Returns its addresses, the chosen one first. With `silent` the wallet never opens. */
  addresses(silent: boolean | undefined): Promise<unknown>
  /** Returns the chain it is on, or `undefined` for a private key. */
  chainId(): Promise<unknown>
  /**
   * Signs a message according to EIP-191. `hex` is the text in UTF-8 as `0x` and hex digits; `address` is in
   * EIP-55.
   */
  sign(message: { readonly text: string; readonly hex: string }, address: string): Promise<unknown>
}

/**
 * Recognises a signer by its shape. Throws `ERR_WALLET_NOT_FOUND` if there is none, and a `TypeError` for anything
 * else.
 */
export function ethereumSigner(input: EthereumSignerInput | null | undefined): EthereumSigner {
  if (typeof input === 'string' || input instanceof Uint8Array) return privateKeySigner(input)
  if (input === undefined || input === null) throw walletNotFound()
  if (typeof input === 'object') {
    const { getAddress, getAddresses, signMessage, address, request, getSigner, send, type } =
      input as unknown as Record<string, unknown>
    if (typeof signMessage === 'function') {
      // viem's smart accounts have the methods of an ethers signer, with other arguments.
      if (typeof getAddress === 'function' && type !== 'smart') return ethersSigner(input as EthersSigner)
      if (typeof getAddresses === 'function') return viemClientSigner(input as ViemWalletClient)
      if (typeof address === 'string') return viemAccountSigner(input as ViemAccount)
    }
    if (typeof request === 'function') return providerSigner(input as EIP1193Provider)
    if (typeof getSigner === 'function' && typeof send === 'function')
      return ethersProviderSigner(input as EthersBrowserProvider)
  }
  throw new TypeError(
    'signer must be an EIP-1193 provider (wallet.provider), a viem wallet client or account, an ethers signer (await provider.getSigner()) or a private key',
  )
}

function providerSigner(provider: EIP1193Provider): EthereumSigner {
  return {
    addresses: async (silent) =>
      provider.request({ method: silent ? 'eth_accounts' : 'eth_requestAccounts' }),
    // `undefined` would mean a private key, so a wallet without an answer returns `null`.
    chainId: async () => (await provider.request({ method: 'eth_chainId' })) ?? null,
    sign: async ({ hex }, address) => provider.request({ method: 'personal_sign', params: [hex, address] }),
  }
}

function ethersProviderSigner(provider: EthersBrowserProvider): EthereumSigner {
  return providerSigner({
    request: async ({ method, params }) => provider.send(method, (params ?? []) as unknown[]),
  })
}

function viemClientSigner(client: ViemWalletClient): EthereumSigner {
  const { account } = client
  return {
    async addresses(silent) {
      if (account) return [account.address]
      return silent ? client.getAddresses() : client.requestAddresses()
    },
    chainId: async () => client.chain?.id ?? client.getChainId(),
    // If the client holds the account's key, pass the account itself: viem sends a bare address to the
    // wallet.
    sign: async ({ text }, address) =>
      client.signMessage({
        message: text,
        account: account?.address.toLowerCase() === address.toLowerCase() ? account : address,
      } as never),
  }
}

function viemAccountSigner(account: ViemAccount & { client?: { chain?: { id: number } } }): EthereumSigner {
  return accountSigner(
    async () => account.address,
    async (message) => account.signMessage({ message }),
    // Only a smart account is on a chain.
    async () => account.client?.chain?.id,
  )
}

function ethersSigner(
  signer: EthersSigner & { provider?: { getNetwork?(): Promise<{ chainId: unknown }> } | null },
): EthereumSigner {
  return accountSigner(
    async () => signer.getAddress(),
    async (text) => signer.signMessage(text),
    async () => (await signer.provider?.getNetwork?.())?.chainId,
  )
}

function privateKeySigner(input: string | Uint8Array): EthereumSigner {
  const key = typeof input === 'string' ? fromHex(input.replace(/^0x/, '')) : Uint8Array.from(input)
  if (input === '') throw new TypeError('the private key is empty: set its environment variable')
  // The message must not repeat the argument, which is a secret.
  if (key?.length !== 32) throw new TypeError('the private key must be 32 bytes or 64 hex digits')
  return accountSigner(
    async () => (await import('./secp256k1.js')).addressOfPrivateKey(key),
    async (text) => (await import('./secp256k1.js')).eip191Sign(text, key),
  )
}

/** A signer with one account, which never asks the person for a connection. */
function accountSigner(
  address: () => Promise<string>,
  sign: (text: string) => Promise<string>,
  chainId: () => Promise<unknown> = async () => undefined,
): EthereumSigner {
  return { addresses: async () => [await address()], chainId, sign: async ({ text }) => sign(text) }
}
