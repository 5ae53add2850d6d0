import { toHex } from '../base/hex.js'
import { assertValidAt, type Cacao, expiryTime, startTime } from '../capability/cacao.js'
import { signDelegated } from '../capability/verify-signature.js'
import { parseDIDKey } from '../key/did-key.js'
import { delegateOptions } from '../options/read-grant-options.js'
import type { DelegateOptions } from '../options/session-options.js'
import { askedResources, statementFor } from '../sign-in/request-capability.js'
import type { SessionData } from '../store/store.js'

const NONCE_BYTES = 12

/** Signs a narrower capability for another key with the session key. See `DIDSession.delegate`. */
export async function delegate(
  { key, cacao: parent }: Pick<SessionData, 'key' | 'cacao'>,
  given: DelegateOptions,
  now: number,
): Promise<Cacao> {
  const options = delegateOptions(given)
  const { audience, expiresInSecs } = options
  assertOtherKey(audience, key.did)
  const resources = askedResources({ resources: options.resources ?? parent.p.resources ?? [] })
  const statement = statementFor(resources, options.statement)
  if (options.resources && resources.length === 0)
    throw new TypeError('resources must name at least one thing that the other key may do')
  const exp = expirationTime(parent, expiresInSecs, now)
  assertValidAt(parent, now)
  const payload = {
    aud: audience,
    version: '1',
    nonce: toHex(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))),
    // The parent may have been signed on a machine whose clock is ahead of this one.
    iat: new Date(Math.max(now, startTime(parent))).toISOString(),
    ...(exp !== undefined && { exp }),
    ...(statement !== undefined && { statement }),
    resources,
  }
  return signDelegated(key, payload, parent)
}

function assertOtherKey(audience: unknown, own: string): void {
  const type = typeof audience === 'string' ? parseDIDKey(audience)?.type : undefined
  if (type === 'P-256' || type === 'Ed25519') {
    if (audience !== own) return
    throw new TypeError("audience must be another key than the session's own")
  }
  throw new TypeError(
    'audience must be the did:key of an Ed25519 or P-256 key, such as the keyDID of a session',
  )
}

/** When the capability expires: after `secs` seconds, but no later than the parent. By default, when the parent does. */
function expirationTime(parent: Cacao, secs: number | undefined, now: number): string | undefined {
  if (secs !== undefined && !(typeof secs === 'number' && secs > 0 && secs < Number.POSITIVE_INFINITY))
    throw new TypeError('expiresInSecs must be a positive finite number of seconds')
  const time = now + (secs ?? Number.POSITIVE_INFINITY) * 1000
  if (time >= expiryTime(parent)) return parent.p.exp
  const date = new Date(time)
  if (date.getUTCFullYear() <= LAST_YEAR) return date.toISOString()
  throw new TypeError(`expiresInSecs must end before the year ${LAST_YEAR + 1}`)
}

// The last year that RFC 3339 can write.
const LAST_YEAR = 9999
