import { SessionError } from '../base/errors.js'
import type { ReceivedCapability } from './capability-gate.js'
import type { IncomingRequest } from './incoming-request.js'
import { type ReadToken, readToken, type TokenTimes } from './session-token.js'
import { isCacaoAuthorization, requestRefused, SIGNATURE_LIFETIME_SECS } from './signature-profile.js'
import type { MessageSignature, SignaturePolicy } from './verify-signature.js'

// A URL that a session has signed ends in a parameter with a token, whose audience is the URL without that parameter. Whoever has the
// URL can get what is there until it expires, and nothing else.

/** The parameter that a signed URL ends in. */
export const URL_SIGNATURE = 'cacao-signature'

const SIGNED = new RegExp(`^(.*)[?&]${URL_SIGNATURE}=([^?&#]*)$`, 's')

/** What is signed of a URL: authority, path and query (a network-path reference, RFC 3986 §4.2). A proxy may end TLS, so not the scheme. */
export function signedReference({ href, protocol }: URL): string {
  return href.slice(protocol.length)
}

/** The URL with the token at the end of its query, and its fragment behind that. */
export function withURLSignature(url: URL, token: string): string {
  const { hash } = url
  const { href } = withoutFragment(url)
  return `${href}${href.includes('?') ? '&' : '?'}${URL_SIGNATURE}=${token}${hash}`
}

/** The same URL without its fragment, which is never sent. */
export function withoutFragment(url: URL): URL {
  const copy = new URL(url)
  copy.hash = ''
  return copy
}

/** Whether a query or a target has the parameter, however its name is spelled. */
export function hasURLSignature(target: string): boolean {
  const [, query = ''] = /\?(.*)$/s.exec(target) ?? []
  return [...new URLSearchParams(query).keys()].some((name) => name.toLowerCase() === URL_SIGNATURE)
}

/** A target without the token that it ends in, and the token; `undefined` if it ends in none. */
export function splitURLSignature(
  target: string,
): { readonly target: string; readonly token: string } | undefined {
  const [, before, token] = SIGNED.exec(target) ?? []
  return before === undefined || token === undefined ? undefined : { target: before, token }
}

/** A request for a signed URL, as it is verified. */
export interface SignedURLRequest<R> {
  /** The request without the parameter: what the app's functions and handlers get. */
  readonly incoming: IncomingRequest<R>
  readonly token: string
}

/**
 * A request for a signed URL without the parameter; `undefined` if its URL has none. Throws `ERR_REQUEST_SIGNATURE` if it has more than
 * one, or one that is not the last, if its method is another than GET or HEAD, and if it is signed in its headers too.
 */
export function signedURLRequest<R>(
  incoming: IncomingRequest<R>,
  capabilityHeader: string,
): SignedURLRequest<R> | undefined {
  const { method, target } = incoming
  if (!hasURLSignature(target)) return undefined
  const split = splitURLSignature(target)
  if (!split || hasURLSignature(split.target))
    throw requestRefused('SIGNATURE', `its URL must have the parameter ${URL_SIGNATURE} once, at its end`)
  if (method !== 'GET' && method !== 'HEAD')
    throw requestRefused(
      'SIGNATURE',
      'a signed URL is for GET and HEAD: sign another request with session.fetch',
    )
  if (isCacaoAuthorization(incoming.header(capabilityHeader) ?? ''))
    throw requestRefused(
      'SIGNATURE',
      'it is signed in its headers and in its URL: use session.fetch with the plain URL',
    )
  return { incoming: { ...incoming, target: split.target }, token: split.token }
}

/** The longest that a signed URL can be accepted, in milliseconds. */
export const MAX_URL_AGE: number = SIGNATURE_LIFETIME_SECS * 1000

/**
 * Verifies the token of a signed URL: for which of the URLs it was signed, and until when. Rejects with `ERR_REQUEST_SIGNATURE` unless a
 * session has written it so, for one of these URLs, and with `ERR_REQUEST_STALE` if its time is over.
 */
export async function verifyURLSignature(
  token: string,
  { urls, verifyKeySignature, ...times }: SignaturePolicy,
): Promise<{ readonly signature: MessageSignature; readonly capability: ReceivedCapability }> {
  const { audience, id, capability, created, expires, refusedFrom, isSigned } = readURLToken(token, times)
  const url = urls.find((each) => signedReference(each) === audience)
  if (!url)
    throw requestRefused(
      'SIGNATURE',
      `its URL was signed for ${withoutQuery(audience)}, and it came as one for ${urls.map(signedReference).map(withoutQuery).join(' or ')}: path or query was changed, or clients reach this server by another name (authority) or under another path (basePath)`,
    )
  if (!(await isSigned(verifyKeySignature)))
    throw requestRefused('SIGNATURE', 'the signature in its URL is not valid for its key')
  const { keyDID } = capability
  return { signature: { url, keyDID, nonce: id, created, expires, refusedFrom }, capability }
}

function withoutQuery(reference: string): string {
  const [path = ''] = reference.split('?', 1)
  return path
}

function readURLToken(token: string, times: TokenTimes): ReadToken {
  try {
    return readToken(token, 'url', times)
  } catch (cause) {
    if (cause instanceof SessionError && cause.code === 'ERR_REQUEST_STALE') throw cause
    throw requestRefused('SIGNATURE', "the token in its URL can't be read", cause)
  }
}
