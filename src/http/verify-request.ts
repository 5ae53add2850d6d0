import { Recent } from '../base/recent.js'
import { type Cacao, issuerAccount } from '../capability/cacao.js'
import { assertValidAt } from '../capability/validity.js'
import {
  assertAbility,
  assertAudience,
  assertDomain,
  assertNotRevoked,
  assertResources,
} from '../capability/verify-cacao.js'
import { isLasting, verifySignature } from '../capability/verify-signature.js'
import { isDigestOf } from './content-digest.js'
import { type IncomingRequest, incomingRequest } from './incoming.js'
import { parseToken, tokenOf } from './token.js'
import { type RequestVerifierOptions, settingsOf, type VerifyRequestOptions } from './verify-options.js'
import { type MessageSignature, refused, verifyMessageSignature } from './verify-signature.js'

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

/**
 * Verifies a request that a session signed (RFC 9421, in the profile of `session.signRequest`): signature, body, the
 * capability that it carries, whether that was granted to the key that signed, on an accepted domain, for these
 * resources, not revoked; and last, with `replay`, that it comes for the first time. Its body can still be read.
 *
 * Rejects with `ERR_REQUEST_UNSIGNED`, `_SIGNATURE`, `_STALE`, `_DIGEST`, `_TOO_LARGE`, `_REPLAYED`, the
 * `ERR_CAPABILITY_…` of the check that failed, or `ERR_STORE_UNAVAILABLE` if a store doesn't answer, and
 * `ERR_RPC_UNAVAILABLE` if a contract account's chain doesn't. For more than one request use `requestVerifier`, which
 * remembers what it has verified.
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
 * resources, revocation, what a contract account accepts) is checked every time.
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
  const { now, domains, resources, ability, revocation, replay, clockSkewSecs } = settings
  const verified = new Recent<Cacao>(settings.cacheSize)

  const capabilityOf = async (token: string, time: number): Promise<Cacao> => {
    const known = verified.get(token)
    if (known) return known
    const cacao = parseToken(token)
    await verifySignature(cacao, settings.verifiers, time, clockSkewSecs)
    if (token.length <= MAX_CACHED_TOKEN && isLasting(cacao)) verified.set(token, cacao)
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
    if (ability) assertAbility(cacao, typeof ability === 'function' ? await ability(request) : ability)
    if (revocation) await assertNotRevoked(cacao, (link) => settings.ask(() => revocation.isRevoked(link)))
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
