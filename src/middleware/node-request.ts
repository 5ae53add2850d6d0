import { concat, utf8 } from '../base/bytes.js'
import { isBytes } from '../base/options.js'
import {
  type BodyLimits,
  cutOff,
  forwardedHosts,
  type IncomingRequest,
  inTime,
  tooLarge,
} from '../http/incoming-request.js'
import { PASS_HEADER } from '../http/second-check.js'
import { requestRefused } from '../http/signature-profile.js'
import { hasURLSignature, splitURLSignature, URL_SIGNATURE } from '../http/signed-url.js'

/** The members of Node's `IncomingMessage`, or of Express's `Request`, that verifying it needs. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Express: the target as it was received. A router removes its own path from `url`. */
  readonly originalUrl?: string | undefined
  /** The query, if it was already parsed, as by Express 4. */
  readonly query?: unknown
  readonly headers: {
    host?: string | undefined
    ':authority'?: string | undefined
    'x-forwarded-host'?: string | string[] | undefined
    'x-forwarded-proto'?: string | string[] | undefined
  }
  /** The connection over which it was received. */
  readonly socket?: object | null | undefined
  /** Absent or empty if the request was not received by Node's HTTP parser; then `headers` has all headers. */
  readonly rawHeaders?: readonly string[] | undefined
  /** Whether the whole message was received. Absent for requests of Fastify's `inject`. */
  readonly complete?: boolean | undefined
  /** The state of a Node stream, for requests without `complete`. */
  readonly _readableState?: { readonly ended?: boolean } | undefined
  /** The bytes of the body, if they were read before, as on Google Cloud and in Firebase. */
  readonly rawBody?: unknown
  /** The body, if it was read before: its bytes or text in a wrapped lambda, or the result of a parser. */
  readonly body?: unknown
  /** HTTP/2: the stream of the message. It knows the end of the message earlier than `complete`. */
  readonly stream?: { readonly readableEnded: boolean }
  readonly destroyed: boolean
  readonly readableDidRead: boolean
  readonly readableEncoding: string | null
  readonly readableLength: number
  read(): unknown
  unshift(chunk: Uint8Array): void
  resume(): unknown
  destroy(): unknown
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

/** Wraps a Node request as an `IncomingRequest`. A body parser or a handler can still read its body afterwards. */
export function incomingMessage<R extends NodeRequest>(
  request: R,
  target: string = request.originalUrl ?? request.url ?? '',
): IncomingRequest<R> {
  const header = (name: string): string | undefined => headerOf(request, name)
  return {
    method: request.method ?? '',
    target,
    hosts: hostsOf(request),
    isEncrypted: isOverTLS(request.socket),
    header,
    at(url, pass) {
      if (pass !== undefined) setHeader(request, PASS_HEADER, pass)
      if (!hasURLSignature(url)) removeURLSignature(request)
      const { headers } = request
      const { host, protocol } = new URL(url)
      headers.host = host
      if (headers[':authority'] !== undefined) headers[':authority'] = host
      // If Express trusts a proxy, it reads host and scheme from these headers, and the proxy may pass on those of the client.
      if (headers['x-forwarded-host'] !== undefined) headers['x-forwarded-host'] = host
      if (headers['x-forwarded-proto'] !== undefined) headers['x-forwarded-proto'] = protocol.slice(0, -1)
      return request
    },
    async body(limits) {
      const buffered = bufferedBody(request)
      if (buffered) {
        if (buffered.length > limits.maxBytes) throw tooLarge(limits)
        return buffered
      }
      const length = Number(header('content-length'))
      if (length > limits.maxBytes) throw tooLarge(limits)
      const isRead = request.readableDidRead
      // Decided by what was received. A header that says that there is no body could be wrong.
      if (!isRead && isComplete(request) && request.readableLength === 0 && !(length > 0))
        return new Uint8Array()
      if (isRead || request.readableEncoding != null || typeof request.on !== 'function')
        throw new TypeError(
          'the body was already read, so the bytes that were signed are lost: put requireSession before any body parser, such as express.json(), and only once, or keep the bytes as request.rawBody: express.json({ verify: (request, _, bytes) => { request.rawBody = bytes } })',
        )
      // A request that is already destroyed emits no more events.
      if (request.destroyed) throw cutOff()
      return readAndPutBack(request, limits)
    },
  }
}

function isOverTLS(socket: object | null | undefined): boolean {
  return (socket as { encrypted?: unknown } | null | undefined)?.encrypted === true
}

// HTTP/2 has the host in a pseudo-header. A message with two different hosts is malformed (RFC 9113 §8.3.1): some handlers would
// use the first one, some the second one.
function hostsOf({ headers }: NodeRequest): string[] {
  const { host, ':authority': authority, 'x-forwarded-host': forwarded } = headers
  if (host !== undefined && authority !== undefined && host.toLowerCase() !== authority.toLowerCase())
    throw requestRefused('SIGNATURE', 'its host and :authority headers must be the same')
  return [host ?? authority ?? '', ...forwardedHosts(String(forwarded ?? ''))]
}

/**
 * Removes the signature of a signed URL from the request of a Node server, so that handlers see only the verified URL, and no secret
 * gets into a log.
 */
export function removeURLSignature(request: {
  readonly url?: string | undefined
  readonly originalUrl?: string | undefined
  readonly query?: unknown
}): void {
  for (const name of ['url', 'originalUrl'] as const) {
    const split = splitURLSignature(request[name] ?? '')
    if (split) Object.assign(request, { [name]: split.target })
  }
  // In Express 5 this is a getter that parses the new URL, so there is nothing to delete.
  const { query } = request
  if (typeof query === 'object' && query !== null) delete (query as Record<string, unknown>)[URL_SIGNATURE]
}

// Also sets the raw headers, because the next check reads those.
function setHeader({ rawHeaders = [], headers }: NodeRequest, name: string, value: string): void {
  const raw = rawHeaders as string[]
  for (let i = raw.length - 2; i >= 0; i -= 2) if (raw[i]?.toLowerCase() === name) raw.splice(i, 2)
  if (raw.length > 0) raw.push(name, value)
  Object.assign(headers, { [name]: value })
}

/** Returns the bytes of the body, if they were read before and buffered. */
function bufferedBody({ rawBody, body }: NodeRequest): Uint8Array<ArrayBuffer> | undefined {
  for (const buffered of [rawBody, body]) {
    if (isBytes(buffered)) return concat(buffered)
    if (typeof buffered === 'string') return utf8(buffered)
  }
  return undefined
}

// Read from the raw headers, because Node keeps only the first of some headers that occur twice.
function headerOf({ rawHeaders = [], headers }: NodeRequest, name: string): string | undefined {
  if (rawHeaders.length === 0) {
    const given = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
    return Array.isArray(given) ? given.join(', ') : given
  }
  const values: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? '')
  }
  return values.length === 0 ? undefined : values.join(', ')
}

// An HTTP/2 message is `complete` only after its `end` event, and the body has to be put back before that.
function isComplete({ complete, stream, _readableState }: NodeRequest): boolean {
  return (complete ?? _readableState?.ended === true) || stream?.readableEnded === true
}

/** Reads a body to its end and puts it back before the `end` event, so that a parser can read it again. */
function readAndPutBack(request: NodeRequest, limits: BodyLimits): Promise<Uint8Array<ArrayBuffer>> {
  let stop = (): void => undefined
  const reading = (): Promise<Uint8Array<ArrayBuffer>> =>
    new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = []
      let length = 0
      const settle = (act: () => void): void => {
        request.off('readable', onReadable)
        request.off('end', onClose)
        request.off('close', onClose)
        request.off('error', onClose)
        act()
      }
      const onReadable = (): void => {
        // Reading more bytes than are buffered would emit `end`.
        while (request.readableLength > 0) {
          const chunk = request.read()
          if (!(chunk instanceof Uint8Array)) break
          length += chunk.length
          try {
            if (length > limits.maxBytes) throw tooLarge(limits)
            limits.hold(chunk.length)
          } catch (error) {
            settle(() => reject(error))
            return
          }
          chunks.push(chunk)
        }
        if (!isComplete(request)) return
        const body = concat(...chunks)
        settle(() => {
          request.unshift(body)
          resolve(body)
        })
      }
      const onClose = (): void => settle(() => reject(cutOff()))
      stop = () => settle(() => undefined)
      request.on('readable', onReadable)
      request.on('end', onClose)
      request.on('close', onClose)
      request.on('error', onClose)
    })
  return inTime(limits, reading, () => stop())
}
