import { abortable, throwIfAborted } from '../base/abort.js'
import { concat, utf8 } from '../base/bytes.js'
import type { Clock } from '../base/environment.js'
import { toHex } from '../base/hex.js'
import { toBase64url } from '../base/multibase.js'
import {
  functionOption,
  isBytes,
  type ReadersOf,
  type ReadValue,
  readOptions,
  setting,
} from '../base/options.js'
import type { Cacao } from '../capability/cacao.js'
import { assertValidAt, validityAt } from '../capability/cacao.js'
import { assertNotRemoved, type SessionKey } from '../key/session-key.js'
import { copyTo, sentURL } from './sent-url.js'
import { isCorrected, timeAt } from './server-clock.js'
import { signatureBase, signatureFields, signatureParams } from './signature-fields.js'
import {
  ALGORITHMS,
  authorizationOf,
  capabilityHeaderOption,
  contentDigest,
  DEFAULT_CAPABILITY_HEADER,
  DEFAULT_CONTENT_TYPE,
  isCacaoAuthorization,
  keyURL,
  SIGNATURE_LIFETIME_SECS,
  SIGNATURE_TAG,
  signedComponents,
} from './signature-profile.js'

const NONCE_BYTES = 16
// nginx and Apache accept 8 kB in a header by default, and proxies add headers to what they pass on.
const LONG_CAPABILITY = 6000
let hasWarned = false

/** An object that signs requests, such as a session. */
export interface Signer {
  signRequest(
    request: Request,
    options?: { readonly capabilityHeader?: string | undefined },
  ): Promise<Request>
}

/** What gives the session that signs in place of an expired one. */
export type OnExpired = () => Signer | Promise<Signer>

/** Reads the option `onExpired`. */
export const onExpiredOption: ReadValue<OnExpired> = functionOption('a function that returns a new session')

interface SignOptions {
  readonly onExpired?: OnExpired | undefined
  readonly capabilityHeader?: string | undefined
}

const SIGN_READERS: ReadersOf<SignOptions> = {
  onExpired: setting(onExpiredOption),
  capabilityHeader: setting(capabilityHeaderOption),
}

/**
 * Returns a copy of the request that is signed with the current time of its server, as far as that is known. See
 * `DIDSession.signRequest`. Rejects as `signRequest` does, with `ERR_SESSION_REMOVED`, and with a `TypeError` for a wrong
 * option.
 */
export async function signNow(
  request: Request,
  options: SignOptions,
  session: { readonly key: SessionKey; readonly cacao: Cacao },
  now: Clock,
): Promise<Request> {
  const { onExpired, capabilityHeader } = readOptions<SignOptions>(options, SIGN_READERS)
  const time = now()
  if (onExpired && validityAt(session.cacao, time) === 'expired')
    return (await onExpired()).signRequest(request, { capabilityHeader })
  assertNotRemoved(session.key.did)
  // The URL need not be parsed if the clock was never corrected.
  const createdAt = isCorrected(now) ? timeAt(new URL(request.url).origin, now) : time
  return signRequest(request, session, time, createdAt, capabilityHeader)
}

/**
 * Returns a signed copy of the request, with the capability in `Authorization`, or in the header `capabilityHeader`,
 * and with the session key's signature (RFC 9421) over the method, authority, path, query, capability, body and content
 * type. A server accepts it once, within the time that the server sets: a minute by default, an hour at most. The
 * capability must be valid at `now`; `createdAt` becomes the time of the signature; both are milliseconds since 1970.
 * Rejects with `ERR_CAPABILITY_EXPIRED` or `ERR_CAPABILITY_NOT_YET_VALID`, with `ERR_REQUEST_TOO_LARGE` if the
 * capability is too long for a header, and with a `TypeError` for a request that can't be signed. If the capability
 * takes more than 6,000 bytes, writes one warning to the console.
 */
export async function signRequest(
  request: Request,
  { key, cacao }: { readonly key: SessionKey; readonly cacao: Cacao },
  now: number,
  createdAt: number = now,
  capabilityHeader: string = DEFAULT_CAPABILITY_HEADER,
): Promise<Request> {
  assertValidAt(cacao, now)
  const body = await bodyOf(request, capabilityHeader)
  const signed = unsignedCopy(request, body)
  const { headers } = signed
  const capability = authorizationOf(cacao)
  warnOnceIfLong(capability)
  headers.set(capabilityHeader, capability)
  if (body.length > 0) {
    headers.set('content-digest', await contentDigest(body))
    if (!headers.get('content-type')) headers.set('content-type', DEFAULT_CONTENT_TYPE)
    if (!/^[\t -~]+$/.test(headers.get('content-type') ?? ''))
      throw new TypeError("the request's content-type must be ASCII: a server could not verify another one")
  }

  const components = signedComponents(body.length > 0, capabilityHeader)
  const created = Math.floor(createdAt / 1000)
  const params = signatureParams(components, {
    created,
    expires: created + SIGNATURE_LIFETIME_SECS,
    nonce: toBase64url(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))),
    keyid: keyURL(key.did),
    alg: ALGORITHMS[key.type],
    tag: SIGNATURE_TAG,
  })
  const message = { method: request.method, fields: headers }
  const base = signatureBase(message, new URL(signed.url), components, params)
  const { signature, signatureInput } = signatureFields(params, await key.sign(utf8(base)))
  headers.set('signature-input', signatureInput)
  headers.set('signature', signature)
  if (headers.get('signature') === signature) return signed
  throw new TypeError(
    'a request of mode "no-cors" can\'t have signature headers: use the mode "cors" or "same-origin"',
  )
}

/** Warns on the console, once per page or process, that the capability is longer than some servers accept. */
function warnOnceIfLong({ length }: string): void {
  if (length <= LONG_CAPABILITY || hasWarned) return
  hasWarned = true
  console.warn(
    `cacao-session: the session's capability takes ${length} bytes in a header of each request. nginx and Apache refuse more than about 8,000 by default, Node more than 16,384 for all headers: ask for fewer resources, such as one that ends in "/*", or raise the servers' limits`,
  )
}

/**
 * Returns the request that `fetch(input, init)` would send. A stream is read to its end and a form is encoded here,
 * because a body must be signed before it is sent, and some engines can't read a stream or a form from a request.
 * `check` is called with the request before its stream is read, and throws if it must not be sent.
 */
export async function requestOf(
  input: RequestInfo | URL,
  init: RequestInit,
  check: (request: Request) => void,
): Promise<Request> {
  const { body } = init
  // React Native has no streams.
  if (typeof ReadableStream !== 'undefined' && body instanceof ReadableStream) {
    check(new Request(input, { ...init, body: new Uint8Array() }))
    // The caller's own signal, because that of a request can be garbage-collected before it is aborted.
    const signal = init.signal === undefined && input instanceof Request ? input.signal : init.signal
    return new Request(input, { ...init, body: await readStream(body, signal ?? undefined) })
  }
  const request = new Request(input, body instanceof FormData ? { ...init, body: multipart(body) } : init)
  check(request)
  if (typeof body === 'string') textBodies.set(request, body)
  return request
}

/** Reads a stream of bytes to its end. If the signal is aborted, cancels the stream and rejects with the signal's reason. */
async function readStream(
  stream: ReadableStream<unknown>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  throwIfAborted(signal)
  const reader = stream.getReader()
  const parts: Uint8Array[] = []
  try {
    for (;;) {
      const { done, value } = await abortable(reader.read(), signal)
      if (done) return concat(...parts)
      if (!isBytes(value)) throw new TypeError('a stream that is sent must contain bytes')
      parts.push(value)
    }
  } catch (error) {
    reader.cancel(error).catch(() => undefined)
    throw error
  }
}

// Text bodies, kept so that they need not be read again: reading takes as long as signing, and React Native can't read
// a body as bytes.
const textBodies = new WeakMap<Request, string>()

// Firefox has no `Request.body`, but a request with one of these methods never has a body.
function hasNoBody({ body, method }: Request): boolean {
  return body === null || (body === undefined && (method === 'GET' || method === 'HEAD'))
}

function unsignedCopy(request: Request, body: Uint8Array<ArrayBuffer>): Request {
  // If the request has a body, only `clone()` keeps all members, such as signal, referrer policy, credentials and mode.
  const clone = withSentURL(hasNoBody(request) ? new Request(request) : request.clone(), body)
  try {
    return withoutSignature(clone)
  } catch {
    // A request that a service worker or a server received has immutable headers, and its clones do too.
    return withoutSignature(new Request(clone))
  }
}

/** The request with the URL that is sent, because no other URL can be signed. */
function withSentURL(clone: Request, body: Uint8Array<ArrayBuffer>): Request {
  const sent = sentURL(clone.url)
  if (sent === clone.url) return clone
  return copyTo(sent, clone, { method: clone.method, headers: clone.headers, body })
}

function withoutSignature(request: Request): Request {
  const { headers } = request
  for (const name of ['signature', 'signature-input', 'content-digest']) headers.delete(name)
  return request
}

async function bodyOf(request: Request, capabilityHeader: string): Promise<Uint8Array<ArrayBuffer>> {
  const present = request.headers.get(capabilityHeader)
  if (present !== null && !isCacaoAuthorization(present)) {
    const isDefault = capabilityHeader === DEFAULT_CAPABILITY_HEADER
    throw new TypeError(
      isDefault
        ? 'the request already has an Authorization header, which the session needs for its capability: remove it, or set the option capabilityHeader to another header, here and on the server'
        : `the request already has a header ${capabilityHeader}, which the session needs for its capability: remove it`,
    )
  }
  if (request.bodyUsed)
    throw new TypeError(
      "the request's body was already read: sign the request before you read its body, or sign a clone",
    )
  const text = textBodies.get(request)
  if (text !== undefined) return utf8(text)
  if (hasNoBody(request)) return new Uint8Array()
  try {
    return await readCopy(request)
  } catch (cause) {
    throwIfAborted(request.signal)
    throw new TypeError(
      "the request's body can't be read twice, once to sign it and once to send it: pass a text or bytes instead",
      {
        cause,
      },
    )
  }
}

/** Reads a copy of the body. If the request's signal is aborted, cancels the body: the copy and the original share its source. */
async function readCopy(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const { signal } = request
  const copy = request.clone()
  // Only engines with this member take streams as bodies; in others, such as Safari, it can be impossible to read the body as a stream.
  if (!('duplex' in request && copy.body)) return new Uint8Array(await abortable(copy.arrayBuffer(), signal))
  try {
    return await readStream(copy.body, signal)
  } catch (error) {
    request.body?.cancel(error).catch(() => undefined)
    throw error
  }
}

const BOUNDARY_BYTES = 16

/**
 * The multipart/form-data body of a form, as `fetch` would write it (HTML §4.10.21.8). WebKitGTK can't read the body of
 * a request whose form contains files, so without this such a request could not be signed.
 */
function multipart(form: FormData): Blob {
  // In lower case, because `Blob` converts its type to lower case.
  const boundary = `----form${toHex(crypto.getRandomValues(new Uint8Array(BOUNDARY_BYTES)))}`
  const parts: BlobPart[] = []
  form.forEach((value, name) => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped(withCRLF(name))}"`
    if (typeof value === 'string') parts.push(`${head}\r\n\r\n${withCRLF(value)}\r\n`)
    else {
      const type = value.type || 'application/octet-stream'
      parts.push(`${head}; filename="${escaped(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`, value, '\r\n')
    }
  })
  return new Blob([...parts, `--${boundary}--\r\n`], { type: `multipart/form-data; boundary=${boundary}` })
}

function withCRLF(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n')
}

function escaped(text: string): string {
  return text.replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(/"/g, '%22')
}
