import nacl from 'tweetnacl'
import { utf8 } from '../../src/base/bytes.js'
import { toBase58 } from '../../src/key/session-key.js'
import type { SolanaAdapter, SolanaStandardWallet } from '../../src/wallet/solana/index.js'

/** The behaviour of a wallet when it is asked to sign: it signs, or does or returns what is given. */
type SolanaBehaviour = 'sign' | 'prefix' | { throws: unknown } | { answers: unknown }

export interface TestSolanaWallet {
  readonly wallet: SolanaStandardWallet
  readonly address: string
  /** CAIP-10. */
  readonly account: string
  /** The texts that it showed for signing. */
  readonly texts: string[]
  /** The calls, in order. */
  readonly calls: string[]
  behaviour: SolanaBehaviour
}

export const SOLANA_MAINNET = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp'

interface Options {
  readonly features?: readonly string[]
  readonly accountFeatures?: readonly string[]
  readonly connected?: boolean
  readonly chains?: readonly string[]
}

/** A wallet of the Wallet Standard that really signs, with a key of tweetnacl. */
export function testSolanaWallet(
  seed: number,
  {
    features = ['standard:connect', 'solana:signMessage'],
    accountFeatures = features,
    connected = true,
    chains = ['solana:mainnet'],
  }: Options = {},
): TestSolanaWallet {
  const pair = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(seed))
  const address = toBase58(pair.publicKey)
  const known = { address, publicKey: pair.publicKey, chains, features: accountFeatures }
  const accounts: (typeof known)[] = connected ? [known] : []
  const sign = (feature: string, message: Uint8Array): unknown => {
    test.calls.push(feature)
    test.texts.push(new TextDecoder().decode(message))
    const { behaviour } = test
    if (typeof behaviour === 'object' && 'throws' in behaviour) throw behaviour.throws
    if (typeof behaviour === 'object') return behaviour.answers
    const signedMessage = behaviour === 'prefix' ? Uint8Array.of(255, ...message) : message
    return [{ account: known, signedMessage, signature: nacl.sign.detached(signedMessage, pair.secretKey) }]
  }
  const all: Record<string, unknown> = {
    'standard:connect': {
      version: '1.0.0',
      connect: async (input?: { silent?: boolean }) => {
        test.calls.push(input?.silent ? 'silent connect' : 'connect')
        if (!input?.silent && accounts.length === 0) accounts.push(known)
        return { accounts }
      },
    },
    'solana:signMessage': {
      version: '1.1.0',
      signMessage: async ({ message }: { message: Uint8Array }) => sign('signMessage', message),
    },
    'solana:signIn': {
      version: '1.0.0',
      signIn: async (input: Record<string, string>) => sign('signIn', utf8(signInText(input))),
    },
  }
  const test: TestSolanaWallet = {
    wallet: {
      name: 'Test Solana Wallet',
      icon: 'data:image/svg+xml;base64,PHN2Zy8+',
      version: '1.0.0',
      chains,
      accounts,
      features: Object.fromEntries(features.map((name) => [name, all[name]])),
    } as SolanaStandardWallet,
    address,
    account: `solana:${SOLANA_MAINNET}:${address}`,
    texts: [],
    calls: [],
    behaviour: 'sign',
  }
  return test
}

/** The text in the format of Sign-In With Solana. */
function signInText(input: Record<string, unknown>): string {
  const lines = [`${input['domain']} wants you to sign in with your Solana account:`, input['address']]
  if (input['statement']) lines.push('', input['statement'])
  lines.push('')
  const names = {
    uri: 'URI',
    version: 'Version',
    chainId: 'Chain ID',
    nonce: 'Nonce',
    issuedAt: 'Issued At',
    expirationTime: 'Expiration Time',
    notBefore: 'Not Before',
    requestId: 'Request ID',
  }
  for (const [name, label] of Object.entries(names)) if (input[name]) lines.push(`${label}: ${input[name]}`)
  const { resources } = input as { resources?: string[] }
  if (resources) lines.push('Resources:', ...resources.map((resource) => `- ${resource}`))
  return lines.join('\n')
}

/** The same key as an object of wallet-adapter; with `raw`, it returns the bare signature. */
export function solanaAdapter(seed: number, raw = true): SolanaAdapter & { connect(): Promise<void> } {
  const pair = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(seed))
  const adapter = {
    publicKey: null as { toString(): string } | null,
    connect: async () => {
      adapter.publicKey = { toString: () => toBase58(pair.publicKey) }
    },
    signMessage: async (message: Uint8Array) => {
      const signature = nacl.sign.detached(message, pair.secretKey)
      return raw ? signature : { signature, publicKey: adapter.publicKey }
    },
  }
  return adapter
}
