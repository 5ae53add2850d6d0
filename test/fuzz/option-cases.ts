import { SessionError } from '../../src/base/errors.js'
import { inspectCacao, verifyCacao } from '../../src/capability/verify-cacao.js'
import { toDID } from '../../src/compat/dids.js'
import { signRequest } from '../../src/http/sign-request.js'
import type { RequestVerifierOptions, VerifyRequestOptions } from '../../src/http/verify-options.js'
import { requestVerifier, verifyRequest } from '../../src/http/verify-request.js'
import { verifyJWS } from '../../src/jws/verify-jws.js'
import { requireSession } from '../../src/middleware/fetch.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore } from '../../src/store/store.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { delegated, granted, type Holder } from '../setup/chain.js'
import { accepting, NOW, post } from '../setup/request-signer.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { judged } from './genuine.js'

/** A genuine input that options check, and one option with a value that must refuse it. */
export interface OptionCase {
  readonly of: string
  readonly option: string
  /** The other options, which accept it. */
  readonly others: Readonly<Record<string, unknown>>
  /** A value of the option that refuses it. */
  readonly refusing: unknown
  /** A value of the option that accepts it; absent if there is none. */
  readonly accepting?: unknown
  /** Whether `undefined` is the same as no option, because the option checks nothing by itself. */
  readonly isSetting?: boolean
  /** Whether a mutated value is a valid one, and accepts the input rightly. */
  accepts(value: unknown): boolean | Promise<boolean>
  /** Resolves with `true` if the input is accepted with the options; rejects, or resolves with `false`, if not. */
  judge(options: object): Promise<boolean>
}

const DOMAIN = 'example.com'
const OTHER = 'other.example.com'
const RESOURCE = 'https://api.example.com/notes/1'
const BESIDE = 'https://elsewhere.example.com/1'

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item !== '')
/** The result of a function for the argument; `undefined` for other values. */
const said = async (value: unknown, ...of: unknown[]): Promise<unknown> => {
  try {
    return typeof value === 'function' ? await value(...of) : undefined
  } catch {
    return undefined
  }
}

type Check = Pick<OptionCase, 'option' | 'refusing' | 'accepting' | 'accepts' | 'isSetting'>

const ofSite: Check = {
  option: 'domains',
  refusing: [OTHER],
  accepting: [DOMAIN],
  accepts: async (value) =>
    (isTexts(value) && value.includes(DOMAIN)) || (await said(value, DOMAIN)) === true,
}
const ofResources: Check = {
  option: 'resources',
  refusing: [BESIDE],
  accepting: [RESOURCE],
  // However a Proxy or an unusual array behaves, only this resource is granted.
  accepts: (value) => isTexts(value) && value.every((item) => item === RESOURCE),
}
const ofRevocation: Check = {
  option: 'revocation',
  refusing: { isRevoked: () => true },
  accepting: { isRevoked: () => false },
  accepts: async (value) => (await said(Object(value).isRevoked)) === false,
}
const isVerifiers = async (value: unknown): Promise<boolean> => {
  const verify = Object.getOwnPropertyDescriptor(Object(value), 'eip191')?.value
  return typeof value === 'object' && typeof verify === 'function'
}
const ofSignature: Check = {
  option: 'verifiers',
  refusing: { 'key:p256': async () => undefined },
  accepting: judged.verifiers,
  accepts: isVerifiers,
}
const ofNonce: Check = {
  option: 'nonce',
  refusing: 'another12345',
  accepting: 'abcdefgh12',
  accepts: (value) => value === 'abcdefgh12',
}
const ofIssuer: Check = {
  option: 'issuer',
  refusing: 'eip155:1:0x1563915e194d8cfba1943570603f7606a3115508',
  accepting: ACCOUNT_A,
  accepts: (value) => JSON.stringify(value)?.toLowerCase().includes(ACCOUNT_A.slice(-40)) ?? false,
}
const ofAbility: Check = {
  option: 'ability',
  refusing: { ability: 'notes/read', resource: RESOURCE },
  accepts: () => false,
}

const session = await granted('P-256', { resources: ['https://api.example.com/notes/*'] })
const delegatedHolder = await delegated(session, 'P-256')
const short = await granted('P-256', { exp: '2024-06-10T00:00:00Z' })
const { verifiers } = judged
const time = (): number => NOW
const isTime = async (value: unknown): Promise<boolean> => {
  const now = await said(value)
  return typeof now === 'number' && now < Date.parse('2024-06-10T00:00:00Z')
}
const ofClock: Check = {
  option: 'now',
  refusing: time,
  accepting: () => Date.parse('2024-06-02T00:00:00Z'),
  accepts: isTime,
}
const ofDelegation: Check = {
  option: 'delegation',
  refusing: false,
  accepting: { maxLinks: 2 },
  accepts(value) {
    const { maxLinks, maxSecs } = (value ?? {}) as { maxLinks?: unknown; maxSecs?: unknown }
    return (
      typeof maxLinks === 'number' && maxLinks >= 2 && (maxSecs === undefined || typeof maxSecs === 'number')
    )
  },
}

async function accepted(work: Promise<unknown>): Promise<boolean> {
  await work
  return true
}

const capability = (
  of: string,
  judge: (input: unknown, options: never) => Promise<boolean>,
  changes: object = {},
): OptionCase[] => {
  const cases = (checks: readonly Check[], { cacao }: Holder, others: object): OptionCase[] =>
    checks.map((check) => ({
      ...check,
      of,
      others: { verifiers, now: time, ...changes, ...others },
      judge: (options) => judge(cacao, options as never),
    }))
  const audience: Check = {
    option: 'audience',
    refusing: delegatedHolder.key.did,
    accepting: session.key.did,
    accepts: (value) => value === session.key.did,
  }
  return [
    ...cases(
      [ofSite, ofResources, ofRevocation, ofSignature, ofNonce, ofIssuer, ofAbility, audience],
      session,
      {},
    ),
    ...cases([ofDelegation], delegatedHolder, {}),
    ...cases([ofClock], short, {}),
  ]
}

const jws = await (async () => {
  const made = await DIDSession.authorize(ethereumAuth(KEY_A, undefined, { domain: DOMAIN }), {
    resources: ['https://api.example.com/notes/*'],
    nonce: 'abcdefgh12',
  })
  return { signed: await (await toDID(made)).createJWS({ note: 'a' }), capability: made.cacao }
})()

const ofJWS: readonly OptionCase[] = [
  ...[ofSite, ofResources, ofRevocation, ofSignature, ofNonce, ofIssuer, ofAbility].map((check) => ({
    ...check,
    of: 'verifyJWS',
    others: { verifiers, capability: jws.capability },
    judge: (options: object) => accepted(verifyJWS(jws.signed, options)),
  })),
  // Without a capability, no value of the option can accept the input.
  ...[ofSite, ofResources, ofRevocation, ofNonce, ofIssuer, ofAbility].map((check) => ({
    ...check,
    accepts: () => false,
    accepting: undefined,
    of: 'verifyJWS without a capability',
    others: {},
    judge: (options: object) => accepted(verifyJWS(jws.signed, options)),
  })),
]

const signedBy = (by: Holder, text = 'Buy cacao beans'): Promise<Request> => signRequest(post(text), by, NOW)
const [bySession, byDelegatedHolder, late] = await Promise.all([
  signedBy(session),
  signedBy(delegatedHolder),
  signedBy(session),
])

const ofUse: Check = {
  option: 'replay',
  refusing: { use: () => false },
  accepting: { use: () => true },
  accepts: async (value) => value === false || (await said(Object(value).use)) === true,
}
const ofHost: Check = {
  option: 'authority',
  refusing: 'other.example.com',
  accepting: 'api.example.com',
  accepts: (value) => value === 'api.example.com' || (isTexts(value) && value.includes('api.example.com')),
}
const ofBody: Check = {
  option: 'maxBodyBytes',
  refusing: 1,
  accepting: 100,
  isSetting: true,
  accepts: (value) => typeof value === 'number' && value >= 15,
}
const ofWanted: Check = {
  ...ofResources,
  accepts: async (value) => {
    const asked = typeof value === 'function' ? await said(value) : value
    return asked === false || ofResources.accepts(asked)
  },
}
const ofAge: Check = {
  option: 'maxAgeSecs',
  refusing: 10,
  accepting: 60,
  isSetting: true,
  accepts: (value) => typeof value === 'number' && value >= 60,
}

const { now: _, ...careful } = accepting
function requests(
  of: string,
  judge: (options: RequestVerifierOptions, request: Request) => Promise<boolean>,
): OptionCase[] {
  const cases = (checks: readonly Check[], request: Request, others: object = {}): OptionCase[] =>
    checks.map((check) => ({
      ...check,
      of,
      others: { ...careful, verifiers, now: time, replay: false, ...others },
      judge: async (options) => judge(options as RequestVerifierOptions, request.clone()),
    }))
  return [
    ...cases([ofSite, ofWanted, ofSignature, ofRevocation, ofUse, ofHost, ofBody, ofAbility], bySession),
    ...cases([ofDelegation], byDelegatedHolder),
    ...cases([ofAge], late, { now: () => NOW + 30_000, clockSkewSecs: 0 }),
  ]
}

const store = await (async (): Promise<SessionStore> => {
  const made = memoryStore()
  await DIDSession.get(ACCOUNT_A, ethereumAuth(KEY_A, undefined, { domain: DOMAIN }), {
    resources: ['https://api.example.com/notes/*'],
    store: made,
  })
  return made
})()
const text = (
  await DIDSession.authorize(ethereumAuth(KEY_A, undefined, { domain: DOMAIN }), {
    resources: ['https://api.example.com/notes/*'],
  })
).serialize()
const never = async (): Promise<never> => {
  throw new SessionError('ERR_AUTH_REJECTED', 'the wallet was asked')
}
const ofPlace: readonly Check[] = [
  { option: 'store', refusing: memoryStore(), accepting: store, accepts: () => false },
  { option: 'namespace', refusing: 'admin', accepting: 'default', accepts: (value) => value === 'default' },
]
const ofValidity: Check = {
  option: 'minValiditySecs',
  refusing: 1e9,
  accepting: 0,
  accepts: (value) => typeof value === 'number' && value >= 0 && value < 604_000,
}
const sessions = (
  of: string,
  checks: readonly Check[],
  judge: (options: object) => Promise<boolean>,
  others: object = { store },
): OptionCase[] => checks.map((check) => ({ ...check, of, others: { verifiers, ...others }, judge }))
const TRUST = [ofSite, ofRevocation, ofSignature]

/** Every option with a check, of every function that has it. */
export const OPTION_CASES: readonly OptionCase[] = [
  ...capability('verifyCacao', (input, options) => accepted(verifyCacao(input, options))),
  ...capability('inspectCacao', async (input, options) => (await inspectCacao(input, options)).isAccepted),
  ...ofJWS,
  ...requests('requestVerifier', (options, request) => accepted(requestVerifier(options)(request))),
  ...requests('verifyRequest', (options, request) =>
    accepted(verifyRequest(request, options as VerifyRequestOptions)),
  ),
  ...requests(
    'requireSession',
    async (options, request) => (await requireSession(options, () => new Response())(request)).ok,
  ),
  ...sessions(
    'load',
    [...TRUST, ofResources, ...ofPlace, ofValidity],
    async (options) => (await DIDSession.load(ACCOUNT_A, options)) !== undefined,
  ),
  ...sessions(
    'use',
    [...TRUST, ofResources, ...ofPlace, ofValidity],
    async (options) => (await DIDSession.use(ACCOUNT_A, options)) !== undefined,
  ),
  ...sessions(
    'get',
    [...TRUST, ...ofPlace, ofValidity],
    (options) => accepted(DIDSession.get(ACCOUNT_A, never, options as never)),
    { store, resources: [RESOURCE] },
  ),
  ...sessions('hasSessionFor', [...TRUST, ...ofPlace, ofValidity], (options) =>
    DIDSession.hasSessionFor(ACCOUNT_A, [RESOURCE], options),
  ),
  ...sessions(
    'explain',
    [...TRUST, ...ofPlace, ofValidity],
    async (options) => (await DIDSession.explain(ACCOUNT_A, [RESOURCE], options)).status === 'ok',
  ),
  ...sessions('list', [...TRUST, ...ofPlace], async (options) => (await DIDSession.list(options)).length > 0),
  ...sessions('fromSession', TRUST, (options) => accepted(DIDSession.fromSession(text, options)), {}),
]
