import { accountArgument } from '../base/account.js'
import type { AuthMethod } from '../capability/auth-method.js'
import type { Verifiers } from '../capability/verify-signature.js'
import type { KeyType } from '../key/session-key.js'
import { ethereumVerifiers } from '../wallet/ethereum/index.js'
import { keyVerifiers } from '../wallet/key/index.js'
import { solanaVerifiers } from '../wallet/solana/index.js'
import { webauthnVerifiers } from '../wallet/webauthn/index.js'
import { usageError } from './output.js'
import type { AccountKeyType, PrivateKey } from './secrets.js'

/** The account of a private key, and its auth method. */
export interface Signer {
  readonly account: string
  readonly auth: AuthMethod
}

/** How the account signs in. */
export interface SignInOptions {
  readonly domain?: string | undefined
  readonly chainId?: number | undefined
  /** A contract account that the key may sign for, instead of the key's own account. */
  readonly account?: string | undefined
  readonly rpc?: string | undefined
}

/** Returns the account of a private key, and its auth method. */
export async function signerOf({ type, secret }: PrivateKey, options: SignInOptions): Promise<Signer> {
  if (type !== 'ethereum' && (options.account ?? options.chainId ?? options.rpc) !== undefined)
    throw usageError(
      `--account, --chain-id and --rpc only work with an Ethereum key, and this key is of type ${type}`,
    )
  const domain = options.domain === undefined ? {} : { domain: options.domain }
  if (type === 'ethereum') return ethereumSigner(secret, domain, options)
  if (type === 'solana') return solanaSigner(secret, domain)
  const { keyAccount, keyAuth } = await import('../wallet/key/index.js')
  const key = { type: DID_KEY_TYPES[type], secret }
  return { account: await keyAccount(key), auth: keyAuth(key, domain) }
}

async function ethereumSigner(
  secret: Uint8Array,
  domain: { domain?: string },
  { account: contract, chainId, rpc }: SignInOptions,
): Promise<Signer> {
  const { ethereumAccount, ethereumAuth } = await import('../wallet/ethereum/index.js')
  const chain = chainId === undefined ? {} : { chainId }
  const account = contract === undefined ? await ethereumAccount(secret, chain) : accountArgument(contract)
  return { account, auth: ethereumAuth(secret, account, { ...domain, ...(rpc !== undefined && { rpc }) }) }
}

async function solanaSigner(secret: Uint8Array<ArrayBuffer>, domain: { domain?: string }): Promise<Signer> {
  const [{ solanaAccount, solanaAuth }, { seedKey }, { parseDIDKey }, { toBase58 }] = await Promise.all([
    import('../wallet/solana/index.js'),
    import('../key/generate-key.js'),
    import('../key/did-key.js'),
    import('../base/bytes.js'),
  ])
  const key = await seedKey(secret)
  const address = toBase58(parseDIDKey(key.did)?.bytes ?? new Uint8Array())
  const wallet = { publicKey: address, signMessage: async (message: Uint8Array) => key.sign(message) }
  const account = await solanaAccount(wallet)
  return { account, auth: solanaAuth(wallet, account, domain) }
}

const DID_KEY_TYPES: Readonly<Record<Exclude<AccountKeyType, 'ethereum' | 'solana'>, KeyType>> = {
  ed25519: 'Ed25519',
  p256: 'P-256',
  secp256k1: 'secp256k1',
}

/** Verifiers for every kind of account. Contract accounts need the URL of an RPC. */
export function accountVerifiers(rpc: string | undefined): Verifiers {
  return {
    ...ethereumVerifiers({ ...(rpc !== undefined && { rpc }) }),
    ...solanaVerifiers(),
    ...webauthnVerifiers(),
    ...keyVerifiers(),
  }
}
