import { SessionError } from '../base/errors.js'
import type { ReceivedCapability } from './capability-gate.js'
import type { IncomingRequest } from './incoming-request.js'
import { sentURL } from './sent-url.js'
import { type ReadToken, readToken, type TokenTimes } from './session-token.js'
import { isCacaoAuthorization, requestRefused, SIGNATURE_LIFETIME_SECS } from './signature-profile.js'
import type { MessageSignature, SignaturePolicy } from './verify-signature.js'

// A signed URL ends with a parameter that contains a token. The token's audience is the URL without that parameter.
// Anyone who has the signed URL can GET it until it expires, and can do nothing else with it.

/** The name of the last query parameter of a signed URL. */
export const URL_SIGNATURE = 'cacao-signature'

const SIGNED = new RegExp(`^(.*)[?&]${URL_SIGNATURE}=([^?&#]*)$`, 's')

/**
 * The part of a URL that is signed: authority, path and query (a network-path reference, RFC 3986 §4.2). The scheme is
 * not signed, because a proxy may terminate TLS.
 */
export function signedReference({ href, protocol }: URL): string {
  return href.slice(protocol.length)
}

/** The URL with the token as the last parameter of its query, followed by its fragment. */
export function withURLSignature(url: URL, token: string): string {
  const { hash } = url
  const href = sentURL(url.href)
  return `${href}${href.includes('?') ? '&' : '?'}${URL_SIGNATURE}=${token}${hash}`
}

/** Whether a target has the parameter in its query, in any case and percent-encoding of its name. */
export function hasURLSignature(target: string): boolean {
  const [, query = ''] = /\?(.*)$/s.exec(target) ?? []
  return [...new URLSearchParams(query).keys()].some((name) => name.toLowerCase() === URL_SIGNATURE)
}

/**
 * Splits a target into the part before the token's parameter, and the token; `undefined` if the target doesn't end with
 * one.
 */
export function splitURLSignature(
  target: string,
): { readonly target: string; readonly token: string } | undefined {
  const [, before, token] = SIGNED.exec(target) ?? []
  return before === undefined || token === undefined ? undefined : { target: before, token }
}

/** A request for a signed URL. */
export interface SignedURLRequest<R> {
  /** The request without the parameter. The app's functions and handlers get this one. */
  readonly incoming: IncomingRequest<R>
  readonly token: string
}

/**
 * Separates the token from a request for a signed URL; `undefined` if the URL has no such parameter. Throws
 * `ERR_REQUEST_SIGNATURE` if the URL has the parameter twice or not at its end, if the method is not GET or HEAD, and
 * if the headers are signed too.
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
      'a signed URL is only for GET and HEAD: send other methods with session.fetch',
    )
  if (isCacaoAuthorization(incoming.header(capabilityHeader) ?? ''))
    throw requestRefused(
      'SIGNATURE',
      'it is signed in its headers and in its URL: use session.fetch with the plain URL',
    )
  return { incoming: { ...incoming, target: split.target }, token: split.token }
}

/** The longest time for which a signed URL can be accepted, in milliseconds. */
export const MAX_URL_AGE: number = SIGNATURE_LIFETIME_SECS * 1000

/**
 * Verifies the token of a signed URL, and returns which of the possible URLs was signed, and its times. Rejects with
 * `ERR_REQUEST_SIGNATURE` unless a session key signed the token for one of these URLs, and with `ERR_REQUEST_STALE` if
 * it has expired or is not valid yet.
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
      `its URL was signed as ${withoutQuery(audience)}, but it was received as ${urls.map(signedReference).map(withoutQuery).join(' or ')}: its path or query was changed, or clients reach this server by another host (option authority) or under another path (option basePath)`,
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
