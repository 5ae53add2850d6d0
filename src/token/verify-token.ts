import { type Clock, clockOption, latestTime, systemClock } from '../base/environment.js'
import {
  check,
  functionOption,
  type OptionReaders,
  quantityOption,
  type ReadValue,
  readOptions,
  required,
  setting,
  textsOption,
  wrong,
} from '../base/options.js'
import { assertAbility, assertResources } from '../capability/assertions.js'
import { assertValidAt, DEFAULT_CLOCK_SKEW_SECS } from '../capability/cacao.js'
import {
  type DelegationOptions,
  type Domains,
  delegationOption,
  domainsOption,
  givenAbility,
  type Revocation,
  revocationOption,
  verifiersOption,
} from '../capability/check-options.js'
import { type Ability, givenResources } from '../capability/resources.js'
import type { Verifiers } from '../capability/verify-signature.js'
import { LiveRequests } from '../http/admissions.js'
import { type Caller, capabilityGate, storeAsker } from '../http/capability-gate.js'
import { type ReplayStore, replayOption } from '../http/replay.js'
import { requiredAbilityOption, requiredResourcesOption, type WantedResources } from '../http/requirements.js'
import { readToken, type TokenClaims, tokenRefused } from '../http/session-token.js'
import { SIGNATURE_LIFETIME_SECS } from '../http/signature-profile.js'
import { maxAgeOption } from '../http/verify-options.js'
import { type VerifyKeySignature, verifyKeySignature } from '../key/verify.js'

/** Says what is required of a token with these claims. Its capability must cover it, so that a claim is no more than a choice. */
export type OfClaims<T> = (claims: TokenClaims) => T | Promise<T>

/** What a token must fulfil to be accepted. */
export interface VerifyTokenOptions {
  /** For whom the token must be, exactly: the `audience` with which clients make it. A list if the server has several names. */
  audience: string | readonly string[]
  /** The verifiers of the wallet entries: `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /** The domains, with their ports, of the sites whose sign-ins are accepted; or a function that returns `true` for them. */
  domains: Domains
  /**
   * Resources that the capability must cover, at least one: a list for all tokens, or a function of the claims. `false` accepts a
   * capability for anything: use it only where it is enough to know who is calling.
   */
  resources: WantedResources | OfClaims<WantedResources>
  /** The ability that the capability must grant with a resource (ReCap): one for all tokens, or a function of the claims. */
  ability?: Ability | OfClaims<Ability>
  /** Accepts capabilities that a session key delegated, up to so many links. Refused by default. */
  delegation?: DelegationOptions | false
  /**
   * Remembers used tokens, so that each is accepted once; it may be the store of the signed requests. Without one, or with `false`, a
   * token is accepted until it expires, so that whoever has seen it can use it too.
   */
  replay?: ReplayStore | false
  /** Says which capabilities were revoked. */
  revocation?: Revocation
  /** Seconds that a token may be old; 3600 by default, the longest that a session signs one for. */
  maxAgeSecs?: number
  /** Seconds by which a client's clock may be fast or slow; 300 by default. Tokens are accepted for so much longer. */
  clockSkewSecs?: number
  /** Milliseconds that the replay and the revocation store may take to answer; 2000 by default. */
  storeTimeoutMs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
  /** Verifies the signatures of session keys; by default as `node:crypto` does where there is one, or else WebCrypto. */
  verifyKeySignature?: VerifyKeySignature
}

/** The options of `tokenVerifier`: those of `verifyToken`, and what is remembered between tokens. */
export interface TokenVerifierOptions extends VerifyTokenOptions {
  /** Capabilities whose wallet signature is not verified again; 10,000 by default, 0 to verify it each time. */
  cacheSize?: number
  /**
   * Tokens of one capability that may be remembered against replay at a time; 100,000 by default. More are refused
   * (`ERR_REQUEST_LIMIT`), so that one caller can't fill the store for all.
   */
  maxLiveTokens?: number
}

/** Who sent a token, under which capability, and what it says. */
export interface VerifiedToken extends Caller {
  /** Which of the accepted audiences it is for. */
  readonly audience: string
  /** What the session says in it; `{}` if nothing. It is the session's word: nobody else has checked it. */
  readonly claims: TokenClaims
  /** The token's own id (`jti`), of which no two tokens have the same. */
  readonly tokenId: string
  /** When it was made, by the client's clock. */
  readonly created: Date
  /** When the token expires by the client's clock. What was opened with it may go on, `untilSessionEnds`. */
  readonly expires: Date
}

/**
 * Verifies a token of `session.createToken`: its form, its audience and its time; the session key's signature; that the capability was
 * granted to that key, on an accepted domain, and covers the resources; that it was not revoked; and last, if there is a `replay` store,
 * that the token is used for the first time. For more than one token use `tokenVerifier`, which remembers what it has verified.
 *
 * Rejects with `ERR_JWS_INVALID` for what is no such token, or one for another audience; with `ERR_REQUEST_STALE`, `_REPLAYED` or
 * `_LIMIT`; with the `ERR_CAPABILITY_…` of the check that failed; with `ERR_STORE_UNAVAILABLE` if a store doesn't answer; and with
 * `ERR_RPC_UNAVAILABLE` if the chain of a contract account doesn't. A wrong option is a `TypeError`.
 *
 * @example
 * const { account, claims } = await verifyToken(token, {
 *   audience: 'wss://api.example.com/live',
 *   verifiers: ethereumVerifiers(),
 *   domains: ['app.example.com'],
 *   resources: ['https://api.example.com/live'],
 *   replay, // one for all calls, such as memoryReplay(): each token is good for one socket
 * })
 */
export async function verifyToken(token: unknown, options: VerifyTokenOptions): Promise<VerifiedToken> {
  return verifierOf({ ...readOptions(options, TOKEN_OPTIONS), cacheSize: 0, maxLiveTokens: undefined })(token)
}

/**
 * A `verifyToken` for servers. It remembers which capabilities it has verified, so that the next token of a session costs one
 * signature check. What can change (expiry, domain, resources, revocation, what a contract account accepts) is checked for each token.
 *
 * @example
 * const verify = tokenVerifier({ ...options, audience: 'wss://api.example.com/live', replay: memoryReplay() })
 * const caller = await verify(token)
 */
export function tokenVerifier(options: TokenVerifierOptions): (token: unknown) => Promise<VerifiedToken> {
  return verifierOf(readOptions(options, VERIFIER_OPTIONS))
}

function verifierOf(settings: GivenOptions): (token: unknown) => Promise<VerifiedToken> {
  const {
    audience: audiences,
    resources,
    ability,
    delegation = false,
    replay = false,
    maxAgeSecs = SIGNATURE_LIFETIME_SECS,
    clockSkewSecs = DEFAULT_CLOCK_SKEW_SECS,
    storeTimeoutMs = 2000,
    now = systemClock,
    verifyKeySignature: isKeySigned = verifyKeySignature,
    cacheSize = 10_000,
    maxLiveTokens = 100_000,
  } = settings
  const askStore = storeAsker(storeTimeoutMs)
  const gate = capabilityGate({ ...settings, delegation, clockSkewSecs, cacheSize, askStore })
  const live = new LiveRequests(maxLiveTokens)
  // A replay store forgets tokens that have expired. If the clock is set back after that, they must not be new again.
  const replayClock = replay ? latestTime(now) : now

  return async (received) => {
    const time = now()
    const times = { now: time, maxAge: maxAgeSecs * 1000, clockSkew: clockSkewSecs * 1000 }
    const token = readToken(received, 'token', times)
    const { audience, claims, created, expires, refusedFrom } = token
    if (!audiences.includes(audience))
      throw tokenRefused(
        'ERR_JWS_INVALID',
        `it is for the audience ${shown(audience)}, and the option \`audience\` accepts ${audiences.map(shown).join(', ')}`,
      )
    if (!(await token.isSigned(isKeySigned)))
      throw tokenRefused('ERR_JWS_INVALID', 'its signature is not valid for its key')
    const { caller, identity } = await gate.admit(token.capability, time, async (cacao) => {
      const wanted = await requiredBy(resources, claims, wantedResources, 'resources')
      if (wanted) assertResources(cacao, wanted)
      if (ability) assertAbility(cacao, await requiredBy(ability, claims, givenAbility, 'ability'))
    })
    if (token.issuer !== caller.id)
      throw tokenRefused('ERR_JWS_INVALID', 'its iss must be the account that granted its capability')

    const takeBack = replay && live.reserve(identity, refusedFrom, now())
    if (replay && !takeBack)
      throw tokenRefused(
        'ERR_REQUEST_LIMIT',
        'too many tokens of its capability are remembered: wait until some of them have expired',
      )
    try {
      await gate.assertNotRevoked(caller.cacao)
      // Checked again, because the stores and the chain of a contract account may have taken long to answer.
      assertValidAt(caller.cacao, now(), clockSkewSecs)
      if (!(replayClock() < refusedFrom))
        throw tokenRefused('ERR_REQUEST_STALE', 'it expired while it was verified: make a new one')
      // Begins with a word, as no id of a signed request does, so that both can share a store.
      const id = `token ${caller.keyDID} ${token.id}`
      if (replay && !(await askStore(() => replay.use(id, refusedFrom))))
        throw tokenRefused('ERR_REQUEST_REPLAYED', 'it was used before: make a new one for each use')
      // Advances it to the time up to which the store may have forgotten tokens.
      replayClock()
    } catch (error) {
      if (takeBack) takeBack()
      throw error
    }
    return {
      ...caller,
      audience,
      claims,
      tokenId: token.id,
      created: new Date(created),
      expires: new Date(expires),
    }
  }
}

// An audience comes from outside, and may be as long as a token.
const MOST_SHOWN = 200

function shown(audience: string): string {
  return JSON.stringify(audience.length > MOST_SHOWN ? `${audience.slice(0, MOST_SHOWN)}…` : audience)
}

const wantedResources: ReadValue<WantedResources> = (value, name) =>
  value === false ? false : givenResources(value, name)

/** What is required of a token with these claims. Throws a `TypeError` if the server's function gives something else. */
async function requiredBy<T>(
  required: T | OfClaims<T>,
  claims: TokenClaims,
  read: ReadValue<T>,
  name: string,
): Promise<T> {
  if (typeof required !== 'function') return required
  return read(await (required as OfClaims<T>)(claims), `what the function ${name} gives`)
}

type Given<T> = {
  [K in keyof Required<T>]: K extends 'audience'
    ? readonly string[]
    : undefined extends T[K & keyof T]
      ? T[K & keyof T] | undefined
      : T[K & keyof T]
}
type GivenOptions = Given<TokenVerifierOptions>

const audienceOption: ReadValue<readonly string[]> = (value, name) => {
  const form = 'what clients make tokens for, "wss://api.example.com/live", or a list of such texts'
  const list = textsOption(form)(typeof value === 'string' ? [value] : value, name)
  if (list.length > 0) return list
  throw wrong(name, form)
}

const TOKEN_OPTIONS: OptionReaders<Given<VerifyTokenOptions>> = {
  audience: required(audienceOption),
  verifiers: required(verifiersOption),
  domains: required(domainsOption),
  resources: required(requiredResourcesOption as ReadValue<VerifyTokenOptions['resources']>),
  ability: check(requiredAbilityOption as ReadValue<Ability | OfClaims<Ability>>),
  delegation: check(delegationOption),
  replay: check(replayOption),
  revocation: check(revocationOption),
  maxAgeSecs: setting(maxAgeOption),
  clockSkewSecs: setting(quantityOption),
  storeTimeoutMs: setting(quantityOption),
  now: setting(clockOption),
  verifyKeySignature: setting(
    functionOption<VerifyKeySignature>(
      'a function of a public key, a signature and the data that gives true or false',
    ),
  ),
}

const VERIFIER_OPTIONS: OptionReaders<GivenOptions> = {
  ...TOKEN_OPTIONS,
  cacheSize: setting(quantityOption),
  maxLiveTokens: setting(quantityOption),
}
