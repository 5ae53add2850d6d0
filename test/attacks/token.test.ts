import { beforeAll } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import { cacaoCID } from '../../src/capability/cid.js'
import { decodeDagJSON, encodeDagJSON } from '../../src/capability/dag-json.js'
import { memoryReplay, type ReplayStore } from '../../src/http/replay.js'
import { memoryRevocation, type RevocationStore } from '../../src/http/revocation.js'
import { authorizationOf, keyURL } from '../../src/http/signature-profile.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { verifyJWS } from '../../src/jws/verify-jws.js'
import { createToken, signURL } from '../../src/token/create-token.js'
import { type VerifyTokenOptions, verifyToken } from '../../src/token/verify-token.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { delegated, granted, type Holder } from '../setup/chain.js'
import { accepting as acceptingRequests, NOW, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_B, KEY_B } from '../setup/wallet.js'
import { tryAttacks } from './kit/try-attacks.js'

// Attacks with credentials for cases where a request can't be signed: a token in a message, and a signed URL.

const AUDIENCE = 'wss://api.example.com/live'
const now = (): number => NOW
const verifiers = ethereumVerifiers()
const accepting: VerifyTokenOptions = {
  audience: AUDIENCE,
  verifiers,
  domains: ['example.com'],
  resources: false,
  now,
}
let holder: Holder
let ed25519: Holder
let thief: Holder
let delegatedHolder: Holder
let revocation: RevocationStore
beforeAll(async () => {
  holder = await granted()
  ed25519 = await granted('Ed25519')
  thief = await testSigner('P-256', { iss: `did:pkh:${ACCOUNT_B}` }, KEY_B)
  delegatedHolder = await delegated(holder)
  revocation = memoryRevocation({ now })
})

const made = (by = holder, audience = AUDIENCE, expiresInSecs = 60): Promise<string> =>
  createToken(by, { audience, expiresInSecs }, now)

type Parts = { header: Record<string, unknown>; payload: Record<string, unknown> }
const read = (token: string): Parts => {
  const [header, payload] = token
    .split('.')
    .slice(0, 2)
    .map((part) =>
      decodeDagJSON(
        new TextDecoder().decode(
          Uint8Array.from(atob(part.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0)),
        ),
      ),
    )
  return { header, payload } as Parts
}

interface Forged {
  readonly header?: object
  readonly payload?: object
  /** The strings, without the names of their members. */
  readonly headText?: (text: string) => string
  readonly bodyText?: (text: string) => string
  /** The key that signs; the holder's by default. */
  readonly by?: Holder
  /** The genuine token that is changed; a new one by default. */
  readonly from?: string
}

/** A token written by someone with the holder's key, or another key: only its signature is valid. */
async function forged({
  header = {},
  payload = {},
  headText = same,
  bodyText = same,
  by = holder,
  from,
}: Forged): Promise<string> {
  const genuine = read(from ?? (await made()))
  const head = headText(encodeDagJSON(defined({ ...genuine.header, ...header })))
  const body = bodyText(JSON.stringify(defined({ ...genuine.payload, ...payload })))
  const input = `${toBase64url(utf8(head))}.${toBase64url(utf8(body))}`
  return `${input}.${toBase64url(await by.key.sign(utf8(input)))}`
}
const same = (text: string): string => text
const defined = (members: object): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))

const token =
  (make: () => unknown, options: object = {}) =>
  async () =>
    verifyToken(await make(), { ...accepting, ...options })
const forgery = (changes: Forged, options: object = {}) => token(() => forged(changes), options)
const twice = (make: () => Promise<unknown>, replay: () => ReplayStore | false) => async () => {
  const options = { ...accepting, replay: replay() }
  const text = await make()
  await verifyToken(text, options)
  return verifyToken(text, options)
}
const cut = (from: string | RegExp, to: string) => async () => (await made()).replace(from, to)
const memory = (): ReplayStore => memoryReplay({ now })

tryAttacks('a malformed token', [
  ['(a genuine token)', token(made), 'accepted'],
  ['(a genuine token, built by hand)', forgery({}), 'accepted'],
  ['(a genuine token of an Ed25519 key)', token(() => made(ed25519)), 'accepted'],
  ['no token', token(() => undefined), 'ERR_JWS_INVALID'],
  [
    'an object whose toString returns a token',
    token(async () => ({ toString: () => 'a.b.c' })),
    'ERR_JWS_INVALID',
  ],
  ['an empty string', token(() => ''), 'ERR_JWS_INVALID'],
  ['a token of a megabyte', token(() => 'a'.repeat(1_000_000)), 'ERR_JWS_INVALID'],
  ['a string of dots', token(() => '.'.repeat(16_000)), 'ERR_JWS_INVALID'],
  ['a token with a fourth part', token(async () => `${await made()}.e30`), 'ERR_JWS_INVALID'],
  ['a token with a space at its end', token(async () => `${await made()} `), 'ERR_JWS_INVALID'],
  ['a token with padding', token(async () => `${await made()}==`), 'ERR_JWS_INVALID'],
  [
    'a token in general JSON serialization',
    token(async () => JSON.stringify({ token: await made() })),
    'ERR_JWS_INVALID',
  ],
  ['a token without its signature', token(cut(/\.[^.]*$/, '.')), 'ERR_JWS_INVALID'],
  ['a token with an empty payload', token(cut(/\.[^.]*\./, '..')), 'ERR_JWS_INVALID'],
  ['a token in non-canonical base64url', token(otherSpelling), 'ERR_JWS_INVALID'],
  ['no typ', forgery({ header: { typ: undefined } }), 'ERR_JWS_INVALID'],
  ['a JWT', forgery({ header: { typ: 'JWT' } }), 'ERR_JWS_INVALID'],
  ['the typ in capitals', forgery({ header: { typ: 'CACAO-SESSION+JWT' } }), 'ERR_JWS_INVALID'],
  ['the typ with a prefix', forgery({ header: { typ: 'application/cacao-session+jwt' } }), 'ERR_JWS_INVALID'],
  ['the typ of a signed URL', forgery({ header: { typ: 'cacao-session-url+jwt' } }), 'ERR_JWS_INVALID'],
  ['a list as the typ', forgery({ header: { typ: ['cacao-session+jwt'] } }), 'ERR_JWS_INVALID'],
  ['the algorithm none', forgery({ header: { alg: 'none' } }), 'ERR_JWS_INVALID'],
  ['a symmetric algorithm', forgery({ header: { alg: 'HS256' } }), 'ERR_JWS_INVALID'],
  ['the algorithm of another key', forgery({ header: { alg: 'Ed25519' } }), 'ERR_JWS_INVALID'],
  [
    'the older name of an algorithm',
    token(async () => forged({ ...olderName(), by: ed25519 })),
    'ERR_JWS_INVALID',
  ],
  ['no algorithm', forgery({ header: { alg: undefined } }), 'ERR_JWS_INVALID'],
  ['a critical extension', forgery({ header: { crit: ['exp'], exp: 1 } }), 'ERR_JWS_INVALID'],
  ['an empty list of critical extensions', forgery({ header: { crit: [] } }), 'ERR_JWS_INVALID'],
  ['an unencoded payload', forgery({ header: { b64: false } }), 'ERR_JWS_INVALID'],
  ['a key in the header', forgery({ header: { jwk: { kty: 'EC' } } }), 'ERR_JWS_INVALID'],
  ['a URL of a key', forgery({ header: { jku: 'https://evil.example.com/keys' } }), 'ERR_JWS_INVALID'],
  ['a certificate', forgery({ header: { x5c: ['MIIB'] } }), 'ERR_JWS_INVALID'],
  ['compression', forgery({ header: { zip: 'DEF' } }), 'ERR_JWS_INVALID'],
  ['a member named __proto__', forgery({ headText: withProto }), 'ERR_JWS_INVALID'],
  [
    'the typ twice',
    forgery({ headText: (text) => text.replace('"typ"', '"typ":"JWT","typ"') }),
    'ERR_JWS_INVALID',
  ],
  [
    'a capability twice',
    forgery({ headText: (text) => text.replace('"kid"', '"cacao":{},"kid"') }),
    'ERR_CAPABILITY_INVALID',
  ],
  ['the same capability twice', forgery({ headText: capabilityTwice }), 'ERR_JWS_INVALID'],
  ['white space in the header', forgery({ headText: (text) => ` ${text}` }), 'ERR_JWS_INVALID'],
  [
    'escapes in the header',
    forgery({ headText: (text) => text.replace('"ES256"', '"\\u0045S256"') }),
    'ERR_JWS_INVALID',
  ],
  ['a header that is a list', forgery({ headText: () => '[]' }), 'ERR_JWS_INVALID'],
  ['a header that is not UTF-8', token(cut(/^[^.]+/, '_w')), 'ERR_JWS_INVALID'],
])

// The last character of a P-256 signature in base64url has four bits that mean nothing.
async function otherSpelling(): Promise<string> {
  const text = await made()
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1) ?? '') ^ 1]
}
function withProto(text: string): string {
  return text.replace('{', '{"__proto__":{"alg":"none"},')
}
function capabilityTwice(text: string): string {
  const [member = ''] = /"cacao":.*,(?="kid")/.exec(text) ?? []
  return text.replace(member, member + member)
}
function olderName(): Forged {
  return {
    header: { alg: 'EdDSA', kid: keyURL(ed25519.key.did), cacao: ed25519.cacao },
  }
}

tryAttacks('a token of another person', [
  ['(with the signer’s own capability)', token(() => made(thief)), 'accepted'],
  ['with a signature of another key', token(async () => forged({ by: thief })), 'ERR_JWS_INVALID'],
  [
    'with a stolen capability, and the attacker’s key',
    token(async () => forged({ header: { kid: keyURL(thief.key.did) }, by: thief })),
    'ERR_CAPABILITY_AUDIENCE',
  ],
  [
    'with a key of another kind, and a stolen capability',
    token(async () => forged({ header: { kid: keyURL(ed25519.key.did), alg: 'Ed25519' }, by: ed25519 })),
    'ERR_CAPABILITY_AUDIENCE',
  ],
  [
    'with a kid that is no URL',
    token(async () => forged({ header: { kid: holder.key.did } })),
    'ERR_JWS_INVALID',
  ],
  [
    "with another key's fragment",
    token(async () => forged({ header: { kid: `${holder.key.did}#${thief.key.did.slice(8)}` } })),
    'ERR_JWS_INVALID',
  ],
  ['without a kid', forgery({ header: { kid: undefined } }), 'ERR_JWS_INVALID'],
  [
    'with a kid of another method',
    forgery({ header: { kid: 'did:web:evil.example.com#key' } }),
    'ERR_JWS_INVALID',
  ],
  ['without a capability', forgery({ header: { cacao: undefined } }), 'ERR_CAPABILITY_INVALID'],
  ['with a changed capability', token(async () => forged(altered())), 'ERR_CAPABILITY_SIGNATURE'],
  [
    'with a request’s capability header as the capability',
    token(async () => forged({ header: { cacao: authorizationOf(holder.cacao) } })),
    'ERR_CAPABILITY_INVALID',
  ],
  [
    'whose iss is another account',
    token(() => forged({ payload: { iss: `did:pkh:${ACCOUNT_B}` } })),
    'ERR_JWS_INVALID',
  ],
  [
    'whose iss is the session key',
    token(async () => forged({ payload: { iss: holder.key.did } })),
    'ERR_JWS_INVALID',
  ],
  ['of a domain that is not allowed', token(made, { domains: ['example.org'] }), 'ERR_CAPABILITY_DOMAIN'],
  [
    'for resources that it does not cover',
    token(made, { resources: ['https://api.example.org/a'] }),
    'ERR_CAPABILITY_RESOURCES',
  ],
  ['of a delegated session', token(() => made(delegatedHolder)), 'ERR_CAPABILITY_DELEGATED'],
  [
    '(of a delegated session, with the delegation option)',
    token(() => made(delegatedHolder), { delegation: { maxLinks: 2 } }),
    'accepted',
  ],
  ['of a revoked session', revoked, 'ERR_CAPABILITY_REVOKED'],
])

function altered(): Forged {
  return {
    header: { cacao: { ...holder.cacao, p: { ...holder.cacao.p, resources: ['https://*'] } } },
  }
}
async function revoked(): Promise<unknown> {
  const by = await granted()
  await revocation.revoke(by.cacao)
  return verifyToken(await made(by), { ...accepting, revocation })
}

tryAttacks('a token that was changed', [
  ['another payload', token(async () => swapped(1)), 'ERR_JWS_INVALID'],
  ['the header of another token of the key', token(async () => swapped(0)), 'accepted'],
  ['another signature of the key', token(async () => swapped(2)), 'ERR_JWS_INVALID'],
  ['claims', token(async () => rewritten('"iss"', '"claims":{"admin":true},"iss"')), 'ERR_JWS_INVALID'],
  [
    'a later expiry',
    token(async () => rewritten(/"exp":\d+/, `"exp":${NOW / 1000 + 3600}`)),
    'ERR_JWS_INVALID',
  ],
  ['two audiences', forgery({ payload: { aud: [AUDIENCE, 'chat'] } }), 'ERR_JWS_INVALID'],
  [
    'an audience twice',
    forgery({ bodyText: (text) => text.replace('{', '{"aud":"chat",') }),
    'ERR_JWS_INVALID',
  ],
  ['an unknown member', forgery({ payload: { nbf: NOW / 1000 } }), 'ERR_JWS_INVALID'],
  ['claims that are a list', forgery({ payload: { claims: [] } }), 'ERR_JWS_INVALID'],
  [
    'claims with another prototype',
    forgery({ bodyText: (text) => text.replace('{', '{"claims":{"__proto__":{"admin":true}},') }),
    'ERR_JWS_INVALID',
  ],
  ['claims that are nested too deeply to be read', forgery({ bodyText: deep }), 'ERR_JWS_INVALID'],
  [
    'a number in another notation',
    forgery({ bodyText: (text) => text.replace(/"iat":(\d+)/, '"iat":$1.0') }),
    'ERR_JWS_INVALID',
  ],
  ['no id', forgery({ payload: { jti: undefined } }), 'ERR_JWS_INVALID'],
  ['a short id', forgery({ payload: { jti: 'a'.repeat(21) } }), 'ERR_JWS_INVALID'],
  ['a long id', forgery({ payload: { jti: 'a'.repeat(129) } }), 'ERR_JWS_INVALID'],
  ['an id with a space', forgery({ payload: { jti: `${'a'.repeat(22)} b` } }), 'ERR_JWS_INVALID'],
  ['no expiry', forgery({ payload: { exp: undefined } }), 'ERR_JWS_INVALID'],
  ['an expiry that is a string', forgery({ payload: { exp: String(NOW / 1000 + 60) } }), 'ERR_JWS_INVALID'],
  ['an expiry before iat', forgery({ payload: { exp: NOW / 1000 - 1 } }), 'ERR_REQUEST_STALE'],
  [
    'an expiry more than an hour after iat',
    forgery({ payload: { exp: NOW / 1000 + 3601 } }),
    'ERR_REQUEST_STALE',
  ],
  ['an expiry that is no safe integer', forgery({ payload: { exp: 1e300 } }), 'ERR_JWS_INVALID'],
  [
    'an iat in the future',
    forgery({ payload: { iat: NOW / 1000 + 301, exp: NOW / 1000 + 400 } }),
    'ERR_REQUEST_STALE',
  ],
])

function deep(text: string): string {
  return text.replace('{', `{"claims":{"a":${'['.repeat(5000)}${']'.repeat(5000)}},`).slice(0, 11_000)
}
async function swapped(index: number): Promise<string> {
  const [one, two] = [(await made()).split('.'), (await made()).split('.')]
  one[index] = two[index] ?? ''
  return one.join('.')
}
async function rewritten(from: string | RegExp, to: string): Promise<string> {
  const [head = '', body = '', tail = ''] = (await made()).split('.')
  const text = new TextDecoder().decode(
    Uint8Array.from(atob(body.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0)),
  )
  return [head, toBase64url(utf8(text.replace(from, to))), tail].join('.')
}

tryAttacks('a token for another audience', [
  ['a prefix of it', token(() => made(holder, AUDIENCE.slice(0, -1))), 'ERR_JWS_INVALID'],
  ['a suffix after it', token(() => made(holder, `${AUDIENCE}/rooms`)), 'ERR_JWS_INVALID'],
  ['a slash after it', token(() => made(holder, `${AUDIENCE}/`)), 'ERR_JWS_INVALID'],
  ['another case', token(() => made(holder, AUDIENCE.toUpperCase())), 'ERR_JWS_INVALID'],
  ['another scheme', token(() => made(holder, AUDIENCE.replace('wss', 'https'))), 'ERR_JWS_INVALID'],
  ['another host', token(() => made(holder, 'wss://evil.example.com/live')), 'ERR_JWS_INVALID'],
  ['a space after it', token(() => made(holder, `${AUDIENCE} `)), 'ERR_JWS_INVALID'],
  ['a zero byte after it', token(() => made(holder, `${AUDIENCE}\0`)), 'ERR_JWS_INVALID'],
])

tryAttacks('a token that an attacker has seen', [
  ['used twice', twice(made, memory), 'ERR_REQUEST_REPLAYED'],
  ['(used twice, with replay: false)', twice(made, () => false), 'accepted'],
  ['used after its expiry', token(made, { now: () => NOW + 360_000 }), 'ERR_REQUEST_STALE'],
  ['used while the clock returns NaN', token(made, { now: () => Number.NaN }), 'ERR_REQUEST_STALE'],
  [
    'with an id that a request has used in the same replay store',
    async () => {
      const replay = memory()
      const text = await made()
      await replay.use(`${holder.key.did} ${String(read(text).payload['jti'])}`, NOW + 1000)
      return verifyToken(text, { ...accepting, replay })
    },
    'accepted',
  ],
])

const verify = (options: object = {}) =>
  requestVerifier({ ...acceptingRequests, signedURLs: true, ...options })
const requests =
  (init: RequestInit, url = 'https://api.example.com/notes') =>
  () =>
    verify()(new Request(url, init))

tryAttacks('a signature for one purpose, used for another', [
  ['a token as a JWS', async () => verifyJWS(await made()), 'ERR_JWS_INVALID'],
  [
    'a token as a JWS with its capability',
    async () => verifyJWS(await made(), { capability: holder.cacao, verifiers }),
    'ERR_JWS_INVALID',
  ],
  [
    'a token with its typ in another case, as a JWS',
    async () => verifyJWS(await forged({ header: { typ: 'Application/Cacao-Session+JWT' } })),
    'ERR_JWS_INVALID',
  ],
  [
    '(another JWS, as a JWS)',
    async () => verifyJWS(await forged({ header: { typ: 'JWT', cacao: undefined } })),
    'accepted',
  ],
  ['a signed URL as a JWS', async () => verifyJWS(await inURL(await link())), 'ERR_JWS_INVALID'],
  [
    'a signed URL as a token',
    token(async () => inURL(await link()), { audience: '//api.example.com/notes/1' }),
    'ERR_JWS_INVALID',
  ],
  [
    'a JWS as a token',
    token(async () =>
      forged({ header: { typ: undefined, cacao: undefined, cap: `ipfs://${cacaoCID(holder.cacao)}` } }),
    ),
    'ERR_JWS_INVALID',
  ],
  ["a request's capability as a token", token(() => authorizationOf(holder.cacao)), 'ERR_JWS_INVALID'],
  [
    'a token as the capability of a request',
    async () => requests({ headers: { authorization: `CACAO ${await made()}` } })(),
    'ERR_CAPABILITY_INVALID',
  ],
  [
    'a token as the Bearer token of a request',
    async () => requests({ headers: { authorization: `Bearer ${await made()}` } })(),
    'ERR_REQUEST_UNSIGNED',
  ],
  [
    'a token as the signature of a request',
    async () =>
      requests({
        headers: {
          authorization: authorizationOf(holder.cacao),
          'signature-input': 'cacao=()',
          signature: await made(),
        },
      })(),
    'ERR_REQUEST_SIGNATURE',
  ],
  [
    'a token in a URL',
    async () =>
      verify()(
        new Request(
          `https://api.example.com/notes/1?cacao-signature=${await made(holder, '//api.example.com/notes/1')}`,
        ),
      ),
    'ERR_REQUEST_SIGNATURE',
  ],
])

const link = (url = 'https://api.example.com/notes/1?a=b&c=d', by = holder): Promise<string> =>
  signURL(by, url, {}, now)
const inURL = (url: string): string => new URL(url).searchParams.get('cacao-signature') ?? ''
const open =
  (change: (url: string) => string | Promise<string>, init: RequestInit = {}, options: object = {}) =>
  async () =>
    verify(options)(new Request(await change(await link()), init))
const replaced = (from: string | RegExp, to: string) => (url: string) => url.replace(from, to)
const signedAgain = (changes: () => Forged) => async (url: string) =>
  url.replace(inURL(url), await forged({ ...changes(), from: inURL(url) }))
const before = (parameter: string) => replaced('&cacao-signature', `&${parameter}&cacao-signature`)

tryAttacks('a signed URL that was changed', [
  ['(unchanged)', open(same), 'accepted'],
  ['(unchanged, with HEAD)', open(same, { method: 'HEAD' }), 'accepted'],
  ['another method', open(same, { method: 'POST' }), 'ERR_REQUEST_SIGNATURE'],
  ['another method without a body', open(same, { method: 'DELETE' }), 'ERR_REQUEST_SIGNATURE'],
  ['a preflight', open(same, { method: 'OPTIONS' }), 'ERR_REQUEST_SIGNATURE'],
  ['a method in another case', open(same, { method: 'get' }), 'accepted'],
  ['a method with a look-alike character', open(same, { method: 'GETS' }), 'ERR_REQUEST_SIGNATURE'],
  [
    'a method named in another header',
    open(same, { method: 'POST', headers: { 'x-http-method-override': 'GET' } }),
    'ERR_REQUEST_SIGNATURE',
  ],
  ['another path', open(replaced('notes/1', 'notes/2')), 'ERR_REQUEST_SIGNATURE'],
  ['another case of the path', open(replaced('notes/1', 'Notes/1')), 'ERR_REQUEST_SIGNATURE'],
  ['a slash at the end of the path', open(replaced('notes/1?', 'notes/1/?')), 'ERR_REQUEST_SIGNATURE'],
  ['a slash twice', open(replaced('/notes', '//notes')), 'ERR_REQUEST_SIGNATURE'],
  ['a dot segment, which a browser resolves', open(replaced('notes/1', 'other/../notes/1')), 'accepted'],
  ['a percent sign for a letter', open(replaced('notes', 'n%6ftes')), 'ERR_REQUEST_SIGNATURE'],
  ['a percent sign for a slash', open(replaced('notes/1', 'notes%2F1')), 'ERR_REQUEST_SIGNATURE'],
  ['a parameter of the path', open(replaced('notes/1', 'notes/1;a')), 'ERR_REQUEST_SIGNATURE'],
  ['another value', open(replaced('a=b', 'a=x')), 'ERR_REQUEST_SIGNATURE'],
  ['another order', open(replaced('a=b&c=d', 'c=d&a=b')), 'ERR_REQUEST_SIGNATURE'],
  ['a removed parameter', open(replaced('&c=d', '')), 'ERR_REQUEST_SIGNATURE'],
  ['a parameter added at the beginning', open(replaced('?a', '?admin=1&a')), 'ERR_REQUEST_SIGNATURE'],
  ['a parameter added before the signature', open(before('admin=1')), 'ERR_REQUEST_SIGNATURE'],
  ['an empty parameter before the signature', open(before('')), 'ERR_REQUEST_SIGNATURE'],
  ['a parameter added after the signature', open((url) => `${url}&admin=1`), 'ERR_REQUEST_SIGNATURE'],
  [
    'a parameter added after the signature with a semicolon',
    open((url) => `${url};admin=1`),
    'ERR_REQUEST_SIGNATURE',
  ],
  ['an ampersand after the signature', open((url) => `${url}&`), 'ERR_REQUEST_SIGNATURE'],
  [
    'a percent sign in the signature',
    open((url) => url.replace(/\.(?=[^.]*$)/, '%2E')),
    'ERR_REQUEST_SIGNATURE',
  ],
  ['the signature twice', open((url) => `${url}&cacao-signature=${inURL(url)}`), 'ERR_REQUEST_SIGNATURE'],
  ['another signature before it', open(before('cacao-signature=x')), 'ERR_REQUEST_SIGNATURE'],
  [
    'another signature before it, in another spelling',
    open(before('cacao%2Dsignature=x')),
    'ERR_REQUEST_SIGNATURE',
  ],
  ['another signature before it, in capitals', open(before('Cacao-Signature=x')), 'ERR_REQUEST_SIGNATURE'],
  [
    'another signature after it, in another spelling',
    open((url) => `${url}&cacao%2Dsignature=x`),
    'ERR_REQUEST_SIGNATURE',
  ],
  ['an empty signature', open(replaced(/(cacao-signature=).*/, '$1')), 'ERR_REQUEST_SIGNATURE'],
  ['no signature', open(replaced(/.cacao-signature=.*/, '')), 'ERR_REQUEST_UNSIGNED'],
  [
    'the signature in the path',
    open((url) => `https://api.example.com/notes/1/cacao-signature=${inURL(url)}`),
    'ERR_REQUEST_UNSIGNED',
  ],
  ['a fragment, which is not sent', open((url) => `${url}#x`), 'ERR_REQUEST_SIGNATURE'],
  [
    'the signature of another URL',
    open(async (url) => url.replace(inURL(url), inURL(await link('https://api.example.com/notes/2')))),
    'ERR_REQUEST_SIGNATURE',
  ],
  ['(a signature built by hand)', open(signedAgain(() => ({}))), 'accepted'],
  ['a signature by another key', open(signedAgain(() => ({ by: thief }))), 'ERR_REQUEST_SIGNATURE'],
  [
    'the URL in the token, which the key did not sign',
    open((url) =>
      signedAgain(() => ({ by: thief, payload: { aud: 'https://api.example.com/notes/2' } }))(
        url.replace('notes/1?a=b&c=d&', 'notes/2?'),
      ),
    ),
    'ERR_REQUEST_SIGNATURE',
  ],
  [
    'a later expiry in the token, which the key did not sign',
    open(signedAgain(() => ({ by: thief, payload: { exp: NOW / 1000 + 3600 } }))),
    'ERR_REQUEST_SIGNATURE',
  ],
  ['the name of another server', open(same, {}, { authority: 'other.example.com' }), 'ERR_REQUEST_SIGNATURE'],
  [
    '(another host, which only the client names)',
    open(replaced('api.example.com', 'evil.example.com')),
    'accepted',
  ],
  ['after its expiry', open(same, {}, { now: () => NOW + 360_000 }), 'ERR_REQUEST_STALE'],
  ['on a server without signedURLs', open(same, {}, { signedURLs: false }), 'ERR_REQUEST_UNSIGNED'],
  ['with a signature in its headers too', signedTwice, 'ERR_REQUEST_SIGNATURE'],
  [
    '(with Basic auth, if the capability has another header)',
    open(same, { headers: { authorization: 'Basic YTpi' } }),
    'accepted',
  ],
  ['of another person, with a stolen capability', stolenLink, 'ERR_CAPABILITY_AUDIENCE'],
  [
    'of a delegated session',
    open(async () => link('https://api.example.com/notes/1', delegatedHolder)),
    'ERR_CAPABILITY_DELEGATED',
  ],
])

async function signedTwice(): Promise<unknown> {
  const { sign } = await testSigner()
  return verify()(await sign(new Request(await link())))
}
async function stolenLink(): Promise<unknown> {
  const aud = '//api.example.com/notes/1'
  const header = { typ: 'cacao-session-url+jwt', kid: keyURL(thief.key.did) }
  const text = await forged({ header, payload: { aud }, by: thief })
  return verify()(new Request(`https:${aud}?cacao-signature=${text}`))
}
