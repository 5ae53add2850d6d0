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
import { LiveRequests } from '../http/caller-limits.js'
import { type Caller, capabilityGate, storeAsker } from '../http/capability-gate.js'
import { type ReplayStore, replayOption } from '../http/replay.js'
import { requiredAbilityOption, requiredResourcesOption, type WantedResources } from '../http/requirements.js'
import { readToken, type TokenClaims, tokenRefused } from '../http/session-token.js'
import { SIGNATURE_LIFETIME_SECS } from '../http/signature-profile.js'
import { maxAgeOption } from '../http/verify-options.js'
import { type VerifyKeySignature, verifyKeySignature } from '../key/verify.js'

/**
 * A function that returns what is required of a token with these claims. The capability must cover the result, so a
 * claim can select among granted rights, but never add any.
 */
export type OfClaims<T> = (claims: TokenClaims) => T | Promise<T>

/** The checks that a token must pass. */
export interface VerifyTokenOptions {
  /** The exact `audience` for which clients create tokens, or a list of accepted audiences. */
  audience: string | readonly string[]
  /** The verifiers of the wallet entries: `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /**
   * The domains, with their ports, of the sites whose sign-ins are accepted; or a function that returns `true` for
   * them.
   */
  domains: Domains
  /**
   * Resources that the capability must cover, at least one: a list for all tokens, or a function of the claims. `false`
   * accepts a capability for any resources: use it only where it is enough to know who is calling.
   */
  resources: WantedResources | OfClaims<WantedResources>
  /**
   * The ability that the capability must grant with a resource (ReCap): one for all tokens, or a function of the
   * claims.
   */
  ability?: Ability | OfClaims<Ability>
  /** Accepts capabilities that a session key delegated, up to `maxLinks`. They are refused by default. */
  delegation?: DelegationOptions | false
  /**
   * Remembers used tokens, so that each is accepted once. It may be the same store as for signed requests. By default,
   * and with `false`, a token is accepted until it expires, so anyone who has seen it can use it too.
   */
  replay?: ReplayStore | false
  /** Knows which capabilities were revoked. By default, revocation is not checked. */
  revocation?: Revocation
  /** The longest age of a token in seconds; 3600 by default, which is also the longest lifetime of a token. */
  maxAgeSecs?: number
  /**
   * Seconds by which a client's clock may be fast or slow; 300 by default. Tokens are accepted for that much longer.
   */
  clockSkewSecs?: number
  /** Milliseconds within which the replay and the revocation store must answer; 2000 by default. */
  storeTimeoutMs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
  /** Verifies the signatures of session keys; by default `node:crypto` does, where it exists, or else WebCrypto. */
  verifyKeySignature?: VerifyKeySignature
}

/** The options of `tokenVerifier`: those of `verifyToken`, and the limits of what is remembered between tokens. */
export interface TokenVerifierOptions extends VerifyTokenOptions {
  /**
   * The most capabilities whose verified wallet signature is cached; 10,000 by default. With 0, it is verified each
   * time.
   */
  cacheSize?: number
  /**
   * The most unexpired tokens of one capability in the replay store; 100,000 by default. Further tokens are refused
   * with `ERR_REQUEST_LIMIT`, so that one caller can't fill the store.
   */
  maxLiveTokens?: number
}

/** The result of verifying a token: who created it, under which capability, and with which claims. */
export interface VerifiedToken extends Caller {
  /** The audience of the token, which is one of the accepted audiences. */
  readonly audience: string
  /** The claims in the token; `{}` if it has none. The session made them, and nothing proves that they are true. */
  readonly claims: TokenClaims
  /** The unique id of the token (`jti`). */
  readonly tokenId: string
  /** When the token was created, by the client's clock. */
  readonly created: Date
  /**
   * When the token expires, by the client's clock. A socket that was opened with it may stay open: see
   * `untilSessionEnds`.
   */
  readonly expires: Date
}

/**
 * Verifies a token of `session.createToken`. It checks the token's form, audience and times; the session key's
 * signature; that the capability was granted to that key, on an accepted domain, and covers the resources; that the
 * capability was not revoked; and last, if there is a `replay` store, that the token is used for the first time. For
 * more than one token, use `tokenVerifier`, which caches verified capabilities.
 *
 * Rejects with `ERR_JWS_INVALID` if this is not such a token, or if it is for another audience; with
 * `ERR_REQUEST_STALE`, `_REPLAYED` or `_LIMIT`; with the `ERR_CAPABILITY_…` of the check that failed; with
 * `ERR_STORE_UNAVAILABLE` if a store doesn't answer; with `ERR_RPC_UNAVAILABLE` if the RPC server for a contract
 * account doesn't answer; and with a `TypeError` for a wrong option.
 *
 * @example
 * const { account, claims } = await verifyToken(token, {
 *   audience: 'wss://api.example.com/live',
 *   verifiers: ethereumVerifiers(),
 *   domains: ['app.example.com'],
 *   resources: ['https://api.example.com/live'],
 *   replay, // one store for all calls, such as memoryReplay(): each token opens one socket
 * })
 */
export async function verifyToken(token: unknown, options: VerifyTokenOptions): Promise<VerifiedToken> {
  return verifierOf({ ...readOptions(options, TOKEN_OPTIONS), cacheSize: 0, maxLiveTokens: undefined })(token)
}

/**
 * Returns a `verifyToken` for servers. It caches verified capabilities, so that the next token of a session costs only
 * one signature check. Everything that can change (expiry, domain, resources, revocation, what a contract account
 * accepts) is checked for each token. Throws a `TypeError` for wrong options.
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
  // A replay store forgets expired tokens. If the clock is set back, they must not be accepted as new.
  const replayClock = replay ? latestTime(now) : now

  return async (received) => {
    const time = now()
    const times = { now: time, maxAge: maxAgeSecs * 1000, clockSkew: clockSkewSecs * 1000 }
    const token = readToken(received, 'token', times)
    const { audience, claims, created, expires, refusedFrom } = token
    if (!audiences.includes(audience))
      throw tokenRefused(
        'ERR_JWS_INVALID',
        `it is for the audience ${shown(audience)}, but the option \`audience\` accepts only ${audiences.map(shown).join(', ')}`,
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

    const uncount = replay && live.reserve(identity, refusedFrom, now())
    if (replay && !uncount)
      throw tokenRefused(
        'ERR_REQUEST_LIMIT',
        'its capability has too many tokens that have not expired yet: wait until some of them have expired',
      )
    try {
      await gate.assertNotRevoked(caller.cacao)
      // Checked again, because the capability may have expired while the store or the RPC server answered.
      assertValidAt(caller.cacao, now(), clockSkewSecs)
      if (!(replayClock() < refusedFrom))
        throw tokenRefused('ERR_REQUEST_STALE', 'it expired while it was verified: create a new token')
      // No id of a signed request begins with "token", so requests and tokens can share a store.
      const id = `token ${caller.keyDID} ${token.id}`
      if (replay && !(await askStore(() => replay.use(id, refusedFrom))))
        throw tokenRefused('ERR_REQUEST_REPLAYED', 'it was used before: create a new token for each use')
      // Advances this clock, because the store may by now have forgotten tokens up to the present time.
      replayClock()
    } catch (error) {
      if (uncount) uncount()
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

// The audience of a token is untrusted, and may be as long as the token.
const MOST_SHOWN = 200

function shown(audience: string): string {
  return JSON.stringify(audience.length > MOST_SHOWN ? `${audience.slice(0, MOST_SHOWN)}…` : audience)
}

const wantedResources: ReadValue<WantedResources> = (value, name) =>
  value === false ? false : givenResources(value, name)

/**
 * What is required of a token with these claims. Rejects with a `TypeError` if the server's function returns a wrong
 * value.
 */
async function requiredBy<T>(
  required: T | OfClaims<T>,
  claims: TokenClaims,
  read: ReadValue<T>,
  name: string,
): Promise<T> {
  if (typeof required !== 'function') return required
  return read(await (required as OfClaims<T>)(claims), `the return value of the function ${name}`)
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
  const form =
    'the audience that clients pass to createToken, "wss://api.example.com/live", or a list of audiences'
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
      'a function of a public key, a signature and the data that returns true or false',
    ),
  ),
}

const VERIFIER_OPTIONS: OptionReaders<GivenOptions> = {
  ...TOKEN_OPTIONS,
  cacheSize: setting(quantityOption),
  maxLiveTokens: setting(quantityOption),
}
