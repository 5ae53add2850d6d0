import { CompactEncrypt } from 'jose'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { seedKey } from '../../src/key/generate-key.js'
import { DIDSession } from '../../src/session/did-session.js'
import { seal } from '../../src/store/cookie-seal.js'
import { type CookieStore, cookieStore } from '../../src/store/cookie-store.js'
import { stringStore } from '../../src/store/string-store.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { signed } from '../setup/capability.js'
import { cookiesOfSession, headerOf, SECRET, sealedCookies, trustOptions } from '../setup/cookies.js'
import { failureOf } from '../setup/expect-code.js'
import { forgedItem } from '../setup/forged-store.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

// A server that keeps sessions in cookies, and a client that sends forged cookies.

const NAME = '__Host-cacao-session%3Adefault'
const OTHER_SECRET = SECRET.map((byte) => byte ^ 0xff)

const accountIn = async (cookies: CookieStore, options: object = {}): Promise<string | undefined> =>
  (await DIDSession.load(undefined, { store: stringStore(cookies), ...trustOptions, ...options }))?.id

const valueIn = (header: string): string => header.slice(NAME.length + '=xxxxxxxx.1.'.length)
const headerFor = (value: string, name = NAME): string => `${name}=abcdefgh.1.${value}`

/** A session that the account's wallet really signed, but whose seed the attacker knows. */
async function ownItem(domain = 'app.example'): Promise<string> {
  const seed = new Uint8Array(32).fill(9)
  const aud = (await seedKey(seed)).did
  return forgedItem([{ cacao: await signed({ aud, domain, resources: ['a:b'] }), seed }])
}

describe('a cookie', () => {
  it('that the server has sealed loads its session', async () => {
    expect(await accountIn(sealedCookies(headerOf(await cookiesOfSession())))).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(await accountIn(sealedCookies(headerFor(await seal(await ownItem(), NAME, SECRET))))).toBe(
      `did:pkh:${ACCOUNT_A}`,
    )
  })

  it('shows neither account nor key to anyone who reads it', async () => {
    const value = valueIn(headerOf(await cookiesOfSession()))
    const [header = '', ...parts] = value.split('.')
    expect(JSON.parse(atob(header))).toEqual({ alg: 'dir', enc: 'A256CBC-HS512' })
    const readable = parts.map((part) => atob(part.replaceAll('-', '+').replaceAll('_', '/'))).join()
    expect(readable).not.toMatch(/sessionKeySeed|did:pkh|eip155/)
  })

  it.each<[attack: string, header: () => Promise<string>]>([
    ['is not sealed', async () => headerFor(await ownItem())],
    ['is sealed with another secret', async () => headerFor(await seal(await ownItem(), NAME, OTHER_SECRET))],
    [
      'was sealed for another namespace',
      async () => headerFor(await seal(await ownItem(), '__Host-cacao-session%3Aadmin', SECRET)),
    ],
    [
      'was sealed without the prefix',
      async () => headerFor(await seal(await ownItem(), 'cacao-session%3Adefault', SECRET)),
    ],
    [
      'was sealed for another item',
      async () => headerFor(await seal(await ownItem(), '__Host-theme', SECRET)),
    ],
    [
      'has the algorithm none',
      async () => headerFor(`${toBase64url(utf8('{"alg":"none"}'))}..AAAA.${await ownItem()}.AAAA`),
    ],
    [
      'is sealed directly with the secret',
      async () =>
        headerFor(
          await new CompactEncrypt(utf8(await ownItem()))
            .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
            .encrypt(SECRET),
        ),
    ],
    [
      'has a password',
      async () =>
        headerFor(
          await new CompactEncrypt(utf8(await ownItem()))
            .setProtectedHeader({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM' })
            .setKeyManagementParameters({ p2c: 1000 })
            .encrypt(utf8('password')),
        ),
    ],
  ])('that %s counts as signed out', async (_, header) => {
    const cookies = sealedCookies(await header())
    expect(await accountIn(cookies)).toBeUndefined()
    expect(await cookies.getItem('cacao-session:default')).toBeUndefined()
    const options = { store: stringStore(cookies), ...trustOptions }
    expect(await DIDSession.list(options)).toEqual([])
    expect(await DIDSession.explain(ACCOUNT_A, undefined, options)).toEqual({ status: 'none' })
  })

  it('counts as signed out if any byte is changed', async () => {
    const sealed = await seal(await ownItem(), NAME, SECRET)
    for (let i = 0; i < sealed.length; i += 37) {
      const other = sealed[i] === 'A' ? 'B' : 'A'
      const cookies = sealedCookies(headerFor(sealed.slice(0, i) + other + sealed.slice(i + 1)))
      expect(await cookies.getItem('cacao-session:default'), `at ${i}`).toBeUndefined()
    }
  })

  it('that was renamed for another namespace loads no session there', async () => {
    const value = valueIn(headerOf(await cookiesOfSession()))
    const admin = `__Host-cacao-session%3Aadmin=abcdefgh.1.${value}`
    expect(await accountIn(sealedCookies(admin), { namespace: 'admin' })).toBeUndefined()
  })

  it('that is sealed, but of a domain that is not allowed, loads no session', async () => {
    const cookies = sealedCookies(headerFor(await seal(await ownItem('example.co'), NAME, SECRET)))
    expect(await accountIn(cookies)).toBeUndefined()
    expect(await accountIn(cookies, { domains: ['example.co'] })).toBe(`did:pkh:${ACCOUNT_A}`)
  })
})

describe('the secret of a cookieStore', () => {
  it('can be rotated with a list: the first seals, all of them open', async () => {
    const old = headerOf(await cookiesOfSession({ secret: OTHER_SECRET }))
    const both = { secret: [SECRET, OTHER_SECRET] }
    expect(await accountIn(sealedCookies(old))).toBeUndefined()
    expect(await accountIn(sealedCookies(old, both))).toBe(`did:pkh:${ACCOUNT_A}`)
    const renewed = headerOf(await cookiesOfSession(both))
    expect(await accountIn(sealedCookies(renewed))).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(await accountIn(sealedCookies(renewed, { secret: OTHER_SECRET }))).toBeUndefined()
  })

  it('is copied when the store is created', async () => {
    const secret = SECRET.slice()
    const cookies = cookieStore(undefined, { secret })
    secret.fill(0)
    await cookies.setItem('key', 'value')
    expect(await sealedCookies(headerOf(cookies)).getItem('key')).toBe('value')
  })

  it.each<[what: string, options: unknown]>([
    ['left out', {}],
    ['no options at all', undefined],
    ['undefined', { secret: undefined }],
    ['null', { secret: null }],
    ['a string', { secret: 'x'.repeat(32) }],
    ['too short', { secret: SECRET.slice(1) }],
    ['only zeros', { secret: new Uint8Array(32) }],
    ['an empty list', { secret: [] }],
    ['a list with a short secret', { secret: [SECRET, SECRET.slice(1)] }],
    ['a list of numbers', { secret: [...SECRET] }],
    ['misspelt', { secret: SECRET, secrets: [] }],
  ])('is refused with a TypeError: %s', async (_, options) => {
    expect(await failureOf(() => cookieStore(undefined, options as never))).toBeInstanceOf(TypeError)
  })
})

describe('a server that passes no verifiers and domains', () => {
  const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
  const calls: Readonly<Record<string, (options: object) => unknown>> = {
    load: (options) => DIDSession.load(undefined, options),
    use: (options) => DIDSession.use(ACCOUNT_A, options),
    get: (options) => DIDSession.get(ACCOUNT_A, auth, { resources: ['a:b'], ...options }),
    list: (options) => DIDSession.list(options),
    hasSessionFor: (options) => DIDSession.hasSessionFor(ACCOUNT_A, ['a:b'], options),
    explain: (options) => DIDSession.explain(ACCOUNT_A, ['a:b'], options),
  }
  const { verifiers, domains } = trustOptions

  it.each(Object.keys(calls))('gets a TypeError from %s', async (name) => {
    const store = stringStore(sealedCookies(headerOf(await cookiesOfSession())))
    for (const options of [{}, { verifiers }, { domains }, { revocation: { isRevoked: () => false } }]) {
      const error = await failureOf(() => calls[name]?.({ store, ...options }))
      expect(error).toBeInstanceOf(TypeError)
      expect((error as TypeError).message).toContain('verifiers and domains')
    }
    expect(await calls[name]?.({ store, ...trustOptions })).toBeDefined()
  })
})
