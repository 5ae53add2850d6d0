import { types } from 'node:util'
import { utf8 } from '../../src/base/bytes.js'
import { fromBase64url, toBase64url } from '../../src/base/multibase.js'
import { cacaoCID } from '../../src/capability/cid.js'
import { verifyJWS } from '../../src/jws/verify-jws.js'
import { respellBase64 } from './base64-spellings.js'
import { jsonable } from './capability-kinds.js'
import type { FuzzCase, FuzzKind } from './fuzz-kind.js'
import { capabilities, judged } from './genuine.js'
import { contentOfJWS, type GenuineJWS, genuineJWS, stolenJWS } from './genuine-jws.js'
import { spellJSON } from './json-spelling.js'
import type { Random } from './random.js'
import { mutateText } from './text-mutator.js'
import { mutateValue } from './value-mutator.js'

type Parts = Pick<GenuineJWS, 'head' | 'body' | 'signature' | 'link'>
type Segment = 'head' | 'body' | 'signature'
const SEGMENTS: readonly Segment[] = ['head', 'body', 'signature']

// Without its capability, a JWS proves only its key.
const genuine = new Set(
  genuineJWS.flatMap(({ header, body, cid }) => {
    const payload = fromBase64url(body) ?? new Uint8Array()
    return [contentOfJWS(header.kid ?? '', payload, cid), contentOfJWS(header.kid ?? '', payload)]
  }),
)
const signingInputs = new Set(genuineJWS.map(({ head, body }) => `${head}.${body}`))

/** The JWS in one of its serializations. */
function formOf({ head, body, signature, link }: Parts, random: Random): unknown {
  if (random.oneIn(2)) return `${head}.${body}.${signature}`
  const general = { payload: body, signatures: [{ protected: head, signature }] }
  return link ? { ...general, link: random.oneIn(2) ? link : String(link) } : general
}

/** The signed content, unless the input is a getter or a Proxy, which may return something else each time. */
function signingInput(input: unknown): string | undefined {
  if (typeof input === 'string') return input.split('.').slice(0, 2).join('.')
  const first = plainMember(plainMember(input, 'signatures'), '0')
  const [head, body] = [plainMember(first, 'protected'), plainMember(input, 'payload')]
  return typeof head === 'string' && typeof body === 'string' ? `${head}.${body}` : undefined
}

function plainMember(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || types.isProxy(value)) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value as unknown
}

function caseOf(input: unknown, capability: unknown): FuzzCase {
  const run = async (): Promise<string> => {
    const options = capability === undefined ? judged : { ...judged, capability }
    const { kid, keyDID, issuer, payloadBytes, cacao } = await verifyJWS(input, options)
    const signed = signingInput(input)
    if (signed !== undefined && !signingInputs.has(signed)) return `what nobody signed: ${signed}`
    if (issuer !== (cacao?.p.iss ?? keyDID)) return `for somebody else: ${issuer}`
    return contentOfJWS(kid, payloadBytes, cacao && (await cacaoCID(cacao)))
  }
  return { input: { jws: input, capability }, run }
}

type Mutation = (jws: GenuineJWS, random: Random) => unknown

const withHead = (jws: GenuineJWS, header: string): Parts => ({ ...jws, head: toBase64url(utf8(header)) })

const MUTATIONS: readonly Mutation[] = [
  (jws, random) =>
    mutateText(`${jws.head}.${jws.body}.${jws.signature}`, random, random.pick(genuineJWS).head),
  // One or two parts from other genuine JWS.
  (jws, random) => {
    const parts = { ...jws, [random.pick(SEGMENTS)]: random.pick(genuineJWS)[random.pick(SEGMENTS)] }
    const segment = random.pick(SEGMENTS)
    return formOf(random.oneIn(2) ? parts : { ...parts, [segment]: random.pick(genuineJWS)[segment] }, random)
  },
  (jws, random) => {
    const segment = random.pick(SEGMENTS)
    return formOf({ ...jws, [segment]: respellBase64(jws[segment], random) }, random)
  },
  (jws, random) => {
    const segment = random.pick(SEGMENTS)
    return formOf(
      { ...jws, [segment]: mutateText(jws[segment], random, random.pick(genuineJWS)[segment]) },
      random,
    )
  },
  // Another header with the same payload and signature.
  (jws, random) => formOf(withHead(jws, mutateText(JSON.stringify(jws.header), random)), random),
  (jws, random) => {
    const header = jsonable(mutateValue(jws.header, random, random.pick(genuineJWS).header))
    return formOf(withHead(jws, spellJSON(header, random, 6)), random)
  },
  // With another key's kid, but signed by its own key.
  (_, random) => formOf(random.pick(stolenJWS), random),
  (jws, random) => {
    const signature = fromBase64url(jws.signature) ?? new Uint8Array()
    const i = random.below(signature.length)
    signature[i] = (signature[i] ?? 0) ^ (1 << random.below(8))
    return formOf({ ...jws, signature: toBase64url(signature) }, random)
  },
  ...Array<Mutation>(4).fill((jws, random) => {
    const other = random.pick(genuineJWS)
    const object = (parts: GenuineJWS): unknown => ({
      payload: parts.body,
      signatures: [{ protected: parts.head, signature: parts.signature }],
      ...(parts.link && { link: random.oneIn(2) ? parts.link : String(parts.link) }),
    })
    return mutateValue(object(jws), random, object(other))
  }),
]

/** The capability passed with it, mostly its own. */
function capabilityFor(jws: GenuineJWS, random: Random): unknown {
  if (random.oneIn(12)) return random.pick(capabilities)
  if (random.oneIn(12))
    return jws.capability && mutateValue(jws.capability, random, random.pick(capabilities))
  return random.oneIn(12) ? undefined : jws.capability
}

export const jwsObjectsAndTexts: FuzzKind = {
  name: 'JWS',
  genuine,
  control(random) {
    const jws = random.pick(genuineJWS)
    return caseOf(formOf(jws, random), jws.capability)
  },
  mutated(random) {
    const jws = random.pick(genuineJWS)
    const isWhole = random.oneIn(12)
    return caseOf(
      isWhole ? formOf(jws, random) : random.pick(MUTATIONS)(jws, random),
      capabilityFor(jws, random),
    )
  },
}
