import nacl from 'tweetnacl'
import { beforeEach, describe, expect, it } from 'vitest'
import { concat, utf8 } from '../../src/base/bytes.js'
import { toHex } from '../../src/base/hex.js'
import { fromBase58, toBase64 } from '../../src/base/multibase.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { DIDSession } from '../../src/index.js'
import { toBase58 } from '../../src/key/session-key.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import {
  discoverSolanaWallets,
  type SolanaSignerInput,
  solanaAccount,
  solanaAuth,
  solanaVerifiers,
} from '../../src/wallet/solana/index.js'
import { renderSolanaMessage } from '../../src/wallet/solana/sign-in.js'
import { describeAttacks } from '../setup/attack-capability.js'
import { expectCode } from '../setup/expect-code.js'
import {
  SOLANA_MAINNET,
  solanaAdapter,
  type TestSolanaWallet,
  testSolanaWallet,
} from '../setup/solana-wallet.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const resources = ['https://api.example.com/*']
const domain = { domain: 'app.example.com' }
const verifiers = solanaVerifiers()
const DEVNET = 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1'
const authorize = (wallet: SolanaSignerInput, account?: string): Promise<DIDSession> =>
  DIDSession.authorize(solanaAuth(wallet, account, domain), { resources, verifiers })

let test: TestSolanaWallet
beforeEach(() => {
  test = testSolanaWallet(7)
})

describe('a Solana wallet', () => {
  it('signs exactly our text', async () => {
    const session = await authorize(test.wallet)
    expect(session.id).toBe(`did:pkh:${test.account}`)
    expect(session.cacao).toMatchObject({ h: { t: 'caip122' }, s: { t: 'solana:ed25519' } })
    expect(test.calls).toEqual(['signMessage'])
    const [text = ''] = test.texts
    const { nonce, iat, exp } = session.cacao.p
    expect(text.split('\n')).toEqual([
      'app.example.com wants you to sign in with your Solana account:',
      test.address,
      '',
      'Sign in and let this app act for you until the session expires.',
      '',
      `URI: ${session.keyDID}`,
      'Version: 1',
      `Chain ID: ${SOLANA_MAINNET}`,
      `Nonce: ${nonce}`,
      `Issued At: ${iat}`,
      `Expiration Time: ${exp}`,
      'Resources:',
      '- https://api.example.com/*',
    ])
    const key = fromBase58(test.address) ?? new Uint8Array()
    const signature = fromBase58(String(session.cacao.s.s)) ?? new Uint8Array()
    expect(nacl.sign.detached.verify(utf8(text), signature, key)).toBe(true)
  })

  it.each<[string, () => SolanaSignerInput, string | undefined]>([
    ['that is not connected yet', () => testSolanaWallet(7, { connected: false }).wallet, undefined],
    ['of wallet-adapter', () => solanaAdapter(7), undefined],
    ['that answers with an object', () => solanaAdapter(7, false), undefined],
    [
      'that writes the text itself',
      () => testSolanaWallet(7, { features: ['solana:signIn'] }).wallet,
      undefined,
    ],
    [
      'on devnet',
      () => testSolanaWallet(7, { chains: ['solana:devnet'] }).wallet,
      'EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
    ],
  ])('%s signs in', async (_, make, reference = SOLANA_MAINNET) => {
    const wallet = make()
    const account = await solanaAccount(wallet)
    expect(account).toBe(`solana:${reference}:${test.address}`)
    const session = await authorize(wallet, account)
    await verifyCacao(session.cacao, { verifiers, issuer: account, domains: ['app.example.com'], resources })
    await expectCode('ERR_CAPABILITY_UNSUPPORTED', () =>
      verifyCacao(session.cacao, { verifiers: ethereumVerifiers() }),
    )
  })

  it('is not opened with silent: true', async () => {
    const away = testSolanaWallet(7, { connected: false })
    expect(await solanaAccount(away.wallet, { silent: true })).toBeUndefined()
    expect(away.calls).toEqual(['silent connect'])
    expect(await solanaAccount(solanaAdapter(7), { silent: true })).toBeUndefined()
    expect(await solanaAccount(test.wallet, { silent: true })).toBe(test.account)
  })

  it.each<[string, TestSolanaWallet['behaviour'], Parameters<typeof expectCode>[0], RegExp]>([
    [
      'rejects with a code',
      { throws: Object.assign(new Error('x'), { code: 4001 }) },
      'ERR_AUTH_REJECTED',
      /rejected/,
    ],
    [
      'rejects with a message',
      { throws: new Error('User rejected the request.') },
      'ERR_AUTH_REJECTED',
      /rejected/,
    ],
    ['fails', { throws: new Error('the device is gone') }, 'ERR_AUTH_FAILED', /the device is gone/],
    ['answers undefined', { answers: undefined }, 'ERR_AUTH_FAILED', /not a signature/],
    [
      'answers too little',
      { answers: [{ signature: new Uint8Array(63) }] },
      'ERR_AUTH_FAILED',
      /not a signature/,
    ],
    [
      'signs with another key',
      { answers: [{ signature: new Uint8Array(64).fill(1) }] },
      'ERR_CAPABILITY_SIGNATURE',
      /different account/,
    ],
    ['signs another message', 'prefix', 'ERR_AUTH_FAILED', /different message/],
  ])('that %s makes sign-in reject with the right code', async (_, behaviour, code, message) => {
    test.behaviour = behaviour
    const error = await expectCode(code, () => authorize(test.wallet))
    expect(error.message).toMatch(message)
  })

  it('whose account can not sign messages, as on a Ledger, is explained in the error', async () => {
    const ledger = testSolanaWallet(7, { accountFeatures: [] })
    const error = await expectCode('ERR_AUTH_FAILED', () => authorize(ledger.wallet))
    expect(error.message).toMatch(/Ledger/)
    expect(ledger.calls).toEqual([])
  })

  it('is asked to sign only for the account of the session', async () => {
    const store = memoryStore()
    const auth = solanaAuth(test.wallet, undefined, domain)
    const session = await DIDSession.get(test.account, auth, { resources, store, verifiers })
    expect(session.id).toBe(`did:pkh:${test.account}`)
    const other = testSolanaWallet(8).account
    await expectCode('ERR_AUTH_FAILED', () => DIDSession.get(other, auth, { resources, store }))
    await expectCode('ERR_CAPABILITY_ISSUER', () =>
      DIDSession.get(other, solanaAuth(test.wallet, test.account, domain), { resources, store }),
    )
  })

  it.each<[string, unknown]>([
    ['an Ethereum provider', { request: () => undefined }],
    ['a wallet without features', { accounts: [] }],
  ])('throws a TypeError if it is %s', (_, wallet) => {
    expect(() => solanaAuth(wallet as SolanaSignerInput)).toThrow(TypeError)
  })

  it('is named if it gets what discoverSolanaWallets found instead', () => {
    const found = { name: 'Wallet', icon: '', wallet: testSolanaWallet(7).wallet }
    expect(() => solanaAuth(found as unknown as SolanaSignerInput)).toThrow('(as discovered: found.wallet)')
    expect(solanaAuth(found.wallet)).toBeTypeOf('function')
  })

  it.each<[string, unknown]>([
    ['undefined, as in a browser without one', undefined],
    ['null', null],
    [
      'the value of wallet-adapter before a choice',
      { wallet: null, publicKey: null, signMessage: undefined },
    ],
  ])('is missing: %s', async (_, wallet) => {
    const absent = wallet as SolanaSignerInput
    for (const ask of [() => solanaAuth(absent), () => solanaAccount(absent)])
      expect((await expectCode('ERR_WALLET_NOT_FOUND', ask)).message).toMatch(/install one, or use a passkey/)
  })

  it.each<[string, string[], string]>([
    ['several, mainnet first', ['solana:localnet', 'solana:devnet', 'solana:mainnet'], SOLANA_MAINNET],
    ['several without mainnet', ['solana:localnet', 'solana:testnet', 'solana:devnet'], DEVNET],
    ['a CAIP-2 id', ['solana:localnet', `solana:${DEVNET}`], DEVNET],
    [
      'another network by its CAIP-2 id',
      ['solana:localnet', 'solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ'],
      '4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ',
    ],
  ])('on %s signs in on the right chain', async (_, chains, reference) => {
    const wallet = testSolanaWallet(7, { chains })
    expect(await solanaAccount(wallet.wallet)).toBe(`solana:${reference}:${wallet.address}`)
    await authorize(wallet.wallet)
  })

  it.each(['', 'not an address', `0x${'ab'.repeat(20)}`, undefined])(
    'with the address %j rejects with ERR_AUTH_FAILED',
    async (address) => {
      const account = { ...test.wallet.accounts[0], address }
      const wallet = { ...test.wallet, accounts: [account] } as SolanaSignerInput
      const { message } = await expectCode('ERR_AUTH_FAILED', () => solanaAccount(wallet))
      expect(message).toMatch(/not a Solana address/)
      expect(await solanaAccount(test.wallet)).toBe(test.account)
    },
  )

  it('only on localnet rejects, unless the chain option is set', async () => {
    const { wallet, address } = testSolanaWallet(7, { chains: ['solana:localnet'] })
    const { message } = await expectCode('ERR_AUTH_FAILED', () => solanaAccount(wallet))
    expect(message).toMatch(/solana:localnet.*set the option chain/)
    expect(await solanaAccount(wallet, { chain: 'devnet' })).toBe(`solana:${DEVNET}:${address}`)
  })

  it.each<[string, (signature: Uint8Array, message: Uint8Array) => unknown]>([
    ['base58', (signature) => toBase58(signature)],
    ['hex', (signature) => toHex(signature)],
    ['hex with 0x, in upper case', (signature) => `0x${toHex(signature).toUpperCase()}`],
    ['base64', (signature) => toBase64(signature)],
    ['an array', (signature) => [...signature]],
    ['a buffer', (signature) => new Uint8Array(signature).buffer],
    ['bytes after JSON', (signature) => JSON.parse(JSON.stringify(signature))],
    ['a Buffer after JSON', (signature) => ({ type: 'Buffer', data: [...signature] })],
    ['the message and the signature', (signature, message) => Uint8Array.of(...message, ...signature)],
    ['the signature and the message', (signature, message) => Uint8Array.of(...signature, ...message)],
    ['the message and the signature in hex', (signature, message) => toHex(message) + toHex(signature)],
  ])('may return %s', async (_, form) => {
    const { secretKey, publicKey } = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(7))
    const signed = (message: Uint8Array, by = secretKey): unknown =>
      form(nacl.sign.detached(message, by), message)
    const adapter = (answer: (message: Uint8Array) => unknown): SolanaSignerInput => ({
      publicKey: { toString: () => toBase58(publicKey) },
      signMessage: async (message) => answer(message),
    })
    const standard = (answer: (message: Uint8Array) => unknown): SolanaSignerInput => {
      const { wallet } = testSolanaWallet(7)
      const signMessage = async ({ message }: { message: Uint8Array }): Promise<unknown> => answer(message)
      return { ...wallet, features: { 'solana:signMessage': { version: '1.0.0', signMessage } } }
    }
    const stranger = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(8)).secretKey
    for (const make of [adapter, standard]) {
      await authorize(make((message) => signed(message)))
      await authorize(make((message) => ({ signature: signed(message) })))
      await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
        authorize(make((message) => signed(message, stranger))),
      )
      // A signature over a different message is refused, as invalid or as malformed.
      await expect(authorize(make(() => signed(utf8('another message'))))).rejects.toThrow()
    }
  })

  it.each(['x', 'xx', 'xxx'])(
    'may answer base64 of message and signature, with any padding: %s',
    async (statement) => {
      const { secretKey, publicKey } = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(7))
      for (const isMessageFirst of [true, false]) {
        const wallet: SolanaSignerInput = {
          publicKey: { toString: () => toBase58(publicKey) },
          signMessage: async (message) => {
            const signature = nacl.sign.detached(message, secretKey)
            const parts = isMessageFirst ? [message, signature] : [signature, message]
            return toBase64(concat(...parts))
          },
        }
        const auth = solanaAuth(wallet, test.account, { ...domain, statement })
        expect((await DIDSession.authorize(auth, { resources, verifiers })).id).toBe(
          `did:pkh:${test.account}`,
        )
      }
    },
  )

  it.each<[string, unknown]>([
    ['a number too few', Array.from({ length: 63 }, () => 1)],
    ['a number that is no byte', Array.from({ length: 64 }, () => 256)],
    ['text of another length', 'ab'.repeat(63)],
    ['a string', 'signed'],
    ['true', true],
    ['an object', { signature: { r: 1 } }],
  ])('that returns %s rejects with ERR_AUTH_FAILED', async (_, answers) => {
    test.behaviour = { answers: [{ signature: answers }] }
    expect((await expectCode('ERR_AUTH_FAILED', () => authorize(test.wallet))).message).toMatch(
      /not a signature/,
    )
  })

  it('throws a TypeError for an account of another namespace or an unknown network', async () => {
    expect(() => solanaAuth(test.wallet, 'eip155:1:0x1563915e194d8cfba1943570603f7606a3115508')).toThrow(
      TypeError,
    )
    await expect(solanaAccount(solanaAdapter(7), { chain: 'moonnet' })).rejects.toThrow(TypeError)
  })
})

describe('a Solana account’s session', () => {
  it('can be stored, loaded, sign requests, be serialized and be revoked', async () => {
    const store = memoryStore()
    const auth = solanaAuth(test.wallet, test.account, domain)
    const session = await DIDSession.get(test.account, auth, { resources, store, verifiers })
    expect((await DIDSession.load(undefined, { store, verifiers }))?.keyDID).toBe(session.keyDID)
    const revocation = memoryRevocation()
    const verify = requestVerifier({
      verifiers: { ...ethereumVerifiers(), ...verifiers },
      authority: 'api.example.com',
      domains: ['app.example.com'],
      resources,
      revocation,
    })
    const post = (): Request =>
      new Request('https://api.example.com/notes', { method: 'POST', body: 'a note' })
    const caller = await verify(await session.signRequest(post()))
    expect(caller.account).toBe(test.account)
    const copy = await DIDSession.fromSession((await authorize(test.wallet)).serialize(), { verifiers })
    expect((await verify(await copy.signRequest(post()))).account).toBe(test.account)
    await revocation.revoke(session.cacao)
    await expectCode('ERR_CAPABILITY_REVOKED', async () => verify(await session.signRequest(post())))
    await verify(await copy.signRequest(post()))
  })
})

describe('the verifier of Solana accounts', () => {
  it('agrees with tweetnacl', async () => {
    const { cacao } = await authorize(test.wallet)
    const key = fromBase58(test.address) ?? new Uint8Array()
    const good = fromBase58(String(cacao.s.s)) ?? new Uint8Array()
    for (let i = 0; i < 64; i++) {
      const signature = good.map((byte, at) => (at === i ? byte ^ 0x40 : byte))
      const changed = { ...cacao, s: { ...cacao.s, s: toBase58(signature) } }
      expect(nacl.sign.detached.verify(utf8(renderSolanaMessage(cacao.p)), signature, key)).toBe(false)
      await expectCode('ERR_CAPABILITY_SIGNATURE', () => verifyCacao(changed, { verifiers }))
    }
  })

  it('accepts one blank line if there is no statement', async () => {
    const { p } = (await authorize(test.wallet)).cacao
    const { statement: _, ...rest } = p
    const cacao = signedBy(7, rest)
    await verifyCacao(cacao, { verifiers })
    expect(renderSolanaMessage(cacao.p)).toContain(`${test.address}\n\nURI: `)
  })

  it('accepts bytes for a signature, and only the header and type that the wallet’s signature has', async () => {
    const { h, p, s } = (await authorize(test.wallet)).cacao
    const verify = verifiers['solana:ed25519']
    const bytes = fromBase58(String(s.s)) ?? new Uint8Array()
    await verify({ h, p, s: { ...s, s: bytes } } as Cacao, {})
    for (const changed of [
      { h: { t: 'eip4361' }, p, s },
      { h, p, s: { ...s, t: 'solana:ed25519x' } },
      { h, p, s: { ...s, s: bytes.slice(1) } },
      { h, p, s: { ...s, s: toBase58(bytes.slice(1)) } },
    ])
      await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify(changed as Cacao, {}))
    const iss = `did:pkh:${ACCOUNT_A}`
    await expectCode('ERR_CAPABILITY_ISSUER', () => verify({ h, p: { ...p, iss }, s } as Cacao, {}))
  })

  it('checks the dates for callers that leave them to it', async () => {
    const { p } = (await authorize(test.wallet)).cacao
    const cacao = signedBy(7, { ...p, exp: '2024-01-01T00:00:00Z' })
    const verify = verifiers['solana:ed25519']
    await expectCode('ERR_CAPABILITY_EXPIRED', () => verify(cacao, {}))
    await verify(cacao, { disableExpirationCheck: true })
  })
})

describeAttacks('Solana accounts', async () => ({
  cacao: (await authorize(testSolanaWallet(7).wallet)).cacao,
  verifiers: { ...ethereumVerifiers(), ...solanaVerifiers() },
  otherIssuer: `did:pkh:${testSolanaWallet(8).account}`,
  now: () => Date.now(),
}))

describe('the discovery of Solana wallets', () => {
  const inPage = typeof window !== 'undefined'

  it.runIf(inPage)('returns wallets that are present, and reports later ones to onWallet', async () => {
    const early = registering(test.wallet)
    window.addEventListener('wallet-standard:app-ready', early)
    const end = new AbortController()
    const seen: string[] = []
    const later = new Promise<void>((resolve) => {
      const onWallet = ({ name }: { name: string }): void => {
        seen.push(name)
        if (seen.length === 2) resolve()
      }
      void discoverSolanaWallets({ onWallet, signal: end.signal }).then((wallets) => {
        expect(wallets.map(({ wallet }) => wallet)).toEqual([test.wallet])
        expect(wallets[0]?.icon).toMatch(/^data:image/)
        announce({ ...testSolanaWallet(8).wallet, name: 'Later', icon: 'https://evil.example.com/x.svg' })
      })
    })
    await later
    expect(seen).toEqual(['Test Solana Wallet', 'Later'])
    end.abort()
    announce({ ...testSolanaWallet(9).wallet, name: 'Too late' })
    window.removeEventListener('wallet-standard:app-ready', early)
    expect(seen).toHaveLength(2)
  })

  it.runIf(inPage)('ignores anything that is no Solana wallet', async () => {
    const odd = [
      undefined,
      null,
      {},
      { name: 'x', features: {}, chains: ['bitcoin:mainnet'], accounts: [] },
      { name: 1 },
    ]
    const listener = (event: Event): void => {
      for (const wallet of odd)
        (event as CustomEvent<{ register(wallet: unknown): void }>).detail.register(wallet)
    }
    window.addEventListener('wallet-standard:app-ready', listener)
    expect(await discoverSolanaWallets()).toEqual([])
    window.removeEventListener('wallet-standard:app-ready', listener)
  })

  it.runIf(inPage)(
    'returns the other wallets, whatever one wallet throws, and cleans their names',
    async () => {
      const fail = (): never => {
        throw new Error('strange')
      }
      const thrower = new Proxy({}, { get: fail, has: fail, ownKeys: fail })
      const listener = (event: Event): void => {
        const { register } = (event as CustomEvent<{ register(...wallets: unknown[]): void }>).detail
        const odd = { ...testSolanaWallet(8).wallet, name: '\u202e Odd\n\u200bWallet '.padEnd(9999, 'x') }
        register(
          thrower,
          { ...test.wallet, name: '\u200b' },
          { ...test.wallet, name: { toString: (): string => 'x' } },
          odd,
        )
        for (let i = 0; i < 300; i++) register({ ...test.wallet })
      }
      window.addEventListener('wallet-standard:app-ready', listener)
      const wallets = await discoverSolanaWallets()
      window.removeEventListener('wallet-standard:app-ready', listener)
      expect(wallets.length).toBe(100)
      expect(wallets[0]?.name).toBe('Odd Wallet xxxxx'.padEnd(64, 'x').slice(0, 64))
    },
  )

  it.skipIf(inPage)('returns none where there is no page', async () => {
    expect(await discoverSolanaWallets()).toEqual([])
  })
})

const registering = (wallet: unknown) => (event: Event) =>
  void (event as CustomEvent<{ register(wallet: unknown): void }>).detail.register(wallet)

function announce(wallet: unknown): void {
  const detail = (api: { register(wallet: unknown): void }): void => api.register(wallet)
  window.dispatchEvent(new CustomEvent('wallet-standard:register-wallet', { detail }))
}

function signedBy(seed: number, p: Cacao['p']): Cacao {
  const { secretKey } = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(seed))
  const s = toBase58(nacl.sign.detached(utf8(renderSolanaMessage(p)), secretKey))
  return parseCacao({ h: { t: 'caip122' }, p, s: { t: 'solana:ed25519', s } })
}
