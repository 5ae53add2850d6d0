import { beforeEach, describe, expect, it } from 'vitest'
import type { SessionErrorCode } from '../../src/base/errors.js'
import { toBase64url } from '../../src/base/multibase.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { DIDSession } from '../../src/index.js'
import { memoryStore } from '../../src/store/memory-store.js'
import {
  createPasskey,
  knownPasskeys,
  webauthnAccount,
  webauthnAuth,
  webauthnVerifiers,
} from '../../src/wallet/webauthn/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import type { PasskeyBehaviour, TestPasskeys } from '../setup/passkey.js'
import { makeResident } from '../setup/passkey-capability.js'
import { forgetAll, installPasskeys, withoutPasskeys } from '../setup/with-passkeys.js'

const resources = ['https://api.example.com/*']
const site = { domain: 'app.example.com', rpId: 'app.example.com' }
const verifiers = webauthnVerifiers()
const create = (name = 'alice'): Promise<string> => createPasskey({ name, rpId: site.rpId })

let passkeys: TestPasskeys
beforeEach(async () => {
  await forgetAll()
  passkeys = installPasskeys()
})

const authorize = (account?: string, options: object = {}): Promise<DIDSession> =>
  DIDSession.authorize(webauthnAuth(account, { ...site, ...options }), { resources, verifiers })

describe('a passkey', () => {
  it('is created discoverable, with user verification and P-256', async () => {
    await createPasskey({ name: 'a@b.c', displayName: 'Alice', rpName: 'App', rpId: site.rpId, userId: 'u1' })
    await create()
    await create()
    const [options, plain] = passkeys.creations
    expect(options).toMatchObject({
      rp: { id: 'app.example.com', name: 'App' },
      user: { id: new TextEncoder().encode('u1'), name: 'a@b.c', displayName: 'Alice' },
      pubKeyCredParams: [
        { type: 'public-key', alg: -7 },
        { type: 'public-key', alg: -257 },
      ],
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    expect(plain?.user).toMatchObject({ name: 'alice', displayName: 'alice' })
    const ids = passkeys.creations.flatMap(({ challenge, user }) => [challenge, user.id])
    expect(new Set(ids.map((bytes) => toBase64url(bytes as Uint8Array))).size).toBe(6)
    expect(passkeys.creations.map(({ user }) => user.id.byteLength)).toEqual([2, 32, 32])
  })

  it('works in browsers and extensions that return plain objects', async () => {
    passkeys.behaviour = { isPlain: true }
    const account = await create()
    expect(account).toBe(passkeys.residents[0]?.account)
    expect((await authorize()).id).toBe(account)
  })

  it.each<[string, object]>([
    ['no name', { name: '' }],
    ['an empty user id', { name: 'a', userId: '' }],
    ['a user id of 65 bytes', { name: 'a', userId: new Uint8Array(65) }],
    ['a misspelt option', { name: 'a', rpID: site.rpId }],
    [
      'a misspelt option in an object of a class',
      Object.assign(new (class {})(), { name: 'a', rpID: site.rpId }),
    ],
  ])('is not created with %s', async (_, options) => {
    await expect(createPasskey(options as { name: string })).rejects.toThrow(TypeError)
    expect(passkeys.creations).toEqual([])
  })

  it.each([[undefined], ['Alice'], [{}]])(
    'is not created with %o, and the error shows what is missing',
    async (options) => {
      await expect(createPasskey(options as never)).rejects.toThrow(
        /^name must be .*createPasskey\(\{ name: /,
      )
      expect(passkeys.creations).toEqual([])
    },
  )

  it('signs a statement only if one is given', async () => {
    await create()
    expect((await authorize()).cacao.p).not.toHaveProperty('statement')
    expect((await authorize(undefined, { statement: 'Hello.' })).cacao.p.statement).toBe('Hello.')
    const abilities = { 'https://api.example.com/notes': { 'notes/read': [{}] } }
    const auth = webauthnAuth(undefined, site)
    const { cacao } = await DIDSession.authorize(auth, { abilities, verifiers })
    expect(cacao.p.statement).toMatch(/'notes': 'read'/)
  })
})

describe('a password manager that has made a passkey', () => {
  const fail = (): never => {
    throw new Error('Permission denied to access object')
  }
  const locked = new Proxy({}, { get: fail, has: fail })
  const changes: [string, Record<string, unknown>][] = [
    ['has no getPublicKey', { getPublicKey: undefined }],
    ['has a getPublicKey that throws', { getPublicKey: fail }],
    ['returns null as the key', { getPublicKey: () => null }],
    ['returns no bytes', { getPublicKey: () => new ArrayBuffer(0) }],
    ['returns a string as the key', { getPublicKey: () => '' }],
    ['returns an object that the page may not read', { getPublicKey: () => locked }],
    ['has no getTransports', { getTransports: undefined }],
    ['has a getTransports that throws', { getTransports: fail }],
    ['returns no transports', { getTransports: () => null }],
    ['returns unknown transports', { getTransports: () => [undefined, '', 7, 'internal'] }],
    ['returns no list', { getTransports: () => 'internal' }],
  ]
  it.each(changes)('and %s can be used', async (_, change) => {
    passkeys.behaviour = {
      created: ({ response, ...rest }) => ({ ...rest, response: { ...response, ...change } }),
    }
    const account = await create()
    expect(account).toBe(passkeys.residents[0]?.account)
    const [known] = await knownPasskeys()
    expect(known?.account).toBe(account)
    expect(known?.transports.every((transport) => transport !== '')).toBe(true)
    expect((await authorize(account)).id).toBe(account)
  })

  it.each<[string, Record<string, unknown>]>([
    ['returns its id only as a string', { rawId: undefined }],
    ['returns its id only in the attestation', { rawId: 'x', id: undefined }],
  ])('and %s can be used', async (_, change) => {
    passkeys.behaviour = { created: (credential) => ({ ...credential, ...change }) }
    const account = await create()
    expect((await knownPasskeys())[0]?.id).toBe(toBase64url(passkeys.residents[0]?.id ?? new Uint8Array()))
    expect((await authorize(account)).id).toBe(account)
  })

  it('and returns no key at all causes ERR_AUTH_FAILED', async () => {
    const change = { getPublicKey: fail, attestationObject: locked }
    passkeys.behaviour = {
      created: ({ response, ...rest }) => ({ ...rest, response: { ...response, ...change } }),
    }
    expect((await expectCode('ERR_AUTH_FAILED', () => create())).message).toMatch(/delete it/)
    expect(await knownPasskeys()).toEqual([])
  })
})

const FAILURES: readonly [string, SessionErrorCode, RegExp, PasskeyBehaviour][] = [
  ['rejects', 'ERR_AUTH_REJECTED', /said no/, { throws: new DOMException('no', 'NotAllowedError') }],
  [
    'is on another site',
    'ERR_AUTH_FAILED',
    /rpId.*use localhost/,
    { throws: new DOMException('no', 'SecurityError') },
  ],
  ['fails', 'ERR_AUTH_FAILED', /device is gone/, { throws: new Error('the device is gone') }],
  ['is in a frame', 'ERR_CAPABILITY_DOMAIN', /different site's page/, { clientData: { crossOrigin: true } }],
  ['is not verified', 'ERR_CAPABILITY_SIGNATURE', /UV/, { flags: 1 }],
  ['answers null', 'ERR_AUTH_FAILED', /returned no passkey/, { answers: null }],
  ['answers with a password', 'ERR_AUTH_FAILED', /returned no passkey/, { answers: { type: 'password' } }],
  ['answers no bytes', 'ERR_AUTH_FAILED', /not bytes/, { answers: { response: { signature: 'text' } } }],
  ['signs with another key type', 'ERR_AUTH_FAILED', /ES256/, { signature: new Uint8Array(64) }],
  [
    'signs another challenge',
    'ERR_AUTH_FAILED',
    /different challenge/,
    { clientData: { challenge: 'AAAA' } },
  ],
]

describe('a sign-in whose browser or passkey', () => {
  it.each(FAILURES)('%s rejects with the right code', async (_, code, message, behaviour) => {
    const account = await create()
    passkeys.behaviour = behaviour
    // Without verifiers: the auth method itself checks the answer.
    const auth = webauthnAuth(account, site)
    const error = await expectCode(code, () => DIDSession.authorize(auth, { resources }))
    expect(error.message).toMatch(message)
    expect(passkeys.requests).toHaveLength(1)
  })

  it('throws at once rejects with ERR_AUTH_FAILED', async () => {
    navigator.credentials.get = () => {
      throw new Error('an extension broke')
    }
    await expectCode('ERR_AUTH_FAILED', () => webauthnAccount(site))
  })
})

describe('a sign-in of a person who', () => {
  it('rejects a new passkey fails with ERR_AUTH_REJECTED, and nothing is remembered', async () => {
    passkeys.behaviour = { throws: new DOMException('no', 'NotAllowedError') }
    await expectCode('ERR_AUTH_REJECTED', () => create())
    expect(await knownPasskeys()).toEqual([])
  })

  it('chooses the passkey of another account fails with an error that says so', async () => {
    const [account, other] = [await makeResident(passkeys), await makeResident(passkeys)]
    passkeys.chosen = other
    const error = await expectCode('ERR_CAPABILITY_SIGNATURE', () => authorize(account))
    expect(error.message).toMatch(new RegExp(`chosen passkey does not belong to ${account}`))
  })

  it('leaves the page closes the dialog when it is aborted', async () => {
    const account = await create()
    passkeys.behaviour = { hangs: true }
    const end = new AbortController()
    const failures = [
      failureOf(() => authorize(account, { signal: end.signal })),
      failureOf(() => webauthnAccount({ ...site, signal: end.signal })),
      failureOf(() => createPasskey({ name: 'a', signal: end.signal })),
    ]
    await expect.poll(() => passkeys.requests.length + passkeys.creations.length).toBe(4)
    end.abort(new Error('the page was left'))
    const [inSession, ...direct] = await Promise.all(failures)
    expect(inSession).toMatchObject({
      code: 'ERR_AUTH_FAILED',
      message: expect.stringMatching(/the page was left/),
    })
    expect(direct).toEqual([end.signal.reason, end.signal.reason])
    expect(await failureOf(() => createPasskey({ name: 'a', signal: end.signal }))).toBe(end.signal.reason)
  })

  it.each(['require', 'Required', '', null, true])(
    'is given the misspelt userVerification %j fails without a prompt',
    async (value) => {
      const account = await create()
      const wrong = { ...site, userVerification: value as 'required' }
      const [asked, created] = [passkeys.requests.length, passkeys.creations.length]
      const { cause } = await expectCode('ERR_AUTH_FAILED', () => authorize(account, wrong))
      expect(cause).toBeInstanceOf(TypeError)
      await expect(webauthnAccount(wrong)).rejects.toThrow(TypeError)
      await expect(createPasskey({ name: 'a', userVerification: value as 'required' })).rejects.toThrow(
        /^userVerification must be/,
      )
      expect([passkeys.requests.length, passkeys.creations.length]).toEqual([asked, created])
    },
  )

  it('is not verified succeeds if userVerification is discouraged', async () => {
    const account = await create()
    passkeys.behaviour = { flags: 1 }
    const lax = { ...site, userVerification: 'discouraged' } as const
    const { cacao } = await DIDSession.authorize(webauthnAuth(account, lax), { resources })
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => verifyCacao(cacao, { verifiers }))
    await verifyCacao(cacao, { verifiers: webauthnVerifiers({ requireUserVerification: false }) })
    await failureOf(() => authorize(account))
    const asked = passkeys.requests.map(({ userVerification }) => userVerification)
    expect(asked).toEqual(['discouraged', 'required'])
  })
})

it('a sign-in contains the domain that the page names, which servers refuse', async () => {
  const account = await create()
  const auth = webauthnAuth(account, { ...site, domain: 'bank.example.org' })
  const { cacao } = await DIDSession.authorize(auth, { resources })
  expect(cacao.p.domain).toBe('bank.example.org')
  await expectCode('ERR_CAPABILITY_DOMAIN', () => verifyCacao(cacao, { verifiers }))
})

it('without WebAuthn, calls reject with ERR_ENVIRONMENT', async () => {
  withoutPasskeys()
  for (const work of [() => create(), () => webauthnAccount(site), () => authorize()])
    await expectCode('ERR_ENVIRONMENT', work)
  expect(await knownPasskeys()).toEqual([])
})

it('webauthnAuth signs in only for its own account', async () => {
  const [account, other] = [await create(), await create()]
  const options = { resources, store: memoryStore() }
  await expectCode('ERR_CAPABILITY_ISSUER', () => DIDSession.get(other, webauthnAuth(account, site), options))
  const ethereum = 'eip155:1:0x1563915e194d8cfba1943570603f7606a3115508'
  await expectCode('ERR_CAPABILITY_ISSUER', () =>
    DIDSession.get(ethereum, webauthnAuth(undefined, site), options),
  )
  expect(passkeys.requests).toEqual([])
  for (const none of [
    ethereum,
    'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3',
    'did:key:zDnnonsense',
  ])
    expect(() => webauthnAuth(none)).toThrow(TypeError)
})
