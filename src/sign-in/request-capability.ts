import { abortable } from '../base/abort.js'
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
import { resourcesArgument } from '../options/read-options.js'
import type { AuthorizeOptions, GrantOptions } from '../options/session-options.js'
import type { Trust } from '../resume/context.js'
import { assertTrusted } from '../resume/trust.js'

const ONE_WEEK_SECS = 7 * 24 * 60 * 60
// The last year that RFC 3339 can write.
const LAST_INSTANT = Date.UTC(9999, 11, 31)

/** What the wallet is asked for, apart from the key: checked, and copied from the caller's options. */
export interface CapabilityRequest {
  readonly resources: readonly string[]
  readonly opts: AuthMethodOpts
  /** Whether the caller named the time, rather than left it to us. */
  readonly isTimed: boolean
  readonly nonce?: GrantOptions['nonce']
}

/** The resources that are asked for, with the abilities as a ReCap at the end. Throws a `TypeError` if they are none. */
export function askedResources({
  resources = [],
  abilities,
}: Pick<GrantOptions, 'resources' | 'abilities'>): string[] {
  return unionOfGrants(resourcesArgument(resources), abilities === undefined ? [] : [toRecap(abilities)])
}

/** The statement with the text of the ReCap (ERC-5573) at its end, if there is one. It replaces that of another ReCap. */
export function statementFor(resources: readonly string[], words: string | undefined): string | undefined {
  const own = words === undefined ? undefined : withoutRecapStatement(words)
  const abilities = fromRecap(resources.at(-1) ?? '')
  return abilities ? recapStatement(abilities, own || undefined) : words
}

/** What the caller's options ask of the wallet. Throws a `TypeError` that names the wrong one. */
export function capabilityRequest(
  options: GrantOptions & { now?: AuthorizeOptions['now']; isTimed?: boolean },
  account?: string,
): CapabilityRequest {
  const now = (options.now ?? systemClock)()
  const resources = askedResources(options)
  if (resources.length === 0)
    throw new TypeError('resources or abilities must name at least one thing that the session may do')
  const parts = account === undefined ? undefined : parseAccount(account)
  // A did:key is its own address, and on no chain.
  const asked = parts ? { address: parts.address, chainId: parts.reference } : account && { address: account }
  const { domain, nonce, requestId } = options
  const statement = statementFor(resources, options.statement)
  if (nonce !== undefined && typeof nonce !== 'string' && typeof nonce !== 'function')
    throw new TypeError('nonce must be a string, or a function that gives one')
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
 * Asks the auth method for a capability, and checks its answer before anyone relies on it: that it is well-formed, the
 * account, the key, the nonce, everything else that was asked, and what the caller trusts. Rejects with `ERR_AUTH_…` if the
 * wallet gave none, and with `ERR_CAPABILITY_…` if it gave another one.
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
    throw new TypeError('authMethod must be a function, such as ethereumAuth(provider) gives')
  const nonce = await abortable(nonceOf(wantedNonce), signal)
  // A copy for each call: auth methods of the did-session family write into it.
  const ask = async (): Promise<unknown> =>
    authMethod({ ...opts, ...(nonce !== undefined && { nonce }), resources: [...resources], uri: audience })
  const answer = await abortable(ask(), signal).catch((cause: unknown) => {
    throw signal?.aborted ? signal.reason : authError(cause)
  })
  if (typeof answer !== 'object' || answer === null) {
    throw new SessionError('ERR_AUTH_FAILED', 'the auth method gave no capability')
  }
  const cacao = parseCacao(answer)
  if (account !== undefined) assertIssuer(cacao, account)
  assertAudience(cacao, audience)
  if (nonce !== undefined) assertNonce(cacao, nonce)
  assertValidAt(cacao, now())
  assertAnswered(cacao, { resources, opts, isTimed }, now())
  abilitiesOf(cacao.p)
  await assertTrusted(cacao, checks, now())
  signal?.throwIfAborted()
  return cacao
}

/**
 * Throws unless the capability is what the auth method was asked for: for the same site (`ERR_CAPABILITY_DOMAIN`) and the same
 * resources (`ERR_CAPABILITY_RESOURCES`), and with no later expiry, no older date, no later start, the same statement and the
 * same request id (`ERR_CAPABILITY_INVALID`). It may expire earlier. A delegated capability has a statement and a request id
 * of its own, and expires with its parent if the caller named no time.
 */
function assertAnswered(cacao: Cacao, { opts, isTimed }: CapabilityRequest, now: number): void {
  const { domain, statement, requestId, resources = [], issuedAt = '', expirationTime = '' } = opts
  const { p } = cacao
  const isDelegated = parentOf(cacao) !== undefined
  const [iat = Number.NaN, askedAt = Number.NaN] = [parseDateTime(p.iat), parseDateTime(issuedAt)]
  // The clock of the wallet's machine may differ, and the person may have taken long to answer.
  const skewMs = DEFAULT_CLOCK_SKEW_SECS * 1000
  if (!(iat >= askedAt - skewMs && iat <= now + skewMs))
    throw answered('INVALID', `is dated ${p.iat}, and it was asked at ${issuedAt}`)
  // Nobody asks for a later start. Some auth methods write the time at which they ask.
  if (p.nbf !== undefined && !((parseDateTime(p.nbf) ?? Number.NaN) <= Math.max(iat, now)))
    throw answered('INVALID', `counts only from ${p.nbf} on`)
  // The key that delegates for the time that was asked counts from its own clock.
  const latest = (parseDateTime(expirationTime) ?? Number.NaN) + (isDelegated ? skewMs : 0)
  if ((isTimed || !isDelegated) && !(expiryTime(cacao) <= latest))
    throw answered('INVALID', `ends at ${p.exp ?? 'no time'}, later than ${expirationTime}`)
  if (domain !== undefined && rootOf(cacao).p.domain !== domain)
    throw answered('DOMAIN', `is for ${rootOf(cacao).p.domain}, not for ${domain}`)
  if (!areSame(p.resources ?? [], resources))
    throw answered('RESOURCES', 'names other resources than those that were asked for')
  if (isDelegated) return
  // Authenticators show no text, so the passkey methods of the did-session family leave the statement out.
  const isWordless = p.statement === undefined && cacao.s.t.startsWith('webauthn:')
  if (statement !== undefined && p.statement !== statement && !isWordless)
    throw answered('INVALID', 'says other words than those that were asked for')
  if (requestId !== undefined && p.requestId !== requestId)
    throw answered('INVALID', 'has another requestId than the one that was asked for')
}

function answered(code: 'DOMAIN' | 'INVALID' | 'RESOURCES', how: string): SessionError {
  return new SessionError(
    `ERR_CAPABILITY_${code}`,
    `the auth method answered another capability than it was asked for: it ${how}`,
  )
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  const wanted = new Set(others)
  return wanted.size === new Set(some).size && some.every((resource) => wanted.has(resource))
}

/** Whether the options say when the session ends. */
export function namesTime({ expiresInSecs, expirationTime }: GrantOptions): boolean {
  return expiresInSecs !== undefined || expirationTime !== undefined
}

/** Seconds for which a session is asked, by the caller or by default; `Infinity` if it is asked until a given time. */
export function lifetimeSecs({ expiresInSecs, expirationTime }: GrantOptions): number {
  return expiresInSecs ?? (expirationTime === undefined ? ONE_WEEK_SECS : Number.POSITIVE_INFINITY)
}

async function nonceOf(wanted: GrantOptions['nonce']): Promise<string | undefined> {
  if (typeof wanted !== 'function') return wanted
  try {
    const nonce: unknown = await wanted()
    if (typeof nonce === 'string') return nonce
  } catch (cause) {
    throw new SessionError('ERR_AUTH_FAILED', 'no nonce could be had for signing in: try again', { cause })
  }
  throw new SessionError('ERR_AUTH_FAILED', 'the nonce option gave no string')
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
