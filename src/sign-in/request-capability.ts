import { abortable, abortReason, throwIfAborted } from '../base/abort.js'
import { parseAccount } from '../base/account.js'
import { systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { assertAudience, assertIssuer, assertNonce } from '../capability/assertions.js'
import { type AuthMethod, type AuthMethodOpts, authError } from '../capability/auth-method.js'
import {
  assertValidAt,
  type Cacao,
  DEFAULT_CLOCK_SKEW_SECS,
  expiryTime,
  parentOf,
  parseDateTime,
  rootOf,
} from '../capability/cacao.js'
import { parseCacao } from '../capability/parse-cacao.js'
import {
  abilitiesOf,
  fromRecap,
  recapStatement,
  toRecap,
  unionOfGrants,
  withoutRecapStatement,
} from '../capability/recap.js'
import { isRecap } from '../capability/resources.js'
import { resourcesArgument } from '../options/read-options.js'
import type { AuthorizeOptions, GrantOptions } from '../options/session-options.js'
import type { Trust } from '../resume/context.js'
import { assertTrusted } from '../resume/trust.js'

const ONE_WEEK_SECS = 7 * 24 * 60 * 60
// The last year that RFC 3339 can write.
const LAST_INSTANT = Date.UTC(9999, 11, 31)

/** What the wallet is asked to sign, apart from the session key: checked, and copied from the caller's options. */
export interface CapabilityRequest {
  readonly resources: readonly string[]
  readonly opts: AuthMethodOpts
  /** Whether the caller chose the expiry; otherwise it is our default. */
  readonly isTimed: boolean
  readonly nonce?: GrantOptions['nonce']
}

/** The requested resources, with the abilities as a ReCap at the end. Throws a `TypeError` if they have the wrong form. */
export function askedResources({
  resources = [],
  abilities,
}: Pick<GrantOptions, 'resources' | 'abilities'>): string[] {
  const given = resourcesArgument(resources)
  // It could neither be granted nor be put together with another ReCap.
  if (given.some((resource) => isRecap(resource) && !fromRecap(resource)))
    throw new TypeError('resources contains a malformed ReCap (ERC-5573), which grants nothing: leave it out')
  return unionOfGrants(given, abilities === undefined ? [] : [toRecap(abilities)])
}

/** The statement, ending with the sentence of the ReCap (ERC-5573) if there is one. A sentence of an earlier ReCap is removed. */
export function statementFor(resources: readonly string[], words: string | undefined): string | undefined {
  const own = words === undefined ? undefined : withoutRecapStatement(words)
  const abilities = fromRecap(resources.at(-1) ?? '')
  return abilities ? recapStatement(abilities, own || undefined) : words
}

/** Turns the caller's options into what the wallet is asked to sign. Throws a `TypeError` that names a wrong option. */
export function capabilityRequest(
  options: GrantOptions & { now?: AuthorizeOptions['now']; isTimed?: boolean },
  account?: string,
): CapabilityRequest {
  const now = (options.now ?? systemClock)()
  const resources = askedResources(options)
  if (resources.length === 0)
    throw new TypeError(
      'resources or abilities must name at least one thing that the session may do: { resources: ["https://api.example.com/notes/*"] }',
    )
  const parts = account === undefined ? undefined : parseAccount(account)
  // A did:key is an address by itself, without a chain.
  const asked = parts ? { address: parts.address, chainId: parts.reference } : account && { address: account }
  const { domain, nonce, requestId } = options
  const statement = statementFor(resources, options.statement)
  if (nonce !== undefined && typeof nonce !== 'string' && typeof nonce !== 'function')
    throw new TypeError('nonce must be a string, or a function that returns one')
  const opts: AuthMethodOpts = {
    ...(domain !== undefined && { domain }),
    ...(statement !== undefined && { statement }),
    ...(requestId !== undefined && { requestId }),
    ...asked,
    issuedAt: new Date(now).toISOString(),
    expirationTime: expirationTime(options, now),
    resources,
  }
  return {
    resources,
    opts,
    isTimed: options.isTimed ?? namesTime(options),
    ...(nonce !== undefined && { nonce }),
  }
}

/**
 * Asks the auth method for a capability, and checks the answer before it is used: its form, account, key, nonce, everything else
 * that was requested, and the caller's own checks. Rejects with `ERR_AUTH_…` if the wallet returned no capability, and with
 * `ERR_CAPABILITY_…` if it returned a different one from the one requested.
 */
export async function requestCapability(
  authMethod: AuthMethod,
  audience: string,
  { resources, opts, isTimed, nonce: wantedNonce }: CapabilityRequest,
  {
    account,
    checks,
    now = systemClock,
    signal,
  }: Pick<AuthorizeOptions, 'now' | 'signal'> & { account?: string; checks: Trust },
): Promise<Cacao> {
  if (typeof authMethod !== 'function')
    throw new TypeError('authMethod must be a function, such as the one that ethereumAuth(provider) returns')
  const nonce = await abortable(nonceOf(wantedNonce), signal)
  // Auth methods of the did-session family write into their argument, so each call gets a copy.
  const ask = async (): Promise<unknown> =>
    authMethod({ ...opts, ...(nonce !== undefined && { nonce }), resources: [...resources], uri: audience })
  const answer = await abortable(ask(), signal).catch((cause: unknown) => {
    throw signal?.aborted ? abortReason(signal) : authError(cause)
  })
  if (typeof answer !== 'object' || answer === null) {
    throw new SessionError('ERR_AUTH_FAILED', 'the auth method returned no capability')
  }
  const cacao = parseCacao(answer)
  if (account !== undefined) assertIssuer(cacao, account)
  assertAudience(cacao, audience)
  if (nonce !== undefined) assertNonce(cacao, nonce)
  assertValidAt(cacao, now())
  assertAnswered(cacao, { resources, opts, isTimed }, now())
  abilitiesOf(cacao.p)
  await assertTrusted(cacao, checks, now())
  throwIfAborted(signal)
  return cacao
}

/**
 * Throws unless the capability is the requested one. It must have the same domain (`ERR_CAPABILITY_DOMAIN`), the same resources
 * (`ERR_CAPABILITY_RESOURCES`), the same statement and request id, no later expiry, no older date and no later start
 * (`ERR_CAPABILITY_INVALID`). It may expire earlier. A delegated capability has a statement and a request id of its own, and
 * expires with its parent if the caller chose no expiry.
 */
function assertAnswered(cacao: Cacao, { opts, isTimed }: CapabilityRequest, now: number): void {
  const { domain, statement, requestId, resources = [], issuedAt = '', expirationTime = '' } = opts
  const { p } = cacao
  const isDelegated = parentOf(cacao) !== undefined
  const [iat = Number.NaN, askedAt = Number.NaN] = [parseDateTime(p.iat), parseDateTime(issuedAt)]
  // The wallet may run on another machine, whose clock differs, and the person may have taken long to answer.
  const skewMs = DEFAULT_CLOCK_SKEW_SECS * 1000
  if (!(iat >= askedAt - skewMs && iat <= now + skewMs))
    throw answered('INVALID', `is dated ${p.iat}, but was requested at ${issuedAt}`)
  // A later start is never requested. Some auth methods write the time of the request into `nbf`.
  if (p.nbf !== undefined && !((parseDateTime(p.nbf) ?? Number.NaN) <= Math.max(iat, now)))
    throw answered('INVALID', `is valid only from ${p.nbf} on`)
  // A key that delegates adds the requested lifetime to its own clock.
  const latest = (parseDateTime(expirationTime) ?? Number.NaN) + (isDelegated ? skewMs : 0)
  if ((isTimed || !isDelegated) && !(expiryTime(cacao) <= latest))
    throw answered('INVALID', `expires ${p.exp ? `at ${p.exp}` : 'never'} instead of at ${expirationTime}`)
  if (domain !== undefined && rootOf(cacao).p.domain !== domain)
    throw answered('DOMAIN', `is for ${rootOf(cacao).p.domain}, not for ${domain}`)
  if (!areSame(p.resources ?? [], resources)) throw answered('RESOURCES', 'has different resources')
  if (isDelegated) return
  // An authenticator shows no text, so the passkey methods of the did-session family leave the statement out.
  const mayLackStatement = p.statement === undefined && cacao.s.t.startsWith('webauthn:')
  if (statement !== undefined && p.statement !== statement && !mayLackStatement)
    throw answered('INVALID', 'has a different statement')
  if (requestId !== undefined && p.requestId !== requestId)
    throw answered('INVALID', 'has a different requestId')
}

function answered(code: 'DOMAIN' | 'INVALID' | 'RESOURCES', difference: string): SessionError {
  return new SessionError(
    `ERR_CAPABILITY_${code}`,
    `the auth method returned a capability that was not requested: it ${difference}`,
  )
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  const wanted = new Set(others)
  return wanted.size === new Set(some).size && some.every((resource) => wanted.has(resource))
}

/** Whether the options say when the session expires. */
export function namesTime({ expiresInSecs, expirationTime }: GrantOptions): boolean {
  return expiresInSecs !== undefined || expirationTime !== undefined
}

/** The requested lifetime in seconds, one week by default; `Infinity` if an `expirationTime` is requested instead. */
export function lifetimeSecs({ expiresInSecs, expirationTime }: GrantOptions): number {
  return expiresInSecs ?? (expirationTime === undefined ? ONE_WEEK_SECS : Number.POSITIVE_INFINITY)
}

/** The nonce of the option, if there is one. Rejects with `ERR_AUTH_FAILED` if its function fails or returns no string. */
export async function nonceOf(wanted: GrantOptions['nonce']): Promise<string | undefined> {
  if (typeof wanted !== 'function') return wanted
  try {
    const nonce: unknown = await wanted()
    if (typeof nonce === 'string') return nonce
  } catch (cause) {
    throw new SessionError('ERR_AUTH_FAILED', 'the nonce for signing in could not be fetched: try again', {
      cause,
    })
  }
  throw new SessionError('ERR_AUTH_FAILED', 'the function given as nonce returned no string')
}

function expirationTime(options: GrantOptions, now: number): string {
  const { expiresInSecs, expirationTime } = options
  if (expirationTime !== undefined && expiresInSecs === undefined) {
    const time = typeof expirationTime === 'string' ? parseDateTime(expirationTime) : undefined
    if (time === undefined || time <= now)
      throw new TypeError('expirationTime must be an RFC 3339 date-time in the future')
    return expirationTime
  }
  const secs = lifetimeSecs(options)
  const time = now + secs * 1000
  if (typeof secs !== 'number' || !(secs > 0) || !(time <= LAST_INSTANT)) {
    throw new TypeError('expiresInSecs must be a positive finite number of seconds')
  }
  return new Date(time).toISOString()
}
