import { utf8 } from '../../src/base/bytes.js'
import { fromBase64url, toBase64url } from '../../src/base/multibase.js'
import { issuerAccount } from '../../src/capability/cacao.js'
import type { TokenKind } from '../../src/http/session-token.js'
import { URL_SIGNATURE } from '../../src/http/signed-url.js'
import { incomingVerifier } from '../../src/http/verify-request.js'
import { verifyByWebCrypto } from '../../src/key/verify.js'
import { tokenVerifier } from '../../src/token/verify-token.js'
import { SEED } from '../setup/seed.js'
import type { WireRequest } from '../setup/wire-request.js'
import { asNodeRequest, asWebRequest } from './arrived-request.js'
import { respellBase64 } from './base64-spellings.js'
import { jsonable } from './capability-kinds.js'
import type { FuzzCase, FuzzKind } from './fuzz-kind.js'
import { capabilities, contentOf, judged } from './genuine.js'
import { AUTHORITIES, genuineRequests } from './genuine-requests.js'
import {
  AUDIENCES,
  contentOfToken,
  type GenuineToken,
  genuineTokens,
  headerOfToken,
  signToken,
  stolenTokens,
} from './genuine-tokens.js'
import { spellJSON } from './json-spelling.js'
import { Random } from './random.js'
import { changeHost, changeMethod, changeTarget } from './target-mutators.js'
import { mutateText } from './text-mutator.js'
import { mutateValue } from './value-mutator.js'

const byKind = (kind: TokenKind, tokens = genuineTokens): readonly GenuineToken[] =>
  tokens.filter((token) => token.kind === kind)

// The clock and the replay store of the verifiers, for the current case.
let now = judged.now()
let used = ''

const domains = new Set(capabilities.map(({ p }) => p.domain))
const options = {
  verifiers: judged.verifiers,
  domains: (domain: string) => domains.has(domain),
  resources: false as const,
  delegation: { maxLinks: 4 },
  now: () => now,
}
const everyWay = [
  options,
  { ...options, cacheSize: 0 },
  { ...options, verifyKeySignature: verifyByWebCrypto },
]

const SKEW_MS = 300_000
const MUCH_LATER = [-86_400_000, -300_001, 60_000 + SKEW_MS, 3_600_000 + SKEW_MS, 86_400_000, Number.NaN]

/** Mostly the time at which everything genuine is valid. */
const timeOf = (random: Random): number =>
  random.oneIn(20) ? judged.now() + random.pick(MUCH_LATER) : judged.now()

type Mutation = (token: GenuineToken, random: Random, other: GenuineToken) => string

// A token has only one encoding.
const signingInput = (token: string): string => token.split('.').slice(0, 2).join('.')
const signingInputs = new Set(genuineTokens.map(({ token }) => signingInput(token)))

const partsOf = (token: string): [string, string, string] => token.split('.') as [string, string, string]

const inOnePart =
  (change: (part: string, random: Random, other: string) => string): Mutation =>
  ({ token }, random, other) => {
    const parts = partsOf(token)
    const i = random.below(3)
    parts[i] = change(parts[i] ?? '', random, partsOf(other.token)[i] ?? '')
    return parts.join('.')
  }

/** Another header or payload with the same signature. */
const withPart =
  (i: 0 | 1, write: (token: GenuineToken, random: Random, other: GenuineToken) => string): Mutation =>
  (genuine, random, other) => {
    const parts = partsOf(genuine.token)
    parts[i] = toBase64url(utf8(write(genuine, random, other)))
    return parts.join('.')
  }

const changedHeader = ({ header }: GenuineToken, random: Random, other: GenuineToken): string =>
  random.oneIn(3)
    ? mutateText(header, random, other.header)
    : spellJSON(
        jsonable(mutateValue(JSON.parse(header), random, JSON.parse(other.header) as unknown)),
        random,
        random.pick([8, 1_000_000]),
      )

const MUTATIONS: readonly Mutation[] = [
  ({ token }, random, other) => mutateText(token, random, other.token),
  inOnePart((_, __, other) => other),
  inOnePart((part, random) => respellBase64(part, random)),
  inOnePart((part, random, other) => mutateText(part, random, other)),
  withPart(0, changedHeader),
  withPart(0, ({ header }, random) => spellJSON(JSON.parse(header), random, 8)),
  // Another capability of the key, or one of another key.
  withPart(0, ({ kind, signer }, random, other) =>
    headerOfToken(kind, signer, random.oneIn(2) ? other.cacao : random.pick(capabilities)),
  ),
  withPart(0, ({ kind, signer, cacao }) => headerOfToken(kind === 'url' ? 'token' : 'url', signer, cacao)),
  withPart(1, ({ payload }, random, other) =>
    mutateText(JSON.stringify(payload), random, JSON.stringify(other.payload)),
  ),
  withPart(1, ({ payload }, random) => spellJSON(payload, random, 6)),
  withPart(1, ({ payload }, random, other) =>
    spellJSON(jsonable(mutateValue(payload, random, other.payload)), random, 20),
  ),
  ({ token }, random) => {
    const [head, body, signature] = partsOf(token)
    const bytes = fromBase64url(signature) ?? new Uint8Array()
    const i = random.below(bytes.length)
    bytes[i] = (bytes[i] ?? 0) ^ (1 << random.below(8))
    return `${head}.${body}.${toBase64url(bytes)}`
  },
]

const random = new Random(SEED, 0x8725)

/** Tokens that the session's holder signed with an invalid capability, or in another encoding. */
const forgedTokens: readonly GenuineToken[] = await Promise.all(
  [...genuineTokens, ...genuineTokens].map(async (genuine) => {
    const isHeader = !random.oneIn(6)
    const header = isHeader ? changedHeader(genuine, random, random.pick(genuineTokens)) : genuine.header
    const payload = isHeader ? JSON.stringify(genuine.payload) : spellJSON(genuine.payload, random, 6)
    return { ...genuine, token: await signToken(header, payload, genuine.signer) }
  }),
)

/** Sometimes unchanged, of the other kind, or signed by a thief; mostly with one change. */
function mutatedToken(genuine: GenuineToken, random: Random): string {
  const way = random.below(24)
  if (way === 0) return genuine.token
  if (way === 1) return random.pick(byKind(genuine.kind === 'url' ? 'token' : 'url')).token
  if (way < 5) return random.pick(byKind(genuine.kind, stolenTokens)).token
  if (way < 9) return random.pick(byKind(genuine.kind, forgedTokens)).token
  return random.pick(MUTATIONS)(genuine, random, random.pick(genuineTokens))
}

// Separate, because a verifier whose clock went back refuses what had expired at the latest time it has seen.
function atItsTime<T>(newVerifiers: () => readonly T[]): (time: number) => readonly T[] {
  const [verifiers, verifiersAtOtherTimes] = [newVerifiers(), newVerifiers()]
  return (time) => (time === judged.now() ? verifiers : verifiersAtOtherTimes)
}

const tokenVerifiersAt = atItsTime(() =>
  everyWay.map((each) =>
    tokenVerifier({
      ...each,
      audience: AUDIENCES,
      // Every token counts as unused: only forgery matters here.
      replay: {
        use(id) {
          used = id
          return true
        },
      },
    }),
  ),
)

function tokenCase(token: unknown, time: number, random: Random): FuzzCase {
  const verify = random.pick(tokenVerifiersAt(time))
  const run = async (): Promise<string> => {
    now = time
    const caller = await verify(token)
    const { audience, claims, created, expires, keyDID, tokenId } = caller
    if (!signingInputs.has(signingInput(String(token)))) return 'another spelling'
    if (used !== `token ${keyDID} ${tokenId}`) return `what is remembered as ${used}`
    const [iat, exp] = [created.getTime() / 1000, expires.getTime() / 1000]
    return contentOfToken({ aud: audience, claims, exp, iat, jti: tokenId }, caller)
  }
  return { input: { token, time }, run }
}

const ownTokens = byKind('token')

export const sessionTokens: FuzzKind = {
  name: 'token',
  genuine: new Set(ownTokens.map(({ content }) => content)),
  control: (random) => tokenCase(random.pick(ownTokens).token, judged.now(), random),
  mutated(random) {
    const token = mutatedToken(random.pick(ownTokens), random)
    return tokenCase(random.oneIn(50) ? [token] : token, timeOf(random), random)
  },
}

// The same for signed URLs, whose target may be changed too.

const ownURLs = byKind('url')

function contentOfURL(
  reference: string,
  times: readonly [created: number, expires: number],
  caller: { readonly account: string; readonly cacao: GenuineToken['cacao'] },
): string {
  return JSON.stringify([reference, ...times, caller.account, contentOf(caller.cacao)])
}

const urlVerifiersAt = atItsTime(() =>
  everyWay.flatMap((each) =>
    [AUTHORITIES, ...AUTHORITIES].map((authority) => ({
      authority,
      verify: incomingVerifier<WireRequest>({ ...each, authority, signedURLs: true }),
    })),
  ),
)

/** A request for a signed URL, as a browser sends it. */
function requestFor(token: string, { host, target }: GenuineToken): WireRequest {
  const mark = target.includes('?') ? '&' : '?'
  return {
    method: 'GET',
    target: `${target}${mark}${URL_SIGNATURE}=${token}`,
    host,
    headers: [['Accept', '*/*']],
    body: new Uint8Array(),
  }
}

function urlCase(wire: WireRequest, time: number, random: Random, host = wire.host): FuzzCase {
  const fitting = urlVerifiersAt(time).filter(
    ({ authority }) => typeof authority !== 'string' || authority === host,
  )
  const { verify, authority } = random.pick(fitting)
  const isWeb = random.oneIn(2)
  const arrived = (isWeb ? asWebRequest(wire) : undefined) ?? asNodeRequest(wire)
  const run = async (): Promise<string> => {
    now = time
    const caller = await verify(arrived.incoming)
    const { method, target, body } = await arrived.seen()
    const [, token = ''] = target.split(`${URL_SIGNATURE}=`)
    if (!signingInputs.has(signingInput(token))) return 'another spelling'
    if (!caller.isSignedURL) return 'what was signed otherwise'
    if ((method !== 'GET' && method !== 'HEAD') || body.length > 0)
      return `a ${method} of ${body.length} bytes`
    const { host: name } = new URL(caller.url)
    const plain = target.replace(new RegExp(`[?&]${URL_SIGNATURE}=[^?&#]*$`), '')
    const times = [caller.created.getTime() / 1000, caller.expires.getTime() / 1000] as const
    return contentOfURL(`//${name}${plain}`, times, caller)
  }
  const { method, target, headers } = wire
  return { input: { method, target, host: wire.host, headers, time, isWeb, authority }, run }
}

const URL_MUTATIONS: readonly ((genuine: GenuineToken, random: Random) => WireRequest)[] = [
  (genuine, random) => requestFor(mutatedToken(genuine, random), genuine),
  // Another URL with the token, or the URL with any change.
  (genuine, random) => requestFor(genuine.token, { ...genuine, target: random.pick(ownURLs).target }),
  (genuine, random) =>
    requestFor(genuine.token, { ...genuine, ...changeTarget(requestFor('', genuine), random) }),
  (genuine, random) => {
    const { target } = changeTarget({ ...requestFor('', genuine), target: genuine.target }, random)
    return requestFor(genuine.token, { ...genuine, target })
  },
  (genuine, random) => changeTarget(requestFor(genuine.token, genuine), random),
  (genuine, random) => changeHost(requestFor(genuine.token, genuine), random),
  (genuine, random) => changeMethod(requestFor(genuine.token, genuine), random),
  // The parameter twice, in another encoding, or not at the end.
  (genuine, random) => {
    const wire = requestFor(genuine.token, genuine)
    const name = random.pick([
      URL_SIGNATURE,
      URL_SIGNATURE.toUpperCase(),
      'cacao%2Dsignature',
      '%63acao-signature',
    ])
    const target = random.pick([
      `${wire.target}&${name}=${genuine.token}`,
      `${wire.target}&a=b`,
      `${wire.target}#a`,
      wire.target.replace(URL_SIGNATURE, name),
    ])
    return { ...wire, target }
  },
  // Together with signature headers.
  (genuine, random) => ({
    ...requestFor(genuine.token, genuine),
    headers: random.pick(genuineRequests).headers,
  }),
  (genuine, random) => ({
    ...requestFor(genuine.token, genuine),
    body: random.bytes(random.below(3)),
    headers: [['Content-Length', '0']],
  }),
]

export const signedURLs: FuzzKind = {
  name: 'signed URL',
  genuine: new Set(
    ownURLs.map(({ host, target, payload: { iat, exp }, cacao }) =>
      contentOfURL(`//${host}${target}`, [iat, exp], { account: issuerAccount(cacao), cacao }),
    ),
  ),
  control(random) {
    const genuine = random.pick(ownURLs)
    return urlCase(requestFor(genuine.token, genuine), judged.now(), random)
  },
  mutated(random) {
    const genuine = random.pick(ownURLs)
    return urlCase(random.pick(URL_MUTATIONS)(genuine, random), timeOf(random), random, genuine.host)
  },
}
