import { CompactEncrypt } from 'jose'
import type { Caller } from '../../src/http/capability-gate.js'
import { cookieStore } from '../../src/store/cookie-store.js'
import {
  type CookieSite,
  cookieSite,
  cookiesOf,
  NAME,
  ORIGIN,
  SECRET,
  SESSION_URL,
} from '../cookie/cookie-site.js'
import { NOW, RESOURCE, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_B, KEY_B } from '../setup/wallet.js'
import { tryAttacks } from './kit/try-attacks.js'

// Attacks on the cookies of pages: a cookie that the server did not set, or an expired one, must show no account, and no cookie
// can be had without the session key.

const signer = await testSigner()
const site = await cookieSite({}, signer)
const genuine = await site.cookies()
const [cookie = '', note = ''] = genuine.split('; ')
const value = cookie.slice(NAME.length + 1)
const [mark = '', sealed = ''] = [value.slice(0, 11), value.slice(11)]
const other = await cookieSite({}, await testSigner('P-256', { iss: `did:pkh:${ACCOUNT_B}` }, KEY_B))
const others = (await other.cookies()).split('; ')[0] ?? ''

/** The account in these cookies; a stale cookie has none. */
const visit =
  (cookies: () => string | Promise<string>, at: CookieSite = site, time = NOW) =>
  async (): Promise<Caller | undefined> => {
    at.time = time
    const verdict = await at.pages.read(new Headers({ cookie: await cookies() }))
    return typeof verdict === 'object' ? verdict : undefined
  }

const parts = sealed.split('.')
const changed = (i: number, to: (part: string) => string): string =>
  `${NAME}=${mark}${parts.map((part, at) => (at === i ? to(part) : part)).join('.')}`
const flipped = (part: string): string => (part.startsWith('A') ? 'B' : 'A') + part.slice(1)
const header = (fields: object): string => Buffer.from(JSON.stringify(fields)).toString('base64url')
const jwe = async (fields: { alg: string; enc: string }, key: Uint8Array): Promise<string> =>
  `${NAME}=${mark}${await new CompactEncrypt(Buffer.from(value)).setProtectedHeader(fields).encrypt(key)}`

tryAttacks('a changed cookie', [
  ['(the genuine cookie)', visit(() => genuine), 'accepted'],
  ['(the genuine cookie among others)', visit(() => `theme=dark; ${genuine}; __Host-x=1`), 'accepted'],
  ['nothing', visit(() => ''), 'nothing'],
  ['the readable note without the cookie', visit(() => note), 'nothing'],
  ['the readable note in place of the cookie', visit(() => `${NAME}=${note.split('=')[1]}`), 'nothing'],
  ['an empty cookie', visit(() => `${NAME}=`), 'nothing'],
  [
    'another protected header',
    visit(() => changed(0, () => header({ alg: 'dir', enc: 'A256GCM' }))),
    'nothing',
  ],
  ['a header without encryption', visit(() => changed(0, () => header({ alg: 'none' }))), 'nothing'],
  ['another initialization vector', visit(() => changed(2, flipped)), 'nothing'],
  ['another ciphertext', visit(() => changed(3, flipped)), 'nothing'],
  ['another tag', visit(() => changed(4, flipped)), 'nothing'],
  ['no tag', visit(() => changed(4, () => '')), 'nothing'],
  ['a truncated cookie', visit(() => cookie.slice(0, -1)), 'nothing'],
  ['a cookie with added characters', visit(() => `${cookie}A`), 'nothing'],
  ['a cookie of one part that claims two', visit(() => cookie.replace('.1.', '.2.')), 'nothing'],
  ['ten million characters', visit(() => `${NAME}=${mark}${'A'.repeat(10_000_000)}`), 'nothing'],
  [
    'ten thousand cookies',
    visit(() => Array.from({ length: 10_000 }, (_, i) => `${NAME}$${i}=${value}`).join('; ')),
    'nothing',
  ],
])

tryAttacks('another cookie beside the genuine one', [
  ['(the other cookie alone)', visit(() => others), 'accepted'],
  ['(a cookie of another name)', visit(() => `${others.replace(NAME, 'x')}; ${genuine}`), 'accepted'],
  ['before the genuine cookie', visit(() => `${others}; ${genuine}`), 'nothing'],
  ['after the genuine cookie', visit(() => `${genuine}; ${others}`), 'nothing'],
  ['the genuine cookie twice', visit(() => `${cookie}; ${cookie}`), 'nothing'],
  [
    'with the name without its prefix, as another host can set it',
    visit(() => genuine.replaceAll('__Host-', '')),
    'nothing',
  ],
  ['with the name in lower case', visit(() => genuine.replaceAll('__Host-', '__host-')), 'nothing'],
  ['with the name in quotes', visit(() => `"${NAME}"=${value}`), 'nothing'],
])

const forSite = (options: Parameters<typeof cookieSite>[0]) => cookieSite(options)
const foreign: Record<string, CookieSite> = {
  secret: await forSite({ secret: crypto.getRandomValues(new Uint8Array(32)) }),
  name: await forSite({ name: 'admin' }),
  domain: await forSite({ domains: ['other.example'] }),
  resources: await forSite({ resources: ['https://api.example.com/admin'] }),
}

tryAttacks('a cookie of another server', [
  ['with another secret', visit(async () => (await foreign['secret']?.cookies(signer)) ?? ''), 'nothing'],
  [
    'for another kind of session',
    visit(async () => ((await foreign['name']?.cookies(signer)) ?? '').replaceAll('__Host-admin', NAME)),
    'nothing',
  ],
  ['for other domains', visit(() => genuine, foreign['domain']), 'nothing'],
  ['without the required resources', visit(() => genuine, foreign['resources']), 'nothing'],
  [
    'with another algorithm, and the same secret',
    visit(() => jwe({ alg: 'dir', enc: 'A256GCM' }, SECRET)),
    'nothing',
  ],
  [
    'sealed directly with the secret',
    visit(() => jwe({ alg: 'dir', enc: 'A256CBC-HS512' }, new Uint8Array([...SECRET, ...SECRET]))),
    'nothing',
  ],
  [
    'sealed by cookieStore',
    visit(async () => {
      const store = cookieStore(undefined, { secret: SECRET })
      await store.setItem('cacao-session', value)
      return store.setCookies().join('; ')
    }),
    'nothing',
  ],
])

const short = await cookieSite({}, await testSigner('P-256', { exp: new Date(NOW + 60_000).toISOString() }))
const shortLived = await short.cookies()

tryAttacks('a copied cookie', [
  ['(at once)', visit(() => genuine), 'accepted'],
  ['in its last millisecond', visit(() => genuine, site, NOW + 599_999), 'accepted'],
  ['after its expiry', visit(() => genuine, site, NOW + 600_000), 'nothing'],
  ['(before the capability’s expiry)', visit(() => shortLived, short, NOW + 59_999), 'accepted'],
  ['after the capability’s expiry', visit(() => shortLived, short, NOW + 60_000), 'nothing'],
  ['before it was set', visit(() => genuine, site, NOW - 300_001), 'nothing'],
])

/** The cookie that the handler sets for a request, if any. */
const renewed = (make: () => Request | Promise<Request>) => async (): Promise<string | undefined> => {
  const server = await cookieSite({}, signer)
  const request = await make()
  return cookiesOf(await server.pages.handler(request)) || undefined
}
const signed = (url = SESSION_URL, method = 'POST', by = signer) => by.sign(new Request(url, { method }), NOW)
const withHeaders = async (headers: Record<string, string>): Promise<Request> => {
  const request = new Request(await signed())
  for (const [name, content] of Object.entries(headers)) request.headers.set(name, content)
  return request
}
const authorization = (await signed()).headers.get('authorization') ?? ''

tryAttacks('requesting a cookie without the session key', [
  ['(with the session key)', renewed(signed), 'accepted'],
  [
    'with the cookie itself',
    renewed(() => new Request(SESSION_URL, { method: 'POST', headers: { cookie: genuine } })),
    'nothing',
  ],
  [
    'with the capability, which is no secret',
    renewed(() => new Request(SESSION_URL, { method: 'POST', headers: { authorization, cookie: genuine } })),
    'nothing',
  ],
  [
    'with a request signed for another path',
    renewed(async () => new Request(SESSION_URL, await signed(`${ORIGIN}/api/notes`))),
    'nothing',
  ],
  [
    'with a request signed for another host',
    renewed(async () => new Request(SESSION_URL, await signed('https://api.example.com/session'))),
    'nothing',
  ],
  [
    'with a request signed with another method',
    renewed(
      async () =>
        new Request(SESSION_URL, { method: 'POST', headers: (await signed(SESSION_URL, 'PUT')).headers }),
    ),
    'nothing',
  ],
  ['with a GET', renewed(() => signed(SESSION_URL, 'GET')), 'nothing'],
  [
    'with the capability of another',
    renewed(async () =>
      withHeaders({
        authorization: (await signed(SESSION_URL, 'POST', other.signer)).headers.get('authorization') ?? '',
      }),
    ),
    'nothing',
  ],
  ['from another site', renewed(() => withHeaders({ 'sec-fetch-site': 'cross-site' })), 'nothing'],
  [
    'from another host of the domain',
    renewed(() => withHeaders({ 'sec-fetch-site': 'same-site' })),
    'nothing',
  ],
  [
    'from another origin, in an old browser',
    renewed(() => withHeaders({ origin: 'https://evil.example' })),
    'nothing',
  ],
  [
    'with a capability for other resources',
    async () => {
      const strict = await cookieSite(
        { resources: [RESOURCE] },
        await testSigner('P-256', { resources: ['https://api.example.com/other'] }),
      )
      return cookiesOf(await strict.post()) || undefined
    },
    'nothing',
  ],
])

tryAttacks('a refreshPage that would lead elsewhere', [
  [
    '(to the login page)',
    () => site.pages.refreshPage(new Request(ORIGIN), { script: '/r.js', login: '/login' }),
    'accepted',
  ],
  ...[
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '/\n/evil.example',
    ' /login',
    '/%0d%0aset-cookie: a=b',
  ].map(
    (login) =>
      [
        `by ${JSON.stringify(login)}`,
        () => site.pages.refreshPage(new Request(ORIGIN), { script: '/r.js', login }),
        'TypeError: login',
      ] as const,
  ),
  [
    'with HTML in an option',
    () => site.pages.refreshPage(new Request(ORIGIN), { script: '/r.js"><script>', login: '/login' }),
    'TypeError: script',
  ],
])
