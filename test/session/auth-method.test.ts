import { describe, expect, it } from 'vitest'
import type { SessionErrorCode } from '../../src/base/errors.js'
import type { AuthMethod, AuthMethodOpts } from '../../src/capability/auth-method.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

// An auth method that asks the wallet to sign something else than requested. All signatures are genuine.

const resources = ['https://api.example/notes/*']
const HOUR_MS = 3600 * 1000
const genuine = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
const at = (ms: number): string => new Date(Date.now() + ms).toISOString()

/** Requests a capability with the attacker's changes from the wallet. */
const asking =
  (change: (opts: AuthMethodOpts) => AuthMethodOpts): AuthMethod =>
  async (opts) =>
    genuine(change(opts))

const grant = {
  resources,
  domain: 'app.example',
  statement: 'Read your notes.',
  requestId: 'request-1',
  nonce: 'nonce12345',
  expiresInSecs: 3600,
}
const trustOptions = { verifiers: ethereumVerifiers() }

const methods: Readonly<Record<string, (auth: AuthMethod) => Promise<DIDSession>>> = {
  authorize: (auth) => DIDSession.authorize(auth, { ...grant, ...trustOptions }),
  get: (auth) => DIDSession.get(ACCOUNT_A, auth, { ...grant, ...trustOptions, store: memoryStore() }),
  async renew(auth) {
    const session = await DIDSession.get(ACCOUNT_A, genuine, { ...grant, store: memoryStore() })
    return session.renew(auth, { ...grant, ...trustOptions })
  },
  async 'renew of a session from a string'(auth) {
    return (await DIDSession.authorize(genuine, grant)).renew(auth, { ...grant, ...trustOptions })
  },
}

const attacks: readonly (readonly [string, (opts: AuthMethodOpts) => AuthMethodOpts, SessionErrorCode])[] = [
  ['a later expiry', (opts) => ({ ...opts, expirationTime: at(HOUR_MS + 60_000) }), 'ERR_CAPABILITY_INVALID'],
  [
    'an expiry in another century',
    (opts) => ({ ...opts, expirationTime: '2199-01-01T00:00:00Z' }),
    'ERR_CAPABILITY_INVALID',
  ],
  ['an older date', (opts) => ({ ...opts, issuedAt: at(-HOUR_MS) }), 'ERR_CAPABILITY_INVALID'],
  ['a later date', (opts) => ({ ...opts, issuedAt: at(HOUR_MS / 2) }), 'ERR_CAPABILITY_NOT_YET_VALID'],
  ['an nbf in the future', (opts) => ({ ...opts, notBefore: at(200_000) }), 'ERR_CAPABILITY_INVALID'],
  ['another domain', (opts) => ({ ...opts, domain: 'example.co' }), 'ERR_CAPABILITY_DOMAIN'],
  ['the domain with a port', (opts) => ({ ...opts, domain: 'app.example:8443' }), 'ERR_CAPABILITY_DOMAIN'],
  [
    'another statement',
    (opts) => ({ ...opts, statement: 'Read and delete your notes.' }),
    'ERR_CAPABILITY_INVALID',
  ],
  ['another request id', (opts) => ({ ...opts, requestId: 'request-2' }), 'ERR_CAPABILITY_INVALID'],
  ['another nonce', (opts) => ({ ...opts, nonce: 'another123' }), 'ERR_CAPABILITY_NONCE'],
  [
    'an additional resource',
    (opts) => ({ ...opts, resources: [...(opts.resources ?? []), 'https://bank.example/*'] }),
    'ERR_CAPABILITY_RESOURCES',
  ],
  [
    'a wider resource',
    (opts) => ({ ...opts, resources: ['https://api.example/*'] }),
    'ERR_CAPABILITY_RESOURCES',
  ],
  ['a missing resource', (opts) => ({ ...opts, resources: [] }), 'ERR_CAPABILITY_RESOURCES'],
]

describe.each(Object.keys(methods))('%s', (method) => {
  const open = (auth: AuthMethod) => methods[method]?.(auth) ?? Promise.reject(new Error('no such method'))

  it.each(attacks)('rejects a capability with %s', async (_, change, code) => {
    await expectCode(code, () => open(asking(change)))
  })

  it('accepts a capability as requested, or with an earlier expiry', async () => {
    expect((await open(genuine)).isAuthorized(resources)).toBe(true)
    const short = await open(asking((opts) => ({ ...opts, expirationTime: at(60_000) })))
    expect(short.expiresInSecs).toBeLessThanOrEqual(60)
  })

  it('accepts the time of the wallet’s prompt as iat and nbf', async () => {
    const dated = asking((opts) => ({ ...opts, issuedAt: at(0), notBefore: at(0) }))
    expect((await open(dated)).isAuthorized(resources)).toBe(true)
  })
})

describe('a value that the app did not request', () => {
  it('may be set by the auth method: domain, statement, nonce and request id', async () => {
    const own = ethereumAuth(KEY_A, undefined, {
      domain: 'own.example',
      statement: 'Own words.',
      requestId: 'own',
    })
    const { cacao } = await DIDSession.authorize(own, { resources })
    expect(cacao.p).toMatchObject({ domain: 'own.example', statement: 'Own words.', requestId: 'own' })
  })

  it('such as the domain is checked against the domains option before anything is stored', async () => {
    const store = memoryStore()
    const elsewhere = ethereumAuth(KEY_A, undefined, { domain: 'example.co' })
    const options = { resources, store, domains: ['app.example'] }
    await expectCode('ERR_CAPABILITY_DOMAIN', () => DIDSession.get(ACCOUNT_A, elsewhere, options))
    expect(await store.read('default')).toEqual([])
  })

  it('for the expiry is at most a week; a later expiry is refused', async () => {
    const long = asking((opts) => ({ ...opts, expirationTime: at(8 * 24 * HOUR_MS) }))
    await expectCode('ERR_CAPABILITY_INVALID', () => DIDSession.authorize(long, { resources }))
  })

  it('for iat may be an hour later than the request', async () => {
    const clock = testClock(Date.now())
    const slow: AuthMethod = async (opts) => {
      clock.advance(3600)
      return genuine({ ...opts, issuedAt: new Date(clock.now()).toISOString() })
    }
    const session = await DIDSession.authorize(slow, { resources, now: clock.now })
    expect(session.isAuthorized(resources)).toBe(true)
  })
})

describe('a delegated capability from an auth method', () => {
  const parent = () =>
    DIDSession.authorize(genuine, { resources: ['https://api.example/*'], expiresInSecs: 7200 })

  it('keeps the parent’s domain, statement and, by default, expiry', async () => {
    const session = await parent()
    const child = await DIDSession.authorize(
      async ({ uri }) => session.delegate({ audience: uri ?? '', resources }),
      { resources, domain: 'app.example', statement: 'Other words.', requestId: 'mine' },
    )
    expect(child.cacao.p.exp).toBe(session.cacao.p.exp)
  })

  it.each<[string, object, object, SessionErrorCode]>([
    ['with a later expiry than requested', { resources }, { expiresInSecs: 60 }, 'ERR_CAPABILITY_INVALID'],
    ['for another domain', { resources }, { domain: 'example.co' }, 'ERR_CAPABILITY_DOMAIN'],
    ['with all of the parent’s resources', {}, {}, 'ERR_CAPABILITY_RESOURCES'],
  ])('is refused %s', async (_, given, asked, code) => {
    const session = await parent()
    const delegating: AuthMethod = async ({ uri }) => session.delegate({ audience: uri ?? '', ...given })
    await expectCode(code, () => DIDSession.authorize(delegating, { resources, ...asked }))
  })
})
