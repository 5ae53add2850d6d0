import { utf8 } from '../../src/base/bytes.js'
import { toEIP55 } from '../../src/base/eip55.js'
import { fromHex } from '../../src/base/hex.js'
import { toBase64, toBase64url } from '../../src/base/multibase.js'
import type { Cacao, CacaoPayload } from '../../src/capability/cacao.js'
import { encodeDagJSON } from '../../src/capability/dag-json.js'
import { renderMessage } from '../../src/capability/message.js'
import { signToken } from '../../src/http/session-token.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import type { SessionKey } from '../../src/key/session-key.js'
import { eip191Sign } from '../../src/wallet/ethereum/secp256k1.js'
import { payload, signed } from '../setup/capability.js'
import { delegated, draft, granted, type Holder } from '../setup/chain.js'
import { digestOf, profileInput, type SignatureInput, signWire } from '../setup/sign-wire.js'
import { ACCOUNT_A, KEY_A, KEY_B } from '../setup/wallet.js'
import type { WireRequest } from '../setup/wire-request.js'

/** The server's options. */
interface Policy {
  readonly domains: readonly string[]
  readonly resources: readonly string[] | false
  /** Milliseconds since 1970. */
  readonly now: number
  readonly clockSkewSecs?: number
  readonly maxAgeSecs?: number
  readonly delegation?: { readonly maxLinks: number; readonly maxSecs?: number }
  readonly authorities?: readonly string[]
  readonly basePath?: string
  readonly capabilityHeader?: string
  readonly signedURLs?: boolean
  readonly audiences?: readonly string[]
}

/** One case: the input, and the server's expected verdict. It is accepted if it has an account. */
export interface Case {
  readonly name: string
  /** The rule that refuses it. */
  readonly rule?: string
  /** The account that acts, if it is accepted. */
  readonly account?: string
  readonly kind: 'capability' | 'request' | 'token'
  readonly policy: Policy
  readonly capability?: unknown
  readonly keyDID?: string
  readonly request?: {
    readonly method: string
    readonly target: string
    readonly headers: readonly (readonly [string, string])[]
    readonly body?: string
  }
  readonly token?: string
}

const NOW = Date.parse('2026-01-31T12:00:00Z')
const AUTHORITY = 'api.example.com'
const RESOURCES = ['https://api.example.com/notes']
const POLICY: Policy = { domains: ['example.com'], resources: RESOURCES, now: NOW }
const GRANT = { resources: ['https://api.example.com/*'] }
type Changes = Record<string, unknown>

/** A payload signed by key A, valid or not. */
function grant(aud: string, changes: Changes = {}, text = textOf): Changes & { p: CacaoPayload } {
  const p = payload({ aud, ...GRANT, ...changes })
  return {
    h: { t: 'eip4361' },
    p,
    s: { t: 'eip191', s: eip191Sign(text(p), fromHex(KEY_A.slice(2)) ?? new Uint8Array()) },
  }
}

function textOf({ iss, ...rest }: CacaoPayload): string {
  const [, , , chainId = '', address = ''] = iss.split(':')
  return renderMessage({ ...rest, chainName: 'Ethereum', chainId, address: toEIP55(address) })
}

const without = (value: object, ...names: string[]): object =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))

/** Cases of capabilities: valid ones, and some with one fault each. */
export async function capabilityCases(): Promise<Case[]> {
  const key = await generateSessionKey('P-256')
  const good = grant(key.did)
  const accept = (name: string, capability: unknown, policy: Partial<Policy> = {}): Case => ({
    name,
    account: ACCOUNT_A,
    kind: 'capability',
    policy: { ...POLICY, ...policy },
    keyDID: key.did,
    capability,
  })
  const refuse = (rule: string, name: string, capability: unknown, policy: Partial<Policy> = {}): Case =>
    ({
      ...without(accept(name, capability, policy), 'account'),
      rule,
    }) as Case
  const bad = (rule: string, name: string, changes: Changes): Case =>
    refuse(rule, name, grant(key.did, changes))
  const sig = (s: unknown) => ({ ...good, s: { t: 'eip191', s } })
  const { s: signature } = good['s'] as { s: string }
  return [
    accept('as a session has it', good),
    accept('with the other name of the format', { ...good, h: { t: 'caip122' } }),
    accept('without a statement', grant(key.did, { statement: undefined })),
    accept(
      'without a statement, signed with one blank line',
      grant(key.did, { statement: undefined }, (p) => textOf(p).replace('\n\n\n', '\n\n')),
    ),
    accept('with an empty list of resources', grant(key.did, { resources: [] }), { resources: false }),
    accept(
      'with an empty list of resources that was not signed',
      grant(key.did, { resources: [] }, (p) => textOf(p).replace('\nResources:', '')),
      { resources: false },
    ),
    accept(
      'with an address in lower case in the text',
      grant(key.did, {}, (p) => textOf(p).replace(/^0x.*$/m, (address) => address.toLowerCase())),
    ),
    accept(
      'with an issuer in EIP-55',
      grant(key.did, { iss: `did:pkh:eip155:1:${toEIP55(ACCOUNT_A.split(':')[2] ?? '')}` }),
    ),
    accept('with a date of another offset', grant(key.did, { iat: '2024-06-01T14:00:00+02:00' })),
    accept(
      'with a statement in other letters',
      grant(key.did, { statement: 'Melde dich an: für eine Woche 🍫.' }),
    ),
    accept(
      'with a request id and a time at which it begins',
      grant(key.did, { requestId: 'a%20b', nbf: '2024-06-02T00:00:00Z' }),
    ),
    accept('for the resource itself', grant(key.did, { resources: RESOURCES })),
    accept('for all of a scheme', grant(key.did, { resources: ['https://*'] })),
    accept('with a compact signature', sig(compact(signature))),
    accept('without an end', grant(key.did, { exp: undefined })),
    accept('within the clock skew', grant(key.did, { iat: '2026-01-31T12:05:00Z' })),
    refuse('C1', 'without a signature', without(good, 's')),
    refuse('C1', 'with another member', { ...good, x: 1 }),
    refuse('C2', 'with another format', { ...good, h: { t: 'jwt' } }),
    bad('C3', 'without a nonce', { nonce: undefined }),
    bad('C3', 'with an unknown member', { scope: 'all' }),
    bad('C3', 'of another version', { version: '2' }),
    bad('C3', 'with a number as a text', { requestId: 7 }),
    bad('C3', 'with a member that is null', { exp: null }),
    bad('C3', 'with a long statement', { statement: 'a'.repeat(16_385) }),
    bad('C4', 'with a domain that is a URL', { domain: 'https://example.com' }),
    bad('C4', 'for what is no URI', { aud: 'my key' }),
    refuse('C4', 'of what is no account', { ...good, p: { ...good.p, iss: 'did:web:example.com' } }),
    refuse('C4', 'of a chain with a leading zero', {
      ...good,
      p: { ...good.p, iss: good.p.iss.replace(':1:', ':01:') },
    }),
    bad('C5', 'with a short nonce', { nonce: 'abc' }),
    bad('C5', 'with a nonce of other characters', { nonce: 'abcdefgh_2' }),
    bad('C6', 'on a day that does not exist', { iat: '2024-02-31T12:00:00Z' }),
    bad('C6', 'with a date without a time', { iat: '2024-06-01' }),
    bad('C6', 'with a leap second', { iat: '2024-06-30T23:59:60Z' }),
    bad('C7', 'with a line break in its statement', { statement: 'Sign in.\nURI: https://evil.example' }),
    bad('C7', 'with letters that run backwards', { statement: 'Sign in \u202e.' }),
    bad('C7', 'with quotation marks', { statement: 'Sign "in".' }),
    bad('C8', 'with a slash in its request id', { requestId: 'a/b' }),
    bad('C9', 'with a resource that is no URI', { resources: ['everything'] }),
    refuse('C9', 'with resources that are no list', {
      ...good,
      p: { ...good.p, resources: 'https://api.example.com/*' },
    }),
    bad('C9', 'with too many resources', {
      resources: Array.from({ length: 1001 }, (_, i) => `https://api.example.com/${i}`),
    }),
    refuse('C10', 'with an empty signature', sig('')),
    refuse('C10', 'with metadata of a passkey', {
      ...good,
      s: { t: 'eip191', s: signature, m: { aad: 'aGVsbG8' } },
    }),
    refuse('C10', 'with a parent that a wallet never has', {
      ...good,
      s: { t: 'eip191', s: signature, m: { parent: good } },
    }),
    refuse('C11', 'that has expired', good, { now: Date.parse(good.p.exp ?? '') }),
    bad('C11', 'that begins too late', { nbf: '2026-01-31T12:05:01Z' }),
    refuse('C12', 'of another key', grant((await generateSessionKey('P-256')).did)),
    refuse('C13', 'of another site', good, { domains: ['example.org', 'sub.example.com'] }),
    bad('C14', 'for something else', { resources: ['https://api.example.com/other'] }),
    bad('C14', 'for the folder only', { resources: ['https://api.example.com/notes/*'] }),
    bad('C14', 'for what begins like it', { resources: ['https://api.example.com/note*'] }),
    bad('C14', 'for paths without a host', { resources: ['https:/*'] }),
    bad('C14', 'that grants a path with dots', { resources: ['https://api.example.com/x/..%2f*'] }),
    refuse('S2', 'signed by another account', {
      ...good,
      s: { t: 'eip191', s: signed({ aud: key.did, ...GRANT }, KEY_B).s.s },
    }),
    refuse('S2', 'that was changed', { ...good, p: { ...good.p, statement: 'Do as you like.' } }),
    refuse('S2', 'with a signature in upper case', sig(signature.toUpperCase().replace('0X', '0x'))),
    refuse('S2', 'with a short signature', sig(signature.slice(0, -4))),
    refuse('S2', 'with v of something else', sig(`${signature.slice(0, -2)}1d`)),
    refuse('S2', 'on another chain than was signed', {
      ...good,
      p: { ...good.p, iss: good.p.iss.replace(':1:', ':10:') },
    }),
    refuse('S5', 'with an unknown type of signature', { ...good, s: { t: 'eip9999', s: signature } }),
    accept(
      'with an issuer in upper case, signed in EIP-55',
      grant(key.did, { iss: `did:pkh:eip155:1:0x${ACCOUNT_A.slice(11).toUpperCase()}` }),
    ),
    ...(await delegationCases(accept, refuse, key)),
  ]
}

/** A signature in the form of ERC-2098. */
function compact(signature: string): string {
  const s = BigInt(`0x${signature.slice(66, 130)}`) | (signature.endsWith('1c') ? 1n << 255n : 0n)
  return signature.slice(0, 66) + s.toString(16).padStart(64, '0')
}

type Make = (name: string, capability: unknown, policy?: Partial<Policy>) => Case

async function delegationCases(
  accept: Make,
  refuse: (rule: string, ...rest: Parameters<Make>) => Case,
  key: SessionKey,
): Promise<Case[]> {
  const allowed = { delegation: { maxLinks: 4 } }
  const delegation = { resources: RESOURCES }
  const [root, other] = [await granted('P-256'), await granted('Ed25519')]
  const child = await delegated(root, 'Ed25519', { resources: ['https://api.example.com/*'] })
  const chain = async (from: Holder, changes: Changes = {}) =>
    draft(from, key.did, { ...delegation, ...changes })
  const unlike = (from: Holder, cacao: Cacao): Holder => ({ key: from.key, cacao })
  const deep = await [1, 2].reduce(
    async (from) => delegated(await from, 'P-256', { resources: ['https://api.example.com/*'] }),
    Promise.resolve(child),
  )
  const moved = await chain(unlike(root, other.cacao))
  return [
    accept('delegated by a session key', await chain(root), allowed),
    accept('delegated twice', await chain(child), allowed),
    accept(
      'delegated for an hour, at most a day',
      await chain(root, { iat: '2026-01-31T11:30:00Z', exp: '2026-01-31T12:30:00Z' }),
      {
        delegation: { maxLinks: 2, maxSecs: 86_400 },
      },
    ),
    refuse('D1', 'delegated four times', await chain(deep), allowed),
    refuse('D2', 'delegated by a key that has not got it', { ...moved }, allowed),
    refuse('D3', 'delegated on another site', await chain(root, { domain: 'other.example.com' }), {
      ...allowed,
      domains: ['example.com', 'other.example.com'],
    }),
    refuse('D4', 'delegated for more', await chain(root, { resources: ['https://other.example.com/'] }), {
      ...allowed,
      resources: false,
    }),
    refuse('D4', 'delegated for nothing', await chain(root, { resources: [] }), {
      ...allowed,
      resources: false,
    }),
    refuse('D5', 'delegated for longer', await chain(root, { exp: '2100-01-01T00:00:00Z' }), allowed),
    refuse('D5', 'delegated from earlier on', await chain(root, { iat: '2024-05-01T00:00:00Z' }), allowed),
    refuse('D6', 'delegated from another one', await chain(root, { requestId: 'abc' }), allowed),
    refuse('D7', 'delegated where nobody may', await chain(root)),
    refuse('D7', 'delegated once too often', await chain(child), { delegation: { maxLinks: 2 } }),
    refuse('D7', 'delegated for too long', await chain(root), { delegation: { maxLinks: 2, maxSecs: 3600 } }),
    refuse(
      'S4',
      'delegated, and changed',
      await chain(root).then((cacao) => ({ ...cacao, p: { ...cacao.p, nonce: 'abcdefgh99' } })),
      allowed,
    ),
    refuse(
      'S4',
      'delegated with a signature of another key',
      await chain(root).then(async (cacao) => ({
        ...cacao,
        s: { ...cacao.s, s: toBase64url(await other.key.sign(utf8('x'))) },
      })),
      allowed,
    ),
  ]
}

/** The request before it is signed. */
interface Sent {
  readonly method?: string
  readonly target?: string
  readonly body?: string
  readonly type?: string
  readonly authority?: string
  readonly created?: number
  readonly nonce?: string
  said?(said: SignatureInput): SignatureInput
  onItsWay?(wire: WireRequest): WireRequest
}

/** A signed request, and how it is changed afterwards. */
export async function signedRequest(
  { key, cacao }: Holder,
  {
    method = 'GET',
    target = '/notes',
    body,
    type = 'text/plain',
    authority = AUTHORITY,
    created = NOW / 1000,
    nonce,
    said = (same) => same,
    onItsWay = (same) => same,
  }: Sent = {},
): Promise<NonNullable<Case['request']>> {
  const bytes = utf8(body ?? '')
  const wire: WireRequest = {
    method,
    target,
    host: authority,
    headers: [
      ['authorization', `CACAO ${toBase64url(utf8(encodeDagJSON(cacao)))}`],
      ...(body === undefined
        ? []
        : ([
            ['content-type', type],
            ['content-digest', digestOf(bytes)],
          ] as const)),
    ],
    body: bytes,
  }
  const fresh = nonce ?? toBase64url(crypto.getRandomValues(new Uint8Array(16)))
  const sent = onItsWay(
    await signWire(wire, said(profileInput(key, body !== undefined, created, fresh)), key),
  )
  return {
    method: sent.method,
    target: sent.target,
    headers: sent.headers,
    ...(sent.body.length > 0 && { body: toBase64(sent.body) }),
  }
}

const withHeaders =
  (change: (name: string, value: string) => string | undefined) =>
  (wire: WireRequest): WireRequest => ({
    ...wire,
    headers: wire.headers.flatMap(([name, value]) => {
      const next = change(name.toLowerCase(), value)
      return next === undefined ? [] : [[name, next] as const]
    }),
  })

/** Cases of requests: valid ones, and some with one fault each. */
export async function requestCases(): Promise<Case[]> {
  const [p256, ed25519, stranger] = [await granted('P-256'), await granted('Ed25519'), await granted('P-256')]
  const base: Policy = { ...POLICY, authorities: [AUTHORITY] }
  const accept = async (
    name: string,
    sent: Sent = {},
    policy: Partial<Policy> = {},
    holder = p256,
  ): Promise<Case> => ({
    name,
    account: ACCOUNT_A,
    kind: 'request',
    policy: { ...base, ...policy },
    request: await signedRequest(holder, sent),
  })
  const refuse = async (
    rule: string,
    name: string,
    sent: Sent,
    policy: Partial<Policy> = {},
    holder = p256,
  ): Promise<Case> => ({ ...without(await accept(name, sent, policy, holder), 'account'), rule }) as Case
  const parameter = (from: RegExp, to: string) => (said: SignatureInput) => ({
    ...said,
    parameters: said.parameters.map((each) => each.replace(from, to)),
  })
  const POST = { method: 'POST', body: 'Buy cacao beans' }
  return Promise.all([
    accept('a GET'),
    accept('a GET, signed with Ed25519', {}, {}, ed25519),
    accept('a query', { target: '/notes?page=1&q=%C3%BC' }),
    accept('a POST with a body', POST),
    accept('a DELETE', { method: 'DELETE' }),
    accept(
      'one of several authorities',
      { authority: 'www.example.com' },
      { authorities: [AUTHORITY, 'www.example.com'] },
    ),
    accept(
      'a path that a proxy has taken off',
      { target: '/app/notes', onItsWay: (wire) => ({ ...wire, target: '/notes' }) },
      { basePath: '/app' },
    ),
    accept('parameters in another order', {
      said: (said) => ({ ...said, parameters: [...said.parameters].reverse() }),
    }),
    accept('a minute and five of clock skew old', { created: NOW / 1000 - 359 }),
    accept('as much ahead as is allowed', { created: NOW / 1000 + 300 }),
    refuse('R1', 'no signature', {
      onItsWay: withHeaders((name, value) => (name === 'signature' ? undefined : value)),
    }),
    refuse('R1', 'no capability', {
      onItsWay: withHeaders((name, value) => (name === 'authorization' ? undefined : value)),
    }),
    refuse('R2', 'another scheme', {
      onItsWay: withHeaders((name, value) =>
        name === 'authorization' ? value.replace('CACAO', 'Bearer') : value,
      ),
    }),
    refuse('R2', 'a capability with padding', {
      onItsWay: withHeaders((name, value) => (name === 'authorization' ? `${value}=` : value)),
    }),
    refuse('R3', 'another label', { said: (said) => ({ ...said, label: 'sig1' }) }),
    refuse('R3', 'a query that is not covered', {
      said: (said) => ({ ...said, components: said.components.filter((each) => each !== '"@query"') }),
    }),
    refuse('R3', 'a component more', {
      said: (said) => ({ ...said, components: [...said.components, '"date"'] }),
      onItsWay: (wire) => ({ ...wire, headers: [...wire.headers, ['date', '']] }),
    }),
    refuse('R3', 'components in another order', {
      said: (said) => ({ ...said, components: [...said.components].reverse() }),
    }),
    refuse('R3', 'a body whose type is not covered', {
      ...POST,
      said: (said) => ({ ...said, components: said.components.filter((each) => each !== '"content-type"') }),
    }),
    refuse('R4', 'a path with dots', { target: '/other/../notes' }),
    refuse('R4', 'a path with encoded dots', { target: '/other/%2e%2e/notes' }),
    refuse('R4', 'a fragment', { target: '/notes#top' }),
    refuse('R4', 'the absolute form', { target: `https://${AUTHORITY}/notes` }),
    refuse('R4', 'a space', { target: '/notes?q=a b' }),
    refuse('R5', 'another tag', { said: parameter(/^tag=.*/, 'tag="cacao-session"') }),
    refuse('R5', 'a short nonce', { nonce: 'abcdefgh' }),
    refuse('R5', 'an algorithm of another key', { said: parameter(/^alg=.*/, 'alg="ed25519"') }),
    refuse('R5', 'a parameter more', {
      said: (said) => ({ ...said, parameters: [...said.parameters, 'extra="1"'] }),
    }),
    refuse('R5', 'no nonce', {
      said: (said) => ({ ...said, parameters: said.parameters.filter((each) => !each.startsWith('nonce')) }),
    }),
    refuse('R5', 'a key id without its fragment', { said: parameter(/#.*"/, '"') }),
    refuse('R6', 'too old', { created: NOW / 1000 - 360 }),
    refuse('R6', 'from the future', { created: NOW / 1000 + 301 }),
    refuse('R6', 'too long a life', { said: parameter(/^expires=.*/, `expires=${NOW / 1000 + 3601}`) }),
    refuse('R6', 'an end before its beginning', {
      said: parameter(/^expires=.*/, `expires=${NOW / 1000 - 1}`),
    }),
    refuse('R7', 'another method', { onItsWay: (wire) => ({ ...wire, method: 'DELETE' }) }),
    refuse('R7', 'another path', { target: '/other', onItsWay: (wire) => ({ ...wire, target: '/notes' }) }),
    refuse('R7', 'another query', {
      target: '/notes?page=1',
      onItsWay: (wire) => ({ ...wire, target: '/notes?page=2' }),
    }),
    refuse('R7', 'another server', { authority: 'evil.example.com' }),
    refuse('R7', 'another type of body', {
      ...POST,
      onItsWay: withHeaders((name, value) => (name === 'content-type' ? 'text/html' : value)),
    }),
    refuse('R7', 'a capability of somebody else', {
      onItsWay: withHeaders((name, value) =>
        name === 'authorization' ? `CACAO ${toBase64url(utf8(encodeDagJSON(stranger.cacao)))}` : value,
      ),
    }),
    refuse('R8', 'another body', { ...POST, onItsWay: (wire) => ({ ...wire, body: utf8('Buy nothing') }) }),
    refuse('R8', 'a body that is not signed', {
      method: 'POST',
      onItsWay: (wire) => ({ ...wire, body: utf8('Buy nothing') }),
    }),
    refuse('C12', 'a capability of another key', {}, {}, { key: p256.key, cacao: stranger.cacao }),
    refuse('C13', 'another site', {}, { domains: ['example.org'] }),
    refuse('C14', 'what the capability does not cover', {}, { resources: ['https://other.example.com/'] }),
    refuse('D7', 'a delegated capability', {}, {}, await delegated(p256, 'P-256', { resources: RESOURCES })),
    accept(
      'a delegated capability where it may be',
      {},
      { delegation: { maxLinks: 2 } },
      await delegated(p256, 'P-256', { resources: RESOURCES }),
    ),
    ...(await urlCases(base, p256)),
  ])
}

async function urlCases(base: Policy, { key, cacao }: Holder): Promise<Case[]> {
  const policy = { ...base, signedURLs: true }
  const sign = async (reference: string, kind: 'url' | 'token' = 'url', createdAt = NOW) =>
    signToken(kind, { audience: reference, expiresInSecs: 60 }, { key, cacao }, NOW, createdAt)
  const token = await sign(`//${AUTHORITY}/notes?page=1`)
  const make = (
    name: string,
    target: string,
    rest: Partial<Case>,
    method = 'GET',
    more: Partial<Policy> = {},
  ): Case => ({
    name,
    ...rest,
    kind: 'request',
    policy: { ...policy, ...more },
    request: { method, target, headers: [] },
  })
  const ok = { account: ACCOUNT_A }
  return [
    make('a signed URL', `/notes?page=1&cacao-signature=${token}`, ok),
    make('a signed URL, with HEAD', `/notes?page=1&cacao-signature=${token}`, ok, 'HEAD'),
    make('a signed URL without a query', `/notes?cacao-signature=${await sign(`//${AUTHORITY}/notes`)}`, ok),
    make(
      'a signed URL where none is accepted',
      `/notes?page=1&cacao-signature=${token}`,
      { rule: 'R1' },
      'GET',
      { signedURLs: false },
    ),
    make('a signed URL, with POST', `/notes?page=1&cacao-signature=${token}`, { rule: 'U1' }, 'POST'),
    make('a signed URL with something behind it', `/notes?page=1&cacao-signature=${token}&page=2`, {
      rule: 'U1',
    }),
    make('a URL that is signed twice', `/notes?page=1&cacao-signature=${token}&cacao-signature=${token}`, {
      rule: 'U1',
    }),
    make('a signed URL with another query', `/notes?page=2&cacao-signature=${token}`, { rule: 'T5' }),
    make('a signed URL of another path', `/other?page=1&cacao-signature=${token}`, { rule: 'T5' }),
    make(
      'a signed URL that is too old',
      `/notes?cacao-signature=${await sign(`//${AUTHORITY}/notes`, 'url', NOW - 360_000)}`,
      { rule: 'T4' },
    ),
    make(
      'a URL with a token for something else',
      `/notes?cacao-signature=${await sign(`//${AUTHORITY}/notes`, 'token')}`,
      { rule: 'T2' },
    ),
  ]
}

/** Cases of tokens: valid ones, and some with one fault each. */
export async function tokenCases(): Promise<Case[]> {
  const [{ key, cacao }, ed25519] = [await granted('P-256'), await granted('Ed25519')]
  const audience = 'wss://api.example.com/live'
  const policy: Policy = { ...POLICY, audiences: [audience] }
  const sign = (
    changes: object = {},
    createdAt = NOW,
    holder: Holder = { key, cacao },
    kind: 'token' | 'url' = 'token',
  ) => signToken(kind, { audience, expiresInSecs: 60, ...changes }, holder, NOW, createdAt)
  /** A token with other contents, signed by the key. */
  const forged = async (head: Changes, body: Changes, spell = JSON.stringify): Promise<string> => {
    const [first = '', second = ''] = (await sign()).split('.')
    const [header, content] = [first, second].map((part) =>
      JSON.parse(Buffer.from(part, 'base64url').toString()),
    )
    const input = [encodeDagJSON({ ...header, ...head }), spell({ ...content, ...body })]
      .map((part) => toBase64url(utf8(part)))
      .join('.')
    return `${input}.${toBase64url(await key.sign(utf8(input)))}`
  }
  const make = (name: string, token: string, rest: Partial<Case>, more: Partial<Policy> = {}): Case => ({
    name,
    ...rest,
    kind: 'token',
    policy: { ...policy, ...more },
    token,
  })
  const ok = { account: ACCOUNT_A }
  const [head = '', body = '', signature = ''] = (await sign()).split('.')
  return [
    make('a token', await sign(), ok),
    make('a token, signed with Ed25519', await sign({}, NOW, ed25519), ok),
    make('a token with claims', await sign({ claims: { room: 'Küche', seats: [1, 2] } }), ok),
    make('a token for one of several audiences', await sign(), ok, {
      audiences: ['https://other.example.com', audience],
    }),
    make('two parts', `${head}.${body}`, { rule: 'T1' }),
    make('padding', `${head}.${body}=.${signature}`, { rule: 'T1' }),
    make('white space in its payload', await forged({}, {}, (value) => JSON.stringify(value, null, 1)), {
      rule: 'T1',
    }),
    make(
      'a member twice',
      await forged({}, {}, (value) =>
        JSON.stringify(value).replace('{', '{"aud":"wss://other.example.com",'),
      ),
      { rule: 'T1' },
    ),
    make('another type', await forged({ typ: 'JWT' }, {}), { rule: 'T2' }),
    make('no algorithm', await forged({ alg: 'none' }, {}), { rule: 'T2' }),
    make('an algorithm of another key', await forged({ alg: 'Ed25519' }, {}), { rule: 'T2' }),
    make('a member of its header more', await forged({ crit: [] }, {}), { rule: 'T2' }),
    make('a list of audiences', await forged({}, { aud: [audience] }), { rule: 'T3' }),
    make('a member of its payload more', await forged({}, { sub: 'me' }), { rule: 'T3' }),
    make('a time as text', await forged({}, { exp: String(NOW / 1000 + 60) }), { rule: 'T3' }),
    make('a short id', await forged({}, { jti: 'abc' }), { rule: 'T3' }),
    make('a token that has expired', await sign({}, NOW - 361_000), { rule: 'T4' }),
    make('a token from the future', await sign({}, NOW + 301_000), { rule: 'T4' }),
    make('a token for too long', await forged({}, { exp: NOW / 1000 + 3601 }), { rule: 'T4' }),
    make('another audience', await sign({ audience: `${audience}/2` }), { rule: 'T5' }),
    make(
      'a payload that was changed',
      `${head}.${toBase64url(utf8(Buffer.from(body, 'base64url').toString().replace('live', 'dead')))}.${signature}`,
      { rule: 'T6' },
      { audiences: [audience.replace('live', 'dead')] },
    ),
    make('a signature of another token', `${head}.${body}.${(await sign()).split('.')[2]}`, { rule: 'T6' }),
    make(
      'another issuer',
      await forged({}, { iss: 'did:pkh:eip155:1:0x0000000000000000000000000000000000000001' }),
      { rule: 'T7' },
    ),
    make('a capability of another key', await forged({ cacao: ed25519.cacao }, {}), { rule: 'C12' }),
    make('a signed URL as a token', await sign({}, NOW, { key, cacao }, 'url'), { rule: 'T2' }),
  ]
}
