import { LRUCache } from '../base/lru-cache.js'
import { copiedOptions } from '../base/options.js'
import {
  assertAbility,
  assertAudience,
  assertDelegation,
  assertDomain,
  assertNotRevoked,
  assertResources,
} from '../capability/assertions.js'
import { type Cacao, issuerAccount, rootOf } from '../capability/cacao.js'
import { givenAbility } from '../capability/check-options.js'
import { capabilityIdentity } from '../capability/cid.js'
import { assertValidAt } from '../capability/validity.js'
import { isLasting, verifySignature } from '../capability/verify-signature.js'
import { type IncomingRequest, incomingRequest, verifiedURL } from './incoming-request.js'
import { HeldBytes, LiveCounts } from './request-limits.js'
import { isDigestOf, parseToken, tokenOf } from './signature-profile.js'
import {
  askedOf,
  givenWanted,
  type RequestVerifierOptions,
  settingsOf,
  type VerifyRequestOptions,
} from './verify-options.js'
import { type MessageSignature, refused, verifyMessageSignature } from './verify-signature.js'

/** Who is calling, and under which capability. */
export interface VerifiedRequest {
  /** The account that it speaks for: a CAIP-10 id, or a did:key. */
  readonly account: string
  /** The session key that signed it. */
  readonly keyDID: string
  /** What the capability allows. */
  readonly resources: readonly string[]
  /** The capability under which the key signed: the last of its chain. */
  readonly cacao: Cacao
  /**
   * The capability that the wallet signed: the same one, unless it was delegated. Judge a sign-in by it (nonce, `iat`,
   * statement, request id): whatever a session's key signs, that key could have written by itself.
   */
  readonly root: Cacao
  /** The URL that was signed: the configured authority, with the path and query as they came. */
  readonly url: string
  /** When it was signed. */
  readonly created: Date
  /** When its signature ends. */
  readonly expires: Date
}

// A longer token is verified each time, so that the cache stays within about 80 MB whatever clients send.
const MAX_CACHED_TOKEN = 8192
// Requests are counted together that expire in the same stretch of so many milliseconds.
const COUNT_BUCKET_MS = 5000

/**
 * Verifies a request that a session signed (RFC 9421, in the profile of `session.signRequest`): signature, the
 * capability that it carries, whether that was granted to the key that signed, on an accepted domain, for these
 * resources, its body, whether it was revoked; and last, with `replay`, that it comes for the first time. What is cheap
 * is judged before the wallet's signature is checked, and before the body is read. Its body can still be read.
 *
 * Rejects with `ERR_REQUEST_UNSIGNED`, `_SIGNATURE`, `_STALE`, `_DIGEST`, `_TOO_LARGE`, `_LIMIT`, `_REPLAYED`, the
 * `ERR_CAPABILITY_…` of the check that failed, or `ERR_STORE_UNAVAILABLE` if a store doesn't answer, and
 * `ERR_RPC_UNAVAILABLE` if a contract account's chain doesn't. For more than one request use `requestVerifier`, which
 * remembers what it has verified.
 *
 * @example
 * const { account } = await verifyRequest(request, {
 *   verifiers: ethereumVerifiers(),
 *   authority: 'api.example.com',
 *   domains: ['app.example.com'],
 *   resources: ['https://api.example.com/notes/*'],
 * })
 */
export async function verifyRequest(
  request: Request,
  options: VerifyRequestOptions,
): Promise<VerifiedRequest> {
  const given = copiedOptions(options) as unknown as VerifyRequestOptions
  const verify = incomingVerifier<Request>({ replay: false, ...given, cacheSize: 0 })
  return verify(incomingRequest(request, true))
}

/**
 * A `verifyRequest` for a server: remembers which capabilities it has verified, so that a session's next request costs
 * one signature check, and which requests it has accepted, so that none counts twice. What can change (expiry, domain,
 * resources, revocation, what a contract account accepts) is checked every time.
 *
 * @example
 * const verify = requestVerifier({
 *   verifiers: ethereumVerifiers(),
 *   authority: 'api.example.com',
 *   domains: ['app.example.com'],
 *   resources: ['https://api.example.com/notes/*'],
 * })
 * const { account } = await verify(request)
 */
export function requestVerifier(
  options: RequestVerifierOptions,
): (request: Request) => Promise<VerifiedRequest> {
  const verify = incomingVerifier(options)
  return async (request) => verify(incomingRequest(request, true))
}

interface KnownCapability {
  readonly cacao: Cacao
  readonly identity: string
}

/**
 * The same for whatever a server calls a request. Whoever hands that on to a handler gives it the caller's URL first, by
 * `incoming.at(caller.url)`.
 */
export function incomingVerifier<R>(
  options: RequestVerifierOptions<R>,
): (incoming: IncomingRequest<R>) => Promise<VerifiedRequest> {
  const settings = settingsOf(options)
  const { now, domains, resources, ability, delegation, revocation, replay, clockSkewSecs } = settings
  const verified = new LRUCache<KnownCapability>(settings.cacheSize)
  const live = new LiveCounts(COUNT_BUCKET_MS)
  const held = new HeldBytes(settings.maxHeldBytes)
  // The latest time at which a request was admitted, and those that had expired could be forgotten. When the clock jumps
  // back behind it, none of them is new again.
  let latest = Number.NEGATIVE_INFINITY

  const parsed = (token: string): KnownCapability => {
    const cacao = parseToken(token)
    return { cacao, identity: capabilityIdentity(cacao) }
  }

  return async (incoming) => {
    const time = now()
    const token = tokenOf(incoming.header('authorization'))
    const authority = authorityFor(incoming, settings.authorities)
    const url = verifiedURL(authority, incoming)
    const signature = await verifyMessageSignature(incoming, {
      authority,
      now: time,
      maxAge: settings.maxAgeSecs * 1000,
      clockSkew: clockSkewSecs * 1000,
      verifyKeySignature: settings.verifyKeySignature,
    })
    const { keyDID, nonce, created, expires } = signature
    const known = verified.get(token)
    const { cacao, identity } = known ?? parsed(token)
    assertValidAt(cacao, time, clockSkewSecs)
    assertAudience(cacao, keyDID)
    assertDelegation(cacao, delegation)
    await assertDomain(cacao, domains)
    const wanted = await askedOf(resources, givenWanted, 'resources', incoming, url)
    if (wanted) assertResources(cacao, wanted)
    if (ability) assertAbility(cacao, await askedOf(ability, givenAbility, 'ability', incoming, url))
    if (!known) {
      await verifySignature(cacao, settings.verifiers, time, clockSkewSecs)
      if (token.length <= MAX_CACHED_TOKEN && isLasting(cacao)) verified.set(token, { cacao, identity })
    }
    if (replay && live.count(identity, now()) >= settings.maxLiveRequests)
      throw refused(
        'LIMIT',
        'too many requests of its capability are remembered: wait until they have expired',
      )
    await assertBody(incoming, signature, {
      maxBytes: settings.maxBodyBytes,
      share: held.share(identity),
      waitMs: expires - now(),
    })
    // Now, not when the request began: its body may have been slow to come.
    assertValidAt(cacao, now(), clockSkewSecs)
    if (revocation) await assertNotRevoked(cacao, (link) => settings.ask(() => revocation.isRevoked(link)))
    // What has expired meanwhile may be forgotten already where used requests are remembered.
    if (!(Math.max(latest, now()) < expires))
      throw refused('STALE', 'it expired before it was received: sign it again')
    if (replay) {
      if (!(await settings.ask(() => replay.use(`${keyDID} ${nonce}`, expires))))
        throw refused('REPLAYED', 'it was sent before: sign each request anew')
      live.add(identity, expires)
      latest = Math.max(latest, now())
    }
    return {
      account: issuerAccount(cacao),
      keyDID,
      resources: cacao.p.resources ?? [],
      cacao,
      root: rootOf(cacao),
      url: url.href,
      created: new Date(created),
      expires: new Date(expires),
    }
  }
}

async function assertBody(
  incoming: IncomingRequest<unknown>,
  { contentDigest }: MessageSignature,
  {
    maxBytes,
    share,
    waitMs,
  }: {
    readonly maxBytes: number
    readonly share: ReturnType<HeldBytes['share']>
    readonly waitMs: number
  },
): Promise<void> {
  const hold = (bytes: number): void => {
    if (!share.take(bytes))
      throw refused('LIMIT', 'too many bodies of its capability are arriving at a time: send fewer at once')
  }
  try {
    const body = await incoming.body({ maxBytes, hold, waitMs })
    if (contentDigest === undefined) {
      if (body.length > 0) throw refused('DIGEST', 'its body is not signed')
    } else if (!(await isDigestOf(contentDigest, body))) {
      throw refused('DIGEST', 'its body is not the one that was signed')
    }
  } finally {
    share.release()
  }
}

/** Which of the server's names a request is for: the only one, or the one that the client named. */
function authorityFor({ host }: IncomingRequest<unknown>, authorities: readonly string[]): string {
  const [only = ''] = authorities
  if (authorities.length === 1) return only
  const named = authorities.find((authority) => authority === host?.toLowerCase())
  if (named === undefined) throw refused('SIGNATURE', 'it is for a host that this server does not answer for')
  return named
}
