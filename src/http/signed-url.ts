import { SessionError } from '../base/errors.js'
import type { IncomingRequest } from './incoming-request.js'
import { requestRefused } from './request-error.js'
import { type ReadToken, readToken, type TokenTimes } from './session-token.js'
import { isCacaoAuthorization } from './signature-profile.js'

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
export function splitURLSignature(target: string): { readonly target: string; readonly token: string } | undefined {
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
    throw requestRefused('SIGNATURE', 'a signed URL is for GET and HEAD: sign another request with session.fetch')
  if (isCacaoAuthorization(incoming.header(capabilityHeader) ?? ''))
    throw requestRefused('SIGNATURE', 'it is signed in its headers and in its URL: use session.fetch with the plain URL')
  return { incoming: { ...incoming, target: split.target }, token: split.token }
}

/**
 * Reads the token of a signed URL. Throws `ERR_REQUEST_SIGNATURE` unless a session has written it so, and `ERR_REQUEST_STALE` if its
 * time is over.
 */
export function readURLToken(token: string, times: TokenTimes): ReadToken {
  try {
    return readToken(token, 'url', times)
  } catch (cause) {
    if (cause instanceof SessionError && cause.code === 'ERR_REQUEST_STALE') throw cause
    throw requestRefused('SIGNATURE', "the token in its URL can't be read", cause)
  }
}
