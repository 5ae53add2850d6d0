import { fromHex, toHex } from '../../base/hex.js'
import { utf8 } from '../../base/utf8.js'
/** An EIP-1193 provider: `window.ethereum`, what EIP-6963 announces, WalletConnect's. */
export interface EIP1193Provider {
  request(args: { method: string; params?: unknown }): Promise<unknown>
}

/** A viem account that holds its key (`privateKeyToAccount` and its relatives). */
export interface ViemAccount {
  readonly address: string
  signMessage(args: { message: string }): Promise<string>
}

/** A viem wallet client, as wagmi's `useWalletClient` gives it. */
export interface ViemWalletClient {
  readonly account?: { readonly address: string } | undefined
  readonly chain?: { readonly id: number } | undefined
  getAddresses(): Promise<readonly string[]>
  requestAddresses(): Promise<readonly string[]>
  getChainId(): Promise<number>
  // viem's own parameter is generic over chain and account; no plain type is assignable to and from it.
  signMessage(args: never): Promise<string>
}

/** An ethers v5 or v6 signer. */
export interface EthersSigner {
  getAddress(): Promise<string>
  signMessage(message: string): Promise<string>
}

/** Whatever can sign for an Ethereum account. A string or bytes are a raw private key (32 bytes; `0x` and hex). */
export type EthereumSignerInput =
  | EIP1193Provider
  | ViemAccount
  | ViemWalletClient
  | EthersSigner
  | string
  | Uint8Array

/** The few things that signing in needs of a wallet, whatever its library. */
export interface EthereumSigner {
  /** Its addresses, the chosen one first; `silent` never opens the wallet. */
  addresses(silent: boolean): Promise<unknown>
  /** The chain it is on, or `undefined` for a bare key. */
  chainId(): Promise<unknown>
  /** Signs a text as EIP-191 says; `address` is in EIP-55. */
  sign(text: string, address: string): Promise<unknown>
}

/** Recognises a signer by its shape. Throws a `TypeError` if it is none. */
export function ethereumSigner(input: EthereumSignerInput): EthereumSigner {
  if (typeof input === 'string' || input instanceof Uint8Array) return privateKeySigner(input)
  if (typeof input === 'object' && input !== null) {
    const { getAddress, getAddresses, signMessage, address, request } = input as unknown as Record<
      string,
      unknown
    >
    if (typeof signMessage === 'function') {
      if (typeof getAddress === 'function') return ethersSigner(input as EthersSigner)
      if (typeof getAddresses === 'function') return viemClientSigner(input as ViemWalletClient)
      if (typeof address === 'string') return viemAccountSigner(input as ViemAccount)
    }
    if (typeof request === 'function') return providerSigner(input as EIP1193Provider)
  }
  throw new TypeError(
    'signer must be an EIP-1193 provider, a viem wallet client or account, an ethers signer or a private key',
  )
}

function providerSigner(provider: EIP1193Provider): EthereumSigner {
  return {
    addresses: async (silent) =>
      provider.request({ method: silent ? 'eth_accounts' : 'eth_requestAccounts' }),
    chainId: async () => provider.request({ method: 'eth_chainId' }),
    sign: async (text, address) =>
      provider.request({ method: 'personal_sign', params: [`0x${toHex(utf8(text))}`, address] }),
  }
}

function viemClientSigner(client: ViemWalletClient): EthereumSigner {
  const { account } = client
  return {
    async addresses(silent) {
      if (account) return [account.address]
      return silent ? client.getAddresses() : client.requestAddresses()
    },
    chainId: async () => client.chain?.id ?? client.getChainId(),
    // A client's own account may hold its key, which a bare address could not reach.
    sign: async (message, address) =>
      client.signMessage({
        message,
        account: isSame(account?.address, address) ? account : address,
      } as never),
  }
}

function viemAccountSigner(account: ViemAccount): EthereumSigner {
  return {
    addresses: async () => [account.address],
    chainId: async () => undefined,
    sign: async (message) => account.signMessage({ message }),
  }
}

function ethersSigner(
  signer: EthersSigner & { provider?: { getNetwork?(): Promise<{ chainId: unknown }> } | null },
): EthereumSigner {
  return {
    addresses: async () => [await signer.getAddress()],
    chainId: async () => (await signer.provider?.getNetwork?.())?.chainId,
    sign: async (message) => signer.signMessage(message),
  }
}

function privateKeySigner(input: string | Uint8Array): EthereumSigner {
  const key = typeof input === 'string' ? fromHex(input.replace(/^0x/, '')) : Uint8Array.from(input)
  // The message must not repeat the argument: it is a secret.
  if (key?.length !== 32) throw new TypeError('a private key is 32 bytes or 64 hex digits')
  return {
    addresses: async () => [(await import('./secp256k1.js')).addressOfPrivateKey(key)],
    chainId: async () => undefined,
    sign: async (text) => (await import('./secp256k1.js')).eip191Sign(text, key),
  }
}

function isSame(a: string | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase()
}
