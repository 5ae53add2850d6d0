import { type Clock, systemClock } from '../base/clock.js'
import { SessionError } from '../base/errors.js'
import { Recent } from '../base/recent.js'
import { within } from '../base/timeout.js'
import { type Cacao, issuerAccount } from '../capability/cacao.js'
import { assertValidAt, DEFAULT_CLOCK_SKEW_SECS } from '../capability/validity.js'
import { assertAudience, assertDomain, assertResources } from '../capability/verify-cacao.js'
import { type Verifiers, verifySignature } from '../capability/verify-signature.js'
import { type VerifyKeySignature, verifyKeySignature } from '../key/verify.js'
import { isDigestOf } from './content-digest.js'
import { type IncomingRequest, incomingRequest } from './incoming.js'
import { MAX_AGE_SECS } from './profile.js'
import { memoryReplay, type ReplayStore } from './replay.js'
import type { RevocationStore } from './revocation.js'
import { parseToken, tokenOf } from './token.js'
import { type MessageSignature, refused, verifyMessageSignature } from './verify-signature.js'

/** What a signed request must be to be accepted. `R` is the server's own kind of request. */
export interface VerifyRequestOptions<R = Request> {
  /** What the wallet entries give: `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /**
   * The host, with its port unless that is the scheme's own, by which clients reach this server: `api.example.com`.
   * Several if it has several names. Never taken from the request, whose sender could write anything there.
   */
  authority: string | readonly string[]
  /** The domains, with their ports, of the sites whose sign-ins are accepted. */
  domains: readonly string[]
  /** Resources that the capability must cover, for every request or for each. */
  resources?: readonly string[] | ((request: R) => readonly string[] | Promise<readonly string[]>)
  /** Where used requests are remembered. Without it, a captured request can be sent again until it expires. */
  replay?: ReplayStore | false
  /** Which capabilities were revoked. */
  revocation?: Pick<RevocationStore, 'isRevoked'>
  /** Seconds that a request may be old, and that it may be valid for; 60 by default. */
  maxAgeSecs?: number
  /** Seconds by which a client's clock may run ahead; 300 by default. */
  clockSkewSecs?: number
  /** Bytes that a body may have; 1,048,576 by default. */
  maxBodyBytes?: number
  /** Milliseconds that the replay and the revocation store may take; 2000 by default. */
  storeTimeoutMs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
  /** What verifies a session key's signature; WebCrypto by default. On Node, `verifyWithNodeCrypto` is faster. */
  verifyKeySignature?: VerifyKeySignature
}

/** `requestVerifier`. */
export interface RequestVerifierOptions<R = Request> extends VerifyRequestOptions<R> {
  /** Where used requests are remembered; this process's memory by default. `false` only where a second time does no harm. */
  replay?: ReplayStore | false
  /** Capabilities whose wallet signature needn't be checked anew; 10,000 by default, 0 to check each time. */
  cacheSize?: number
}

/** Who is calling, and under which capability. */
export interface VerifiedRequest {
  /** The account that it speaks for: a CAIP-10 id, or a did:key. */
  readonly account: string
  /** The session key that signed it. */
  readonly keyDID: string
  /** What the capability allows. */
  readonly resources: readonly string[]
  readonly cacao: Cacao
  /** When it was signed. */
  readonly created: Date
  /** When its signature ends. */
  readonly expires: Date
}

// A longer token is verified each time, so that the cache stays within about 80 MB whatever clients send.
const MAX_CACHED_TOKEN = 8192
const DEFAULT_BODY_BYTES = 1_048_576

/**
 * Verifies a request that a session signed (RFC 9421, in the profile of `session.signRequest`): signature, body, the
 * capability that it carries, whether that was granted to the key that signed, on an accepted domain, for these
 * resources, not revoked; and last, with `replay`, that it comes for the first time. Its body can still be read.
 *
 * Rejects with `ERR_REQUEST_UNSIGNED`, `_SIGNATURE`, `_STALE`, `_DIGEST`, `_TOO_LARGE`, `_REPLAYED`, the
 * `ERR_CAPABILITY_…` of the check that failed, or `ERR_STORE_UNAVAILABLE` if a store doesn't answer. For more than one
 * request use `requestVerifier`, which remembers what it has verified.
 *
 * @example
 * const { account } = await verifyRequest(request, {
 *   verifiers: ethereumVerifiers(),
 *   authority: 'api.example.com',
 *   domains: ['app.example.com'],
 * })
 */
export async function verifyRequest(
  request: Request,
  options: VerifyRequestOptions,
): Promise<VerifiedRequest> {
  return incomingVerifier<Request>({ replay: false, ...options, cacheSize: 0 })(
    incomingRequest(request),
    request,
  )
}

/**
 * A `verifyRequest` for a server: remembers which capabilities it has verified, so that a session's next request costs
 * one signature check, and which requests it has accepted, so that none counts twice. What can change (expiry, domain,
 * resources, revocation) is checked every time.
 *
 * @example
 * const verify = requestVerifier({ verifiers: ethereumVerifiers(), authority: 'api.example.com', domains: ['app.example.com'] })
 * const { account } = await verify(request)
 */
export function requestVerifier(
  options: RequestVerifierOptions,
): (request: Request) => Promise<VerifiedRequest> {
  const verify = incomingVerifier(options)
  return async (request) => verify(incomingRequest(request), request)
}

/** The same for whatever a server calls a request. */
export function incomingVerifier<R>(
  options: RequestVerifierOptions<R>,
): (incoming: IncomingRequest, request: R) => Promise<VerifiedRequest> {
  const settings = settingsOf(options)
  const { now, domains, resources, revocation, replay, clockSkewSecs } = settings
  const verified = new Recent<Cacao>(settings.cacheSize)

  const capabilityOf = async (token: string, time: number): Promise<Cacao> => {
    const known = verified.get(token)
    if (known) return known
    const cacao = parseToken(token)
    await verifySignature(cacao, settings.verifiers, time, clockSkewSecs)
    if (token.length <= MAX_CACHED_TOKEN) verified.set(token, cacao)
    return cacao
  }

  return async (incoming, request) => {
    const time = now()
    const token = tokenOf(incoming.header('authorization'))
    const signature = await verifyMessageSignature(incoming, {
      authority: authorityFor(incoming, settings.authorities),
      now: time,
      maxAge: settings.maxAgeSecs * 1000,
      clockSkew: clockSkewSecs * 1000,
      verifyKeySignature: settings.verifyKeySignature,
    })
    await assertBody(incoming, signature, settings.maxBodyBytes)
    const { keyDID, nonce, created, expires } = signature
    const cacao = await capabilityOf(token, time)
    // Now, not when the request began: its body may have been slow to come.
    assertValidAt(cacao, now(), clockSkewSecs)
    assertAudience(cacao, keyDID)
    assertDomain(cacao, domains)
    if (resources)
      assertResources(cacao, typeof resources === 'function' ? await resources(request) : resources)
    if (revocation) {
      const isRevoked = await settings.ask(() => revocation.isRevoked(cacao))
      if (isRevoked)
        throw new SessionError(
          'ERR_CAPABILITY_REVOKED',
          'the capability is refused: it was revoked: sign in again',
        )
    }
    // What has expired meanwhile may be forgotten already where used requests are remembered.
    if (!(now() < expires)) throw refused('STALE', 'it expired before it was received: sign it again')
    if (replay && !(await settings.ask(() => replay.use(`${keyDID} ${nonce}`, expires))))
      throw refused('REPLAYED', 'it was sent before: sign each request anew')
    return {
      account: issuerAccount(cacao),
      keyDID,
      resources: cacao.p.resources ?? [],
      cacao,
      created: new Date(created),
      expires: new Date(expires),
    }
  }
}

async function assertBody(
  incoming: IncomingRequest,
  { contentDigest }: MessageSignature,
  maxBytes: number,
): Promise<void> {
  const body = await incoming.body(maxBytes)
  if (body === undefined) throw refused('TOO_LARGE', `its body has more than ${maxBytes} bytes`)
  if (contentDigest === undefined) {
    if (body.length > 0) throw refused('DIGEST', 'its body is not signed')
  } else if (!(await isDigestOf(contentDigest, body))) {
    throw refused('DIGEST', 'its body is not the one that was signed')
  }
}

/** Which of the server's names a request is for: the only one, or the one that the client named. */
function authorityFor({ host }: IncomingRequest, authorities: readonly string[]): string {
  const [only = ''] = authorities
  if (authorities.length === 1) return only
  const named = authorities.find((authority) => authority === host?.toLowerCase())
  if (named === undefined) throw refused('SIGNATURE', 'it is for a host that this server does not answer for')
  return named
}

/** Asks a store, and waits so long. What is neither yes nor no is a store that can't be asked. */
function storeQuestion(timeoutMs: number) {
  return async (ask: () => boolean | Promise<boolean>): Promise<boolean> => {
    let answer: unknown
    let cause: unknown
    try {
      const asked = ask()
      answer = typeof asked === 'boolean' ? asked : await within(timeoutMs, asked)
    } catch (error) {
      cause = error
    }
    if (typeof answer === 'boolean') return answer
    throw new SessionError(
      'ERR_STORE_UNAVAILABLE',
      `the replay or revocation store gave no answer within ${timeoutMs} ms: no request is accepted without it`,
      cause === undefined ? undefined : { cause },
    )
  }
}

function settingsOf<R>(options: RequestVerifierOptions<R>) {
  const { verifiers, domains, resources, revocation, now = systemClock } = options
  if (typeof verifiers !== 'object' || verifiers === null)
    throw new TypeError('verifiers must be an object, such as ethereumVerifiers() gives')
  if (
    !Array.isArray(domains) ||
    domains.length === 0 ||
    !domains.every((domain) => typeof domain === 'string')
  )
    throw new TypeError(
      'domains must name the sites whose sign-ins are accepted, such as ["app.example.com"]',
    )
  const areListed = Array.isArray(resources) && resources.every((resource) => typeof resource === 'string')
  if (resources !== undefined && typeof resources !== 'function' && !areListed)
    throw new TypeError('resources must be an array of URIs, or a function of the request that gives one')
  const replay = options.replay ?? memoryReplay({ now })
  if (replay !== false && typeof replay.use !== 'function')
    throw new TypeError('replay must be a replay store, such as memoryReplay() gives')
  if (revocation !== undefined && typeof revocation.isRevoked !== 'function')
    throw new TypeError('revocation must be a revocation store, such as memoryRevocation() gives')
  return {
    verifiers,
    authorities: authoritiesOf(options.authority),
    domains,
    resources,
    replay,
    revocation,
    now,
    maxAgeSecs: quantity(options, 'maxAgeSecs', MAX_AGE_SECS),
    clockSkewSecs: quantity(options, 'clockSkewSecs', DEFAULT_CLOCK_SKEW_SECS),
    maxBodyBytes: quantity(options, 'maxBodyBytes', DEFAULT_BODY_BYTES),
    cacheSize: quantity(options, 'cacheSize', 10_000),
    verifyKeySignature: options.verifyKeySignature ?? verifyKeySignature,
    ask: storeQuestion(quantity(options, 'storeTimeoutMs', 2000)),
  }
}

function quantity<Name extends string>(
  options: { readonly [K in Name]?: number },
  name: Name,
  otherwise: number,
): number {
  const value: unknown = options[name] ?? otherwise
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value
  throw new TypeError(`${name} must be a finite number, and not negative`)
}

function authoritiesOf(authority: unknown): string[] {
  const list: unknown[] = Array.isArray(authority) ? authority : [authority]
  const isGood = (value: unknown): value is string =>
    typeof value === 'string' && ['https', 'http'].some((scheme) => hostOf(`${scheme}://${value}`) === value)
  if (list.length > 0 && list.every(isGood)) return list
  throw new TypeError(
    'authority must be the host by which clients reach this server, with its port if that is not the default: "api.example.com"',
  )
}

// As browsers write it: lower case, punycode, without the scheme's own port.
function hostOf(url: string): string | undefined {
  try {
    return new URL(url).host
  } catch {
    return undefined
  }
}
