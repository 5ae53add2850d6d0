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
import { believed, headerOf, SECRET, sealedCookies } from '../setup/cookies.js'
import { forgedItem } from '../setup/forged-store.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'
import { tried } from './kit/tried.js'

// The door of a server that keeps sessions in cookies. Whoever sends a request writes them.

const resources = ['https://api.example/notes/*']
const NAME = '__Host-cacao-session%3Adefault'
// What tells the parts of one value from those of another stands before it.
const MARK = 'abcdefgh.1.'
const OTHER_SECRET = SECRET.map((byte) => byte + 100)

/** The `Cookie` header of someone who has signed in, at a server of these options. */
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
    ...believed,
    domains: [domain],
  })
  return headerOf(cookies)
}

/** A session that its sender wrote, with a key that they have: in the name of this account, whoever signed it. */
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

/** Whom the guide's own handler greets, for these cookies. */
const visit =
  (
    make: () => string | Promise<string>,
    options: Partial<CookieStoreOptions> = {},
    checks: object = believed,
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

tried('a cookie that the server didn’t seal', [
  ['(one that it did)', visit(() => genuine), 'accepted'],
  ['none', visit(() => ''), 'nothing'],
  [
    'a session of one’s own',
    visit(async () => `${NAME}=${MARK}${await written(ACCOUNT_B, KEY_B)}`),
    'nothing',
  ],
  [
    'a session in somebody else’s name, with any signature',
    visit(async () => `${NAME}=${MARK}${await written(ACCOUNT_A, KEY_B)}`),
    'nothing',
  ],
  ['changed at its beginning', visit(() => changed(0.01)), 'nothing'],
  ['changed in its middle', visit(() => changed(0.5)), 'nothing'],
  ['changed at its end', visit(() => changed(0.99)), 'nothing'],
  ['cut off', visit(() => genuine.slice(0, -10)), 'nothing'],
  ['sealed by another server', visit(() => signedIn({ secret: OTHER_SECRET })), 'nothing'],
  [
    'sealed with an algorithm of its sender’s choice',
    visit(() => jwe({ alg: 'none' }, '', '', '', '')),
    'nothing',
  ],
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
    'sealed for another kind of sign-in',
    visit(async () => {
      const cookies = sealedCookies(undefined)
      await DIDSession.get(ACCOUNT_A, ethereumAuth(KEY_A, undefined, { domain: 'app.example' }), {
        resources,
        namespace: 'admin',
        store: stringStore(cookies),
        ...believed,
      })
      return `${NAME}=${MARK}${sealedIn(headerOf(cookies))}`
    }),
    'nothing',
  ],
  [
    'sealed under another prefix',
    visit(async () => `${NAME}=${MARK}${sealedIn(await signedIn({ prefix: 'x-' }))}`),
    'nothing',
  ],
  [
    '(sealed with the secret of before)',
    visit(() => genuine, { secret: [OTHER_SECRET, SECRET] }),
    'accepted',
  ],
  ['sealed with a secret that is no longer one', visit(() => genuine, { secret: [OTHER_SECRET] }), 'nothing'],
])

tried('a cookie that the server sealed, of somebody who is not to count', [
  [
    'in whose name another wallet signed',
    visit(async () => `${NAME}=${MARK}${await seal(await written(ACCOUNT_A, KEY_B), NAME, SECRET)}`),
    'nothing',
  ],
  [
    '(in whose name the wallet signed)',
    visit(async () => `${NAME}=${MARK}${await seal(await written(ACCOUNT_A, KEY_A), NAME, SECRET)}`),
    'accepted',
  ],
  ['of another site', visit(() => signedIn({}, 'evil.example')), 'nothing'],
  ['revoked', visit(() => genuine, {}, { ...believed, revocation: { isRevoked: () => true } }), 'nothing'],
  [
    'of another kind of account',
    visit(() => genuine, {}, { ...believed, verifiers: { 'key:p256': () => undefined } }),
    'nothing',
  ],
  ['without verifiers', visit(() => genuine, {}, { domains: believed.domains }), 'TypeError: others'],
  ['without sites', visit(() => genuine, {}, { verifiers: ethereumVerifiers() }), 'TypeError: others'],
  [
    'with verifiers that are undefined',
    visit(() => genuine, {}, { ...believed, verifiers: undefined }),
    'TypeError: verifiers',
  ],
  [
    'with sites from an environment that has none',
    visit(() => genuine, {}, { ...believed, domains: undefined }),
    'TypeError: domains',
  ],
])

const store = (): ReturnType<typeof stringStore> => stringStore(sealedCookies(genuine))
const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })

tried('whoever asks a store that others can write, without a word on what is believed', [
  ['get', () => DIDSession.get(ACCOUNT_A, auth, { resources, store: store() }), 'TypeError: others'],
  ['load', () => DIDSession.load(ACCOUNT_A, { store: store() }), 'TypeError: others'],
  ['list', () => DIDSession.list({ store: store() }), 'TypeError: others'],
  [
    'hasSessionFor',
    () => DIDSession.hasSessionFor(ACCOUNT_A, resources, { store: store() }),
    'TypeError: others',
  ],
  ['explain', () => DIDSession.explain(ACCOUNT_A, resources, { store: store() }), 'TypeError: others'],
  ['(load, with a word)', () => DIDSession.load(ACCOUNT_A, { store: store(), ...believed }), 'accepted'],
])

const secret = (value: unknown) => () => cookieStore(genuine, { secret: value } as never)

tried('a secret that anybody could guess', [
  ['(32 bytes)', secret(SECRET), 'accepted'],
  ['none', () => cookieStore(genuine, {} as never), 'TypeError: secret'],
  ['no options', () => cookieStore(genuine, undefined as never), 'TypeError: options'],
  ['one that is not set', secret(undefined), 'TypeError: secret'],
  ['a text', secret('correct horse battery staple, and more'), 'TypeError: secret'],
  ['32 bytes that are all the same', secret(new Uint8Array(32)), 'TypeError: secret'],
  ['31 bytes', secret(SECRET.slice(1)), 'TypeError: secret'],
  ['no bytes', secret(new Uint8Array()), 'TypeError: secret'],
  ['an empty list', secret([]), 'TypeError: secret'],
  ['a list with a short one', secret([SECRET, SECRET.slice(1)]), 'TypeError: secret'],
])
