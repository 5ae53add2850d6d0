import { expect, it } from 'vitest'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import {
  discoverWallets,
  ethereumAccount,
  ethereumAuth,
  ethereumVerifiers,
  watchWallet,
} from '../../src/wallet/ethereum/index.js'
import { keyAuth } from '../../src/wallet/key/index.js'
import { discoverSolanaWallets, solanaAccount, solanaAuth } from '../../src/wallet/solana/index.js'
import { ethereumWallets, passkeys, solanaWallets } from '../../src/wallet/wallets.js'
import {
  createPasskey,
  webauthnAccount,
  webauthnAuth,
  webauthnVerifiers,
} from '../../src/wallet/webauthn/index.js'
import { signed } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { testSolanaWallet } from '../setup/solana-wallet.js'
import { KEY_A } from '../setup/wallet.js'

// A misspelt option must be an error: if it were ignored, a statement would be missing, or a check skipped.

const provider = { request: async () => [], on: () => undefined, removeListener: () => undefined }
const solana = testSolanaWallet(7).wallet
const now = (): number => Date.parse('2024-06-02T00:00:00Z')
type Take = (options: never) => unknown

const TAKERS: readonly (readonly [name: string, take: Take, right: object])[] = [
  ['ethereumAuth', (options) => ethereumAuth(KEY_A, undefined, options), { chainId: 1, rpcTimeoutMs: 1000 }],
  ['ethereumAccount', (options) => ethereumAccount(KEY_A, options), { chainId: 10, silent: true }],
  ['ethereumVerifiers', (options) => ethereumVerifiers(options), { rpcMaxAgeSecs: 60, now: Date.now }],
  ['discoverWallets', (options) => discoverWallets(options), { timeoutMs: 1 }],
  ['watchWallet', (options) => watchWallet(provider, () => undefined, options)(), { anyChain: true }],
  [
    'solanaAuth',
    (options) => solanaAuth(solana, undefined, options),
    { chain: 'devnet', statement: 'Hello' },
  ],
  ['solanaAccount', (options) => solanaAccount(solana, options), { chain: 'devnet' }],
  ['discoverSolanaWallets', (options) => discoverSolanaWallets(options), { onWallet: () => undefined }],
  [
    'webauthnAuth',
    (options) => webauthnAuth(undefined, options),
    { rpId: 'example.com', isKnown: () => true },
  ],
  [
    'webauthnVerifiers',
    (options) => webauthnVerifiers(options),
    { origins: ['https://a.example'], rpIds: [] },
  ],
  ['keyAuth', (options) => keyAuth({ type: 'Ed25519', secret: KEY_A }, options), { domain: 'a.example' }],
  ['ethereumWallets', (options) => ethereumWallets(options), { lowerCaseAddress: true }],
  ['solanaWallets', (options) => solanaWallets(options), { chain: 'devnet' }],
  ['passkeys', (options) => passkeys(options), { name: 'Alice', userVerification: 'required' }],
]

it.each(TAKERS)('%s accepts its options, and throws for a misspelt one', async (_, take, right) => {
  await take(right as never)
  const error = await failureOf(async () => take({ ...right, orign: 'https://a.example' } as never))
  expect(error).toBeInstanceOf(TypeError)
  expect((error as Error).message).toMatch(/^there is no option "orign" here; there are \w/)
})

it.each<[name: string, take: Take]>([
  ['createPasskey', (options) => createPasskey({ ...(options as object), name: 'Alice' })],
  ['webauthnAccount', (options) => webauthnAccount(options)],
])('%s throws for a misspelt option', async (_, take) => {
  const error = await failureOf(async () => take({ rpID: 'example.com' } as never))
  expect((error as Error).message).toContain('there is no option "rpID" here')
})

it.each([
  { origins: 'https://a.example' },
  { origins: [''] },
  { origins: ['login.example.com'] },
  { origins: ['localhost:5173'] },
  { origins: ['https://login.example.com/'] },
  { rpIds: [5] },
  { rpIds: ['https://example.com'] },
  { rpIds: ['example.com:8443'] },
  { requireUserVerification: 'no' },
  { requireUserVerification: 0 },
])('webauthnVerifiers throws a TypeError for %j', (options) => {
  expect(() => webauthnVerifiers(options as never)).toThrow(TypeError)
})

it('webauthnVerifiers accepts origins of pages, apps and extensions', () => {
  const origins = ['https://a.example:8443', 'http://localhost:5173', 'android:apk-key-hash:abc']
  const rpIds = ['example.com', 'localhost']
  expect(webauthnVerifiers({ origins: [...origins, 'chrome-extension://abcdefgh'], rpIds })).toBeTypeOf(
    'object',
  )
})

it.each([
  [{ rpcTimeoutMs: Number.NaN }, 'rpcTimeoutMs must'],
  [{ rpcTimeoutMs: 0 }, 'rpcTimeoutMs must'],
  [{ rpcTimeoutMs: '5000' }, 'rpcTimeoutMs must'],
  [{ rpcMaxAgeSecs: '60' }, 'rpcMaxAgeSecs must'],
  [{ rpcMaxAgeSecs: Number.POSITIVE_INFINITY }, 'rpcMaxAgeSecs must'],
  [{ now: 5 }, 'now must'],
])('the eip1271 verifier rejects the options %j', async (options, message) => {
  const verifiers = ethereumVerifiers({ rpc: 'https://rpc.example.com', ...options } as never)
  const cacao = { ...signed(), s: { t: 'eip1271', s: '0x00' } }
  await expect(verifiers.eip1271(cacao, undefined as never)).rejects.toThrow(message)
  // Through `verifyCacao` too, where the message is all that the log of a server shows.
  const refusal = await expectCode('ERR_CAPABILITY_UNSUPPORTED', () => verifyCacao(cacao, { verifiers, now }))
  expect(refusal.message).toContain(`option of ethereumVerifiers: ${message}`)
  expect(refusal.cause).toBeInstanceOf(TypeError)
})

it.each([Number.NaN, 0, -1, '5000', null])(
  'ethereumAuth names a rpcTimeoutMs of %j before the wallet opens',
  async (rpcTimeoutMs) => {
    const sign = (options: object): Promise<unknown> =>
      ethereumAuth(KEY_A, undefined, { domain: 'app.example.com', ...options } as never)({
        uri: 'did:key:z6Mk',
      })
    const error = await failureOf(() => sign({ rpcTimeoutMs }))
    expect([error instanceof TypeError, error]).toMatchObject([
      true,
      { message: 'rpcTimeoutMs must be a positive number of milliseconds' },
    ])
    await sign({ rpcTimeoutMs: 1000 })
    await sign({ rpcTimeoutMs: Number.POSITIVE_INFINITY })
  },
)

it.each(TAKERS)('%s says that its options must be an object', async (_, take, right) => {
  class Options {}
  // Whether options of a class are accepted differs. They are never ignored.
  const refused = ['https://a.example', 'no', ['https://a.example'], [], () => undefined, null, 5, true]
  for (const options of refused) {
    const error = await failureOf(async () => take(options as never))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message, String(options)).toMatch(/^options must be an? (plain )?object/)
  }
  const inherited = await failureOf(async () => take(Object.assign(new Options(), { orign: 1 }) as never))
  expect(inherited).toBeInstanceOf(TypeError)
  await take(Object.assign(Object.create(null), right) as never)
})
