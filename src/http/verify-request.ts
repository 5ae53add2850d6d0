import { latestTime } from '../base/environment.js'
import { assertAbility, assertResources } from '../capability/assertions.js'
import { BufferedBytes, LiveRequests } from './caller-limits.js'
import { type Caller, capabilityGate, type ReceivedCapability } from './capability-gate.js'
import { type IncomingRequest, incomingRequest, possibleURLs } from './incoming-request.js'
import { abilityFor, resourcesFor } from './requirements.js'
import { givePass, PASS_HEADER, takePass } from './second-check.js'
import { isDigestOf, parseToken, requestRefused, tokenOf } from './signature-profile.js'
import { MAX_URL_AGE, signedURLRequest, verifyURLSignature } from './signed-url.js'
import {
  type RequestVerifierOptions,
  settingsOf,
  singleUseOptions,
  type VerifyRequestOptions,
} from './verify-options.js'
import { type MessageSignature, type SignaturePolicy, verifyMessageSignature } from './verify-signature.js'

/** The result of verifying a request: who is calling, under which capability, and which URL was signed. */
export interface VerifiedRequest extends Caller {
  /** The URL that was signed: the configured authority, with the path and query as they were received. */
  readonly url: string
  /** When the request was signed. */
  readonly created: Date
  /**
   * When the request expires by the client's clock: at most `maxAgeSecs` after `created`. The expiry of the capability
   * is `cacao.p.exp`.
   */
  readonly expires: Date
  /**
   * `true` for a signed URL, which the option `signedURLs` accepts. Anyone who has the URL could have sent this
   * request.
   */
  readonly isSignedURL?: true
}

/**
 * Verifies a request that a session signed (RFC 9421, in the profile of `session.signRequest`). It checks the
 * signature; that the capability was granted to the key that signed, on an accepted domain, and covers the resources;
 * the body; that the capability was not revoked; and last, unless `replay` is `false`, that the request is received for
 * the first time. Cheap checks come before the wallet's signature is verified and before the body is read. The body can
 * still be read afterwards.
 *
 * Rejects with `ERR_REQUEST_UNSIGNED`, `_SIGNATURE`, `_STALE`, `_DIGEST`, `_TOO_LARGE`, `_LIMIT` or `_REPLAYED`, with
 * the `ERR_CAPABILITY_…` of the check that failed, with `ERR_STORE_UNAVAILABLE` if a store doesn't answer, and with
 * `ERR_RPC_UNAVAILABLE` if the RPC server for a contract account doesn't answer. Throws a `TypeError` for wrong
 * options. For more than one request, use `requestVerifier`, which caches verified capabilities.
 *
 * @example
 * const replay = memoryReplay() // one for all calls
 * const { account } = await verifyRequest(request, {
 *   verifiers: ethereumVerifiers(),
 *   authority: 'api.example.com',
 *   domains: ['app.example.com'],
 *   resources: ['https://api.example.com/notes/*'],
 *   replay,
 * })
 */
export async function verifyRequest(
  request: Request,
  options: VerifyRequestOptions,
): Promise<VerifiedRequest> {
  const verify = incomingVerifier<Request>(singleUseOptions(options))
  return verify(incomingRequest(request, true))
}

/**
 * Returns a `verifyRequest` for servers. It caches verified capabilities, so that the next request of a session costs
 * only one signature check, and it remembers accepted requests, so that none is accepted twice. Everything that can
 * change (expiry, domain, resources, revocation, what a contract account accepts) is checked for each request. Throws a
 * `TypeError` for wrong options.
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

/**
 * A `requestVerifier` for any server's type of request. The handler must get the request with the verified URL, which
 * is `incoming.at(caller.url)`.
 */
export function incomingVerifier<R>(
  options: RequestVerifierOptions<R>,
): (incoming: IncomingRequest<R>, timer?: StepTimer) => Promise<VerifiedRequest> {
  const settings = settingsOf(options)
  const { now, check, resources, ability, replay, clockSkewSecs, askStore, recordDevice } = settings
  const gate = capabilityGate(settings)
  const live = new LiveRequests(settings.maxLiveRequests)
  const buffered = new BufferedBytes(settings.maxHeldBytes)
  // A replay store forgets expired requests. If the clock is set back, they must not be accepted as new.
  const replayClock = replay ? latestTime(now) : now

  return async (received, timer) => {
    const time = now()
    timer?.begin('signature')
    const link = settings.signedURLs ? signedURLRequest(received, settings.capabilityHeader) : undefined
    const incoming = link?.incoming ?? received
    const policy = {
      urls: possibleURLs(incoming, settings),
      capabilityHeader: settings.capabilityHeader,
      now: time,
      maxAge: link ? MAX_URL_AGE : settings.maxAgeSecs * 1000,
      clockSkew: clockSkewSecs * 1000,
      verifyKeySignature: settings.verifyKeySignature,
    }
    const { signature, capability } = link
      ? await verifyURLSignature(link.token, policy)
      : await verifySignedHeaders(incoming, policy)
    const { url, keyDID, nonce, created, expires, refusedFrom } = signature
    timer?.begin('capability')
    const admitted = await gate.admit(capability, time, async (cacao) => {
      const wanted = await resourcesFor(resources, incoming, url)
      if (wanted) assertResources(cacao, wanted)
      if (ability) assertAbility(cacao, await abilityFor(ability, incoming, url))
    })
    const { caller, identity } = admitted
    // A signed URL may be used more than once, because a player requests the parts of a film one by one.
    const isOnce = replay && !link

    // Counted before the body is read, so that simultaneous requests can't exceed the limit together.
    const uncount = isOnce && live.reserve(identity, refusedFrom, now())
    if (isOnce && !uncount)
      throw requestRefused(
        'LIMIT',
        'its capability has sent too many requests that have not expired yet: wait until some of them have expired',
      )
    try {
      timer?.begin('body')
      await assertBody(incoming, signature, {
        maxBytes: settings.maxBodyBytes,
        share: buffered.share(identity),
        waitMs: refusedFrom - now(),
      })
      // Checked again, because the capability may have expired while the body arrived.
      gate.assertValidAt(admitted, now())
      if (settings.revocation) {
        timer?.begin('revocation')
        await gate.assertNotRevoked(caller.cacao)
      }
      // If the request has expired in the meantime, the replay store may already have forgotten it.
      if (!(replayClock() < refusedFrom))
        throw requestRefused('STALE', 'it expired before all of it was received: sign it again')
      if (isOnce) {
        timer?.begin('replay')
        const id = `${keyDID} ${nonce}`
        const hasPass = check === 'second' && takePass(incoming.header(PASS_HEADER), id, now())
        if (!hasPass && !(await askStore(() => replay.use(id, refusedFrom))))
          throw requestRefused('REPLAYED', 'it was received before: sign each request anew')
      }
      // Advances this clock, because the store may by now have forgotten requests up to the present time.
      replayClock()
      if (check === 'first' && !link)
        await incoming.at(url.href, givePass(`${keyDID} ${nonce}`, refusedFrom, now()))
    } catch (error) {
      if (uncount) uncount()
      throw error
    }
    await recordDevice?.(caller, incoming, url)

    return {
      ...caller,
      url: url.href,
      created: new Date(created),
      expires: new Date(expires),
      ...(link && { isSignedURL: true }),
    }
  }
}

interface Signed {
  readonly signature: MessageSignature
  readonly capability: ReceivedCapability
}

async function verifySignedHeaders(
  incoming: IncomingRequest<unknown>,
  policy: SignaturePolicy,
): Promise<Signed> {
  const text = tokenOf(incoming.header(policy.capabilityHeader))
  const signature = await verifyMessageSignature(incoming, policy)
  return { signature, capability: { text, keyDID: signature.keyDID, read: () => parseToken(text) } }
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
    readonly share: ReturnType<BufferedBytes['share']>
    readonly waitMs: number
  },
): Promise<void> {
  const hold = (bytes: number): void => {
    if (!share.take(bytes))
      throw requestRefused(
        'LIMIT',
        'too many bytes of its capability are being received at the same time: send fewer requests at a time',
      )
  }
  try {
    const body = await incoming.body({ maxBytes, hold, waitMs })
    if (contentDigest === undefined) {
      if (body.length > 0)
        throw requestRefused('DIGEST', 'it has a body that is not signed: add the body before you sign it')
    } else if (!(await isDigestOf(contentDigest, body))) {
      throw requestRefused(
        'DIGEST',
        'its body is not the one that was signed: something on the way changed it',
      )
    }
  } finally {
    share.release()
  }
}

/** The steps in which a request is verified, in this order. */
export type VerifyStep = 'signature' | 'capability' | 'body' | 'revocation' | 'replay'

/**
 * Milliseconds that verifying a request took: in total, and for each step that was begun. `signature` verifies the
 * request's own signature; `capability` includes the wallet's signature, which is verified once for each session.
 */
export interface StepTimes extends Partial<Readonly<Record<VerifyStep, number>>> {
  readonly total: number
}

/** Measures the steps of one verification. */
export class StepTimer {
  readonly #start = performance.now()
  readonly #begun: (readonly [VerifyStep, number])[] = []

  /** Ends the previous step and begins this one. */
  begin(step: VerifyStep): void {
    this.#begun.push([step, performance.now()])
  }

  /** Returns the times measured so far. */
  times(): StepTimes {
    const end = performance.now()
    const steps = this.#begun.map(([step, from], i) => [step, (this.#begun[i + 1]?.[1] ?? end) - from])
    return { ...Object.fromEntries(steps), total: end - this.#start }
  }
}
