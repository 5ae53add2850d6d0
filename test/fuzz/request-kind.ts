import type { RequestVerifierOptions } from '../../src/http/verify-options.js'
import { incomingVerifier } from '../../src/http/verify-request.js'
import { verifyByWebCrypto } from '../../src/key/verify.js'
import type { WireRequest } from '../setup/wire-request.js'
import { asNodeRequest, asWebRequest } from './arrived-request.js'
import { assertReadersAgree } from './both-readers.js'
import { forgedRequests } from './forged-requests.js'
import type { FuzzCase, FuzzKind } from './fuzz-kind.js'
import { capabilities, judged } from './genuine.js'
import {
  AUTHORITIES,
  contentOfRequest,
  type GenuineRequest,
  genuineRequests,
  type RequestMutation,
} from './genuine-requests.js'
import {
  changeBody,
  changeDigest,
  changeHeader,
  changeHeaders,
  changeType,
  swapHeaders,
} from './header-mutators.js'
import { changeInput } from './input-mutators.js'
import type { Random } from './random.js'
import { changeLabels, changeSignature } from './signature-mutators.js'
import { changeHost, changeMethod, changeTarget } from './target-mutators.js'
import { changeAuthorization } from './token-mutators.js'

// The clock and the replay store of the verifiers, for the current case.
let now = judged.now()
let used = { id: '', until: 0 }

const domains = new Set(capabilities.map(({ p }) => p.domain))
const options = {
  verifiers: judged.verifiers,
  authority: AUTHORITIES,
  domains: (domain: string) => domains.has(domain),
  resources: false as const,
  delegation: { maxLinks: 4 },
  now: () => now,
  // Every nonce counts as unused: only forgery matters here.
  replay: {
    use(id, until) {
      used = { id, until }
      return true
    },
  },
} satisfies RequestVerifierOptions

/**
 * The verifiers of different servers: with a cache of capabilities and without, with WebCrypto and with Node, with one
 * authority or several.
 */
const newVerifiers = () =>
  [
    options,
    { ...options, cacheSize: 0 },
    { ...options, verifyKeySignature: verifyByWebCrypto },
    ...AUTHORITIES.map((authority) => ({ ...options, authority })),
  ].map((each) => ({ verify: incomingVerifier<WireRequest>(each), authority: each.authority }))

// Separate, because a verifier whose clock went back refuses what had expired at the latest time it has seen.
const verifiers = newVerifiers()
const verifiersAtOtherTimes = newVerifiers()

const SKEW_MS = 300_000

function caseOf(wire: WireRequest, time: number, random: Random, host: string): FuzzCase {
  const all = time === judged.now() ? verifiers : verifiersAtOtherTimes
  const fitting = all.filter(({ authority }) => typeof authority !== 'string' || authority === host)
  const { verify, authority } = random.pick(fitting)
  const isWeb = random.oneIn(2)
  const arrived = (isWeb ? asWebRequest(wire) : undefined) ?? asNodeRequest(wire)
  const { method, target, headers, body } = wire
  const run = async (): Promise<string> => {
    now = time
    await assertReadersAgree(arrived.incoming, time)
    const caller = await verify(arrived.incoming)
    const [created, expires] = [caller.created.getTime(), caller.expires.getTime()]
    if (!(created - SKEW_MS <= time && time < expires + SKEW_MS))
      return `what was signed for another time than ${time}`
    if (used.until !== expires + SKEW_MS) return `what is remembered until ${used.until}`
    return contentOfRequest(await arrived.seen(), used.id, caller)
  }
  return { input: { method, target, host: wire.host, headers, body, time, isWeb, authority }, run }
}

const MUTATIONS: readonly RequestMutation[] = [
  changeMethod,
  changeHost,
  changeTarget,
  changeTarget,
  changeTarget,
  changeHeader,
  changeHeader,
  changeHeader,
  changeHeaders,
  swapHeaders,
  changeBody,
  changeType,
  changeDigest,
  changeInput,
  changeInput,
  changeInput,
  changeLabels,
  changeSignature,
  changeSignature,
  changeAuthorization,
  changeAuthorization,
  (_, random) => random.pick(forgedRequests),
]

function mutatedRequest(request: GenuineRequest, random: Random): WireRequest {
  const steps = random.oneIn(5) ? 2 : 1
  let mutated = request
  for (let i = 0; i < steps; i++) {
    const changed = random.pick(MUTATIONS)(mutated, random, random.pick(genuineRequests))
    mutated = { ...mutated, ...changed }
  }
  return mutated
}

// Times around the limits of freshness, a day off, and invalid ones, in milliseconds after the signature.
const AGES = [-86_400_000, -300_001, -300_000, -1, 0, 59_999, 60_000, 60_001, 86_400_000]
const NO_TIMES = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -1, 8.64e15]

function otherTime({ created }: GenuineRequest, random: Random): number {
  return random.oneIn(5) ? random.pick(NO_TIMES) : created + random.pick(AGES)
}

export const signedRequests: FuzzKind = {
  name: 'signed request',
  genuine: new Set(genuineRequests.map(({ content }) => content)),
  control(random) {
    const request = random.pick(genuineRequests)
    return caseOf(request, judged.now(), random, request.host)
  },
  mutated(random) {
    const request = random.pick(genuineRequests)
    const isAtOtherTime = random.oneIn(20)
    const time = isAtOtherTime || random.oneIn(20) ? otherTime(request, random) : judged.now()
    return caseOf(isAtOtherTime ? request : mutatedRequest(request, random), time, random, request.host)
  },
}
