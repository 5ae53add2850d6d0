import { BrowserProvider, Wallet as WalletV6 } from 'ethers'
import { providers as providersV5, Wallet as WalletV5 } from 'ethers5'
import { createWalletClient, custom } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { mainnet } from 'viem/chains'
import { describe, expect, it } from 'vitest'
import { fromHex } from '../../src/base/hex.js'
import type { AuthMethodOpts } from '../../src/capability/auth-method.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import type { WalletBehaviour } from '../../src/testing/fake-user.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import {
  type EthereumSignerInput,
  ethereumAccount,
  ethereumAuth,
  ethereumVerifiers,
} from '../../src/wallet/ethereum/index.js'
import { AUDIENCE } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A, KEY_A, KEY_B } from '../setup/wallet.js'

const opts = (changes: Partial<AuthMethodOpts> = {}): AuthMethodOpts => ({
  uri: AUDIENCE,
  domain: 'app.example:8080',
  resources: ['ceramic://*'],
  ...changes,
})

const signers: [string, () => EthereumSignerInput][] = [
  ['an EIP-1193 provider', () => testWallet().provider],
  ['a viem account', () => privateKeyToAccount(KEY_A)],
  [
    'a viem wallet client with an account of its own',
    () =>
      createWalletClient({
        account: privateKeyToAccount(KEY_A),
        chain: mainnet,
        transport: custom(testWallet().provider),
      }),
  ],
  [
    'a viem wallet client over a wallet',
    () => createWalletClient({ account: ADDRESS_A, transport: custom(testWallet().provider) }),
  ],
  [
    'a viem wallet client without an account',
    () => createWalletClient({ transport: custom(testWallet().provider) }),
  ],
  ['an ethers 6 signer', () => new WalletV6(KEY_A)],
  ['an ethers 5 signer', () => new WalletV5(KEY_A)],
  ['an ethers 6 BrowserProvider', () => new BrowserProvider(testWallet().provider)],
  ['an ethers 5 Web3Provider', () => new providersV5.Web3Provider(testWallet().provider as never)],
  ['a private key in hex', () => KEY_A],
  ['a private key in bytes', () => fromHex(KEY_A.slice(2)) ?? new Uint8Array()],
]

describe.each(signers)('%s', (_, signer) => {
  it('returns its account', async () => {
    expect(await ethereumAccount(signer())).toBe(ACCOUNT_A)
  })

  it('signs a capability that verifies', async () => {
    for (const account of [ACCOUNT_A, `did:pkh:eip155:1:${ADDRESS_A}`, undefined]) {
      const cacao = parseCacao(await ethereumAuth(signer(), account)(opts()))
      expect(cacao.p).toMatchObject({
        iss: `did:pkh:${ACCOUNT_A}`,
        aud: AUDIENCE,
        domain: 'app.example:8080',
        resources: ['ceramic://*'],
      })
      await verifyCacao(cacao, { verifiers: ethereumVerifiers(), issuer: ACCOUNT_A })
    }
  })

  it('is refused if another account is requested', async () => {
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => ethereumAuth(bare(signer()), ACCOUNT_B)(opts()))
  })
})

// A client that knows its account refuses other accounts itself; a client that asks its wallet passes the answer on.
function bare(signer: EthereumSignerInput): EthereumSignerInput {
  return typeof signer === 'object' && 'getAddresses' in signer ? testWallet().provider : signer
}

describe('ethereumAuth', () => {
  it('asks the wallet to sign the EIP-55 address and the domain with its port', async () => {
    const wallet = testWallet()
    await ethereumAuth(wallet.provider, ACCOUNT_A)(opts())
    expect(wallet.texts[0]).toMatch(new RegExp(`^app.example:8080 wants you .*\n${ADDRESS_A}\n`))
    expect(wallet.calls).toEqual(['personal_sign'])
  })

  it('uses the address in lower case if lowerCaseAddress is set, for nodes of js-ceramic', async () => {
    const wallet = testWallet()
    const cacao = await ethereumAuth(wallet.provider, ACCOUNT_A, { lowerCaseAddress: true })(opts())
    expect(wallet.texts[0]).toContain(`\n${ADDRESS_A.toLowerCase()}\n`)
    await expect(verifyCacao(cacao, { verifiers: ethereumVerifiers() })).resolves.toEqual(cacao)
    await ethereumAuth(wallet.provider, ACCOUNT_A, { lowerCaseAddress: false })(opts())
    expect(wallet.texts[1]).toContain(`\n${ADDRESS_A}\n`)
    const wrong = ethereumAuth(wallet.provider, ACCOUNT_A, { lowerCaseAddress: 'yes' as never })
    await expect(wrong(opts())).rejects.toThrow(new TypeError('lowerCaseAddress must be true or false'))
  })

  it('takes statement, nonce, request id and domain from the call, or else from its options', async () => {
    const auth = ethereumAuth(KEY_A, undefined, {
      statement: 'Mine.',
      nonce: 'minemine1',
      requestId: 'mine',
      domain: 'mine.example',
    })
    const { uri = '' } = opts()
    expect((await auth({ uri })).p).toMatchObject({
      statement: 'Mine.',
      nonce: 'minemine1',
      requestId: 'mine',
      domain: 'mine.example',
    })
    const call = {
      uri,
      statement: 'Yours.',
      nonce: 'yoursyours',
      requestId: 'yours',
      domain: 'yours.example',
    }
    const { uri: _, ...expected } = call
    expect((await auth(call)).p).toMatchObject(expected)
  })

  it('creates a new nonce and an expiry after one week, from the given time', async () => {
    const auth = ethereumAuth(KEY_A)
    const [one, two] = [await auth(opts({ issuedAt: '2024-06-01T12:00:00.000Z' })), await auth(opts())]
    expect(one.p.nonce).not.toBe(two.p.nonce)
    expect(one.p.exp).toBe('2024-06-08T12:00:00.000Z')
  })

  it('does not change its arguments', async () => {
    const frozen = Object.freeze({ ...opts(), resources: Object.freeze(['a:b']) as string[] })
    await expect(ethereumAuth(KEY_A)(frozen)).resolves.toBeDefined()
  })

  it('uses the account that the session requires', async () => {
    const wallet = testWallet({ privateKey: KEY_B })
    const cacao = await ethereumAuth(wallet.provider)(
      opts({ address: ACCOUNT_B.split(':')[2] ?? '', chainId: '10' }),
    )
    expect(cacao.p.iss).toBe(`did:pkh:${ACCOUNT_B.replace(':1:', ':10:')}`)
    expect(wallet.calls).toEqual(['personal_sign'])
  })

  it('does not prompt if it and the session are for different accounts', async () => {
    const wallet = testWallet()
    const auth = ethereumAuth(wallet.provider, ACCOUNT_A)
    await expectCode('ERR_CAPABILITY_ISSUER', () =>
      auth(opts({ address: ACCOUNT_B.split(':')[2] ?? '', chainId: '1' })),
    )
    expect(wallet.calls).toEqual([])
  })

  it.each<[string, WalletBehaviour, Parameters<typeof expectCode>[0]]>([
    ['no', { throws: { code: 4001, message: 'User rejected the request.' } }, 'ERR_AUTH_REJECTED'],
    [
      'a rejection, as viem wraps it',
      { throws: Object.assign(new Error('x'), { cause: { cause: { code: 4001 } } }) },
      'ERR_AUTH_REJECTED',
    ],
    [
      'a rejection, as ethers throws it',
      { throws: Object.assign(new Error('x'), { code: 'ACTION_REJECTED' }) },
      'ERR_AUTH_REJECTED',
    ],
    ['a rejection, as WalletConnect throws it', { throws: { code: 5000 } }, 'ERR_AUTH_REJECTED'],
    ['an unknown error', { throws: new Error('boom') }, 'ERR_AUTH_FAILED'],
    ['undefined as an error', { throws: undefined }, 'ERR_AUTH_FAILED'],
    ['null', { answers: null }, 'ERR_AUTH_FAILED'],
    ['undefined', { answers: undefined }, 'ERR_AUTH_FAILED'],
    ['an object', { answers: { signature: '0x' } }, 'ERR_AUTH_FAILED'],
    ['garbage', { answers: 'garbage' }, 'ERR_AUTH_FAILED'],
    ['0x', { answers: '0x' }, 'ERR_AUTH_FAILED'],
    ['half a signature', { answers: `0x${'11'.repeat(32)}` }, 'ERR_AUTH_FAILED'],
    ['zeros', { answers: `0x${'00'.repeat(65)}` }, 'ERR_CAPABILITY_SIGNATURE'],
    ["a smart account's signature", { answers: `0x${'11'.repeat(96)}` }, 'ERR_CAPABILITY_UNSUPPORTED'],
  ])('rejects with our error code when the wallet answers %s', async (_, behaviour, code) => {
    const wallet = testWallet()
    wallet.behaviour = behaviour
    await expectCode(code, () => ethereumAuth(wallet.provider, ACCOUNT_A)(opts()))
    expect(wallet.prompts).toBe(1)
  })

  it('accepts a signature in upper case or with v 0 and 1, and normalizes it', async () => {
    const wallet = testWallet()
    const { s } = await ethereumAuth(KEY_A)(
      opts({ issuedAt: '2024-06-01T12:00:00.000Z', nonce: 'samesame1' }),
    )
    const hex = String(s.s)
    const v = hex.endsWith('1b') ? '00' : '01'
    for (const answers of [`0x${hex.slice(2).toUpperCase()}`, `${hex.slice(0, -2)}${v}`]) {
      wallet.behaviour = { answers }
      const again = await ethereumAuth(
        wallet.provider,
        ACCOUNT_A,
      )(opts({ issuedAt: '2024-06-01T12:00:00.000Z', nonce: 'samesame1' }))
      expect(again.s.s).toBe(hex)
    }
  })

  it('rejects with ERR_AUTH_REJECTED through an ethers provider too', async () => {
    const wallet = testWallet()
    wallet.behaviour = 'rejects'
    for (const signer of [
      new BrowserProvider(wallet.provider),
      new providersV5.Web3Provider(wallet.provider as never),
    ])
      await expectCode('ERR_AUTH_REJECTED', () => ethereumAuth(signer, ACCOUNT_A)(opts()))
  })

  it.each([
    ['a line break in the statement', { statement: 'a\nResources:\n- all://*' }],
    ['a line break in the domain', { domain: 'a\nb' }],
    ['a short nonce', { nonce: '1' }],
    ['a resource that is no URI', { resources: ['notes'] }],
    ['an invalid expiry', { expirationTime: 'soon' }],
    ['an invalid nbf', { issuedAt: 'now' }],
  ])('does not prompt for %s', async (_, changes) => {
    const wallet = testWallet()
    await expectCode('ERR_CAPABILITY_INVALID', () => ethereumAuth(wallet.provider, ACCOUNT_A)(opts(changes)))
    expect(wallet.prompts).toBe(0)
  })

  it.each([undefined, null])(
    'rejects with ERR_WALLET_NOT_FOUND for %o, and the message says what to do',
    async (signer) => {
      const absent = signer as unknown as EthereumSignerInput
      for (const ask of [() => ethereumAuth(absent), () => ethereumAccount(absent)])
        expect((await expectCode('ERR_WALLET_NOT_FOUND', ask)).message).toMatch(
          /install one, or use a passkey.*private key is not set/,
        )
    },
  )

  it('names the environment variable if a private key is not set', () => {
    expect(() => ethereumAuth('')).toThrow(/environment variable/)
  })

  it.each(['', true, [5], 'Ox1', '0x', '1.0', ' 1', -1, 1.5, 0, null, {}])(
    'rejects the chain %j',
    async (chain) => {
      const wallet = testWallet()
      wallet.shows.chainId = chain as never
      const { message } = await expectCode('ERR_AUTH_FAILED', () => ethereumAccount(wallet.provider))
      expect(message).toMatch(/which chain/)
      await expect(ethereumAccount(KEY_A, { chainId: chain as never })).rejects.toThrow(TypeError)
    },
  )

  it.each([10, '10', '0xa', '0xA', '0X0a', 10n])('accepts the chain %s', async (chain) => {
    const wallet = testWallet()
    wallet.shows.chainId = chain as never
    const account = ACCOUNT_A.replace(':1:', ':10:')
    expect(await ethereumAccount(wallet.provider)).toBe(account)
    expect(await ethereumAccount(KEY_A, { chainId: chain as never })).toBe(account)
  })

  it.each([{}, 7, 'key', '0x11', new Uint8Array(31), { request: 'x' }, { signMessage() {} }])(
    'throws a TypeError for the signer %o',
    async (signer) => {
      const error = await failureOf(() => ethereumAuth(signer as EthereumSignerInput))
      expect(error).toBeInstanceOf(TypeError)
      expect(String(error)).not.toContain('0x11')
    },
  )

  it('takes the provider of a discovered wallet, and names it if it gets the wallet itself', () => {
    const discovered = { name: 'Wallet', icon: '', rdns: '', provider: testWallet().provider }
    expect(() => ethereumAuth(discovered as unknown as EthereumSignerInput)).toThrow('(wallet.provider)')
    expect(ethereumAuth(discovered.provider)).toBeTypeOf('function')
  })

  it('throws a TypeError for an account of another namespace', () => {
    expect(() =>
      ethereumAuth(
        KEY_A,
        'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv',
      ),
    ).toThrow(TypeError)
  })
})

describe('ethereumAccount', () => {
  it('does not open the wallet with silent: true', async () => {
    const [stranger, known] = [testWallet({ connected: false }), testWallet()]
    expect(await ethereumAccount(stranger.provider, { silent: true })).toBeUndefined()
    expect(await ethereumAccount(known.provider, { silent: true })).toBe(ACCOUNT_A)
    expect([...stranger.calls, ...known.calls]).not.toContain('eth_requestAccounts')
    expect(await ethereumAccount(stranger.provider)).toBe(ACCOUNT_A)
  })

  it('returns the wallet’s chain, or the chain of its options', async () => {
    const wallet = testWallet({ chainId: 137 })
    expect(await ethereumAccount(wallet.provider)).toBe(ACCOUNT_A.replace(':1:', ':137:'))
    expect(await ethereumAccount(wallet.provider, { chainId: 10 })).toBe(ACCOUNT_A.replace(':1:', ':10:'))
  })

  it.each([
    ['ERR_AUTH_REJECTED', { code: 4001 }],
    ['ERR_AUTH_FAILED', new Error('locked')],
  ] as const)('rejects with %s', async (code, error) => {
    const request = async (): Promise<never> => {
      throw error
    }
    await expectCode(code, () => ethereumAccount({ request }))
  })

  it.each([[[]], [null], ['0x'], [['0x12']], [[7]]])(
    'rejects with ERR_AUTH_FAILED for the answer %j',
    async (answer) => {
      await expectCode('ERR_AUTH_FAILED', () =>
        ethereumAccount({ request: async ({ method }) => (method === 'eth_chainId' ? '0x1' : answer) }),
      )
    },
  )
})
