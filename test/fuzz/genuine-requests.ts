import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from '../../src/base/bytes.js'
import { toHex } from '../../src/base/hex.js'
import { toBase64url } from '../../src/base/multibase.js'
import { type Cacao, issuerAccount } from '../../src/capability/cacao.js'
import { authorizationOf } from '../../src/http/signature-profile.js'
import type { VerifiedRequest } from '../../src/http/verify-request.js'
import { SEED } from '../setup/seed.js'
import { digestOf, profileInput, type SignatureInput, signWire } from '../setup/sign-wire.js'
import type { WireRequest } from '../setup/wire-request.js'
import { contentOf, grantedTo, judged, type Signer, signers } from './genuine.js'
import { chains } from './genuine-chains.js'
import { Random } from './random.js'

/** A request that a session really signed, as its parts. */
export interface GenuineRequest extends WireRequest {
  readonly signer: Signer
  readonly cacao: Cacao
  readonly said: SignatureInput
  /** When it was signed, in milliseconds since 1970. */
  readonly created: number
  readonly content: string
}

/** One change to a request; it may use a part of another one. */
export type RequestMutation = (request: GenuineRequest, random: Random, other: GenuineRequest) => WireRequest

export const AUTHORITIES = ['api.example.com', 'api.example.org:8443'] as const

/** What the verifier returns for a request: its target, its signature and its capability. */
export function contentOfRequest(
  { method, target, body }: Pick<WireRequest, 'method' | 'target' | 'body'>,
  id: string,
  { account, cacao, created, expires }: Pick<VerifiedRequest, 'account' | 'cacao' | 'created' | 'expires'>,
): string {
  // In RFC 9421 (§2.2.7), an empty query is the same as none.
  const sameTarget = target.replace(/^([^?]*)\?$/, '$1')
  const times = [created.getTime(), expires.getTime()]
  return JSON.stringify([method, sameTarget, toHex(sha256(body)), id, ...times, account, contentOf(cacao)])
}

/** 128 bits, as in sessions. */
export const newNonce = (random: Random): string => toBase64url(random.bytes(16))

const random = new Random(SEED, 0x9421)
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'GET', 'POST'] as const
/** Targets that clients ask for. */
export const TARGETS = [
  '/',
  '/notes',
  '/notes/',
  '/notes?page=1',
  '/notes?page=1&page=2&q=a+b%20c',
  '/notes/%2Fetc%2fpasswd?next=%2F%2Fevil.example',
  '//notes//1?',
  '/notes/1;v=2,3/~me?a=b;c=d&e',
  '/caf%C3%A9/@me?q=%E2%82%AC&q=&=&?',
] as const
const BODIES = [
  utf8('{"amount":1,"to":"a","memo":"x"}'),
  utf8('amount=1&to=a'),
  random.bytes(1),
  random.bytes(300),
  utf8('é'.repeat(100)),
]

async function make(signer: Signer, cacao: Cacao, authorization: string): Promise<GenuineRequest> {
  const method = random.pick(METHODS)
  const hasBody = method !== 'GET' && !random.oneIn(4)
  const body = hasBody ? random.pick(BODIES) : new Uint8Array()
  const plain: WireRequest = {
    method,
    target: random.pick(TARGETS),
    host: random.pick(AUTHORITIES),
    headers: random.shuffled([
      ['Accept', '*/*'],
      ['Authorization', authorization],
      ...(hasBody
        ? ([
            ['Content-Digest', digestOf(body)],
            ['Content-Type', 'application/json'],
          ] as const)
        : []),
    ]),
    body,
  }
  const created = judged.now() / 1000 - random.below(60)
  const nonce = newNonce(random)
  const said = profileInput(signer, hasBody, created, nonce)
  const account = issuerAccount(cacao)
  const times = { created: new Date(created * 1000), expires: new Date((created + 60) * 1000) }
  const content = contentOfRequest(plain, `${signer.did} ${nonce}`, { account, cacao, ...times })
  return { ...(await signWire(plain, said, signer)), signer, cacao, said, created: created * 1000, content }
}

/** The request as it is sent, if its capability is short enough. */
function carried(cacao: Cacao): readonly [Cacao, string][] {
  try {
    return [[cacao, authorizationOf(cacao)]]
  } catch {
    return []
  }
}

/** For every signer: six requests with each of four of its capabilities, and of two delegated ones. */
export const genuineRequests: readonly GenuineRequest[] = await Promise.all(
  signers.flatMap((signer) =>
    [
      ...grantedTo(signer).flatMap(carried).slice(0, 4),
      ...chains.flatMap((held) => (held.signer === signer ? carried(held.cacao) : [])).slice(-2),
    ].flatMap(([cacao, authorization]) =>
      Array.from({ length: 6 }, () => make(signer, cacao, authorization)),
    ),
  ),
)
