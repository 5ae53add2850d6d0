import { beforeAll } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { seedKey } from '../../src/key/generate-key.js'
import { DIDSession } from '../../src/session/did-session.js'
import type { CookieStoreOptions } from '../../src/store/cookie-format.js'
import { seal } from '../../src/store/cookie-seal.js'
import { cookieStore } from '../../src/store/cookie-store.js'
import { stringStore } from '../../src/store/string-store.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { signed } from '../setup/capability.js'
import { headerOf, SECRET, sealedCookies, trustOptions } from '../setup/cookies.js'
import { forgedItem } from '../setup/forged-store.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'
import { tryAttacks } from './kit/try-attacks.js'

// Attacks on a server that keeps sessions in cookies. Anyone who sends a request can write them.

const resources = ['https://api.example/notes/*']
const NAME = '__Host-cacao-session%3Adefault'
// The mark before a value, which distinguishes its parts from those of another value.
const MARK = 'abcdefgh.1.'
const OTHER_SECRET = SECRET.map((byte) => byte + 100)

/** The `Cookie` header of a client that is signed in at a server with these options. */
async function signedIn(
  options: Partial<CookieStoreOptions> = {},
  domain = 'app.example',
  key = KEY_A,
): Promise<string> {
  const cookies = sealedCookies(undefined, options)
  const account = key === KEY_A ? ACCOUNT_A : ACCOUNT_B
  await DIDSession.get(account, ethereumAuth(key, undefined, { domain }), {
    resources,
    store: stringStore(cookies),
    ...trustOptions,
    domains: [domain],
  })
  return headerOf(cookies)
}

/** A session written by its sender, with a key that the sender has, for this account, signed by any wallet. */
async function written(account: string, key: string): Promise<string> {
  const seed = new Uint8Array(32).fill(9)
  const { did } = await seedKey(seed)
  return forgedItem([
    { cacao: signed({ iss: `did:pkh:${account}`, aud: did, domain: 'app.example', resources }, key), seed },
  ])
}

let genuine: string
beforeAll(async () => {
  genuine = await signedIn()
})

/** The account that the guide's own handler finds in these cookies. */
const visit =
  (
    make: () => string | Promise<string>,
    options: Partial<CookieStoreOptions> = {},
    checks: object = trustOptions,
  ) =>
  async (): Promise<string | undefined> => {
    const store = stringStore(sealedCookies(await make(), options))
    return (await DIDSession.load(undefined, { store, ...checks }))?.id
  }
const sealedIn = (header: string): string => header.slice(header.indexOf('=') + 1 + MARK.length)
const changed = (at: number): string => {
  const value = [...sealedIn(genuine)]
  const i = Math.floor(value.length * at)
  value[i] = value[i] === 'A' ? 'B' : 'A'
  return `${NAME}=${MARK}${value.join('')}`
}
const jwe = (header: object, ...rest: string[]): string =>
  `${NAME}=${MARK}${[toBase64url(utf8(JSON.stringify(header))), ...rest].join('.')}`

tryAttacks('a cookie that the server did not seal', [
  ['(a sealed cookie)', visit(() => genuine), 'accepted'],
  ['none', visit(() => ''), 'nothing'],
  [
    'an unsealed session of the attacker',
    visit(async () => `${NAME}=${MARK}${await written(ACCOUNT_B, KEY_B)}`),
    'nothing',
  ],
  [
    'an unsealed session of another account, with a false signature',
    visit(async () => `${NAME}=${MARK}${await written(ACCOUNT_A, KEY_B)}`),
    'nothing',
  ],
  ['changed at its beginning', visit(() => changed(0.01)), 'nothing'],
  ['changed in its middle', visit(() => changed(0.5)), 'nothing'],
  ['changed at its end', visit(() => changed(0.99)), 'nothing'],
  ['truncated', visit(() => genuine.slice(0, -10)), 'nothing'],
  ['sealed by another server', visit(() => signedIn({ secret: OTHER_SECRET })), 'nothing'],
  ['sealed with the algorithm none', visit(() => jwe({ alg: 'none' }, '', '', '', '')), 'nothing'],
  [
    'sealed with a password',
    visit(() =>
      jwe(
        { alg: 'PBES2-HS256+A128KW', enc: 'A128GCM', p2c: 1_000_000, p2s: 'AAAA' },
        ...sealedIn(genuine).split('.').slice(1),
      ),
    ),
    'nothing',
  ],
  [
    'sealed for another namespace',
    visit(async () => {
      const cookies = sealedCookies(undefined)
      await DIDSession.get(ACCOUNT_A, ethereumAuth(KEY_A, undefined, { domain: 'app.example' }), {
        resources,
        namespace: 'admin',
        store: stringStore(cookies),
        ...trustOptions,
      })
      return `${NAME}=${MARK}${sealedIn(headerOf(cookies))}`
    }),
    'nothing',
  ],
  [
    'sealed with another prefix',
    visit(async () => `${NAME}=${MARK}${sealedIn(await signedIn({ prefix: 'x-' }))}`),
    'nothing',
  ],
  [
    '(sealed with the previous secret of a rotation)',
    visit(() => genuine, { secret: [OTHER_SECRET, SECRET] }),
    'accepted',
  ],
  ['sealed with a retired secret', visit(() => genuine, { secret: [OTHER_SECRET] }), 'nothing'],
])

tryAttacks('a sealed cookie with a session that must be refused', [
  [
    'signed by another wallet',
    visit(async () => `${NAME}=${MARK}${await seal(await written(ACCOUNT_A, KEY_B), NAME, SECRET)}`),
    'nothing',
  ],
  [
    '(signed by the account’s wallet)',
    visit(async () => `${NAME}=${MARK}${await seal(await written(ACCOUNT_A, KEY_A), NAME, SECRET)}`),
    'accepted',
  ],
  ['of another domain', visit(() => signedIn({}, 'evil.example')), 'nothing'],
  [
    'revoked',
    visit(() => genuine, {}, { ...trustOptions, revocation: { isRevoked: () => true } }),
    'nothing',
  ],
  [
    'of another kind of account',
    visit(() => genuine, {}, { ...trustOptions, verifiers: { 'key:p256': () => undefined } }),
    'nothing',
  ],
  ['without verifiers', visit(() => genuine, {}, { domains: trustOptions.domains }), 'TypeError: others'],
  ['without domains', visit(() => genuine, {}, { verifiers: ethereumVerifiers() }), 'TypeError: others'],
  [
    'with verifiers that are undefined',
    visit(() => genuine, {}, { ...trustOptions, verifiers: undefined }),
    'TypeError: verifiers',
  ],
  [
    'with domains from an environment variable that is not set',
    visit(() => genuine, {}, { ...trustOptions, domains: undefined }),
    'TypeError: domains',
  ],
])

const store = (): ReturnType<typeof stringStore> => stringStore(sealedCookies(genuine))
const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })

tryAttacks('a call on a store that others can write, without verifiers and domains', [
  ['get', () => DIDSession.get(ACCOUNT_A, auth, { resources, store: store() }), 'TypeError: others'],
  ['load', () => DIDSession.load(ACCOUNT_A, { store: store() }), 'TypeError: others'],
  ['list', () => DIDSession.list({ store: store() }), 'TypeError: others'],
  [
    'hasSessionFor',
    () => DIDSession.hasSessionFor(ACCOUNT_A, resources, { store: store() }),
    'TypeError: others',
  ],
  ['explain', () => DIDSession.explain(ACCOUNT_A, resources, { store: store() }), 'TypeError: others'],
  [
    '(load, with verifiers and domains)',
    () => DIDSession.load(ACCOUNT_A, { store: store(), ...trustOptions }),
    'accepted',
  ],
])

const secret = (value: unknown) => () => cookieStore(genuine, { secret: value } as never)

tryAttacks('a guessable secret', [
  ['(32 bytes)', secret(SECRET), 'accepted'],
  ['none', () => cookieStore(genuine, {} as never), 'TypeError: secret'],
  ['no options', () => cookieStore(genuine, undefined as never), 'TypeError: options'],
  ['a secret that is not set', secret(undefined), 'TypeError: secret'],
  ['a string', secret('correct horse battery staple, and more'), 'TypeError: secret'],
  ['32 equal bytes', secret(new Uint8Array(32)), 'TypeError: secret'],
  ['31 bytes', secret(SECRET.slice(1)), 'TypeError: secret'],
  ['no bytes', secret(new Uint8Array()), 'TypeError: secret'],
  ['an empty list', secret([]), 'TypeError: secret'],
  ['a list with a short secret', secret([SECRET, SECRET.slice(1)]), 'TypeError: secret'],
])
