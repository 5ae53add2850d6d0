import { concat } from '../base/bytes.js'
import { type BodyLimits, cutOff, type IncomingRequest, inTime, tooLarge } from '../http/incoming-request.js'
import { refused } from '../http/request-error.js'

/** As much of Node's `IncomingMessage`, or of Express's `Request`, as is needed to verify it. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  /** Express: the target as it came, where a router has cut its own part off `url`. */
  readonly originalUrl?: string | undefined
  readonly headers: {
    host?: string | undefined
    ':authority'?: string | undefined
    'x-forwarded-host'?: string | string[] | undefined
    'x-forwarded-proto'?: string | string[] | undefined
  }
  /** What it came over. */
  readonly socket?: object | null | undefined
  readonly rawHeaders: readonly string[]
  /** Whether the whole message has come in. */
  readonly complete: boolean
  /** HTTP/2: what the message comes from, which knows of its end in time. */
  readonly stream?: { readonly readableEnded: boolean }
  readonly destroyed: boolean
  readonly readableDidRead: boolean
  readonly readableEncoding: string | null
  readonly readableLength: number
  read(): unknown
  unshift(chunk: Uint8Array): void
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

/** A request that Node has received. Its body can still be read, by a body parser or a handler. */
export function incomingMessage<R extends NodeRequest>(request: R): IncomingRequest<R> {
  const header = (name: string): string | undefined => headerOf(request, name)
  return {
    method: request.method ?? '',
    target: request.originalUrl ?? request.url ?? '',
    host: hostOf(request),
    isEncrypted: isOverTLS(request.socket),
    header,
    at(url) {
      const { headers } = request
      const { host, protocol } = new URL(url)
      headers.host = host
      if (headers[':authority'] !== undefined) headers[':authority'] = host
      // Where Express trusts a proxy, it reads the host and the scheme from these: a proxy may hand on what the client wrote.
      if (headers['x-forwarded-host'] !== undefined) headers['x-forwarded-host'] = host
      if (headers['x-forwarded-proto'] !== undefined) headers['x-forwarded-proto'] = protocol.slice(0, -1)
      return request
    },
    async body(limits) {
      const length = Number(header('content-length'))
      if (length > limits.maxBytes) throw tooLarge(limits)
      const isRead = request.readableDidRead
      // What has come is what counts: no header makes a body none.
      if (!isRead && isWhole(request) && request.readableLength === 0 && !(length > 0))
        return new Uint8Array()
      if (isRead || request.readableEncoding !== null)
        throw new TypeError('requireSession must come before whatever reads the body, such as express.json()')
      // Whoever has gone says so only once.
      if (request.destroyed) throw cutOff()
      return readAndPutBack(request, limits)
    },
  }
}

function isOverTLS(socket: object | null | undefined): boolean {
  return (socket as { encrypted?: unknown } | null | undefined)?.encrypted === true
}

// HTTP/2 names the host in a pseudo-header. A message that names two is malformed (RFC 9113 §8.3.1), and one of the two would
// be what some handler believes.
function hostOf({ headers }: NodeRequest): string | undefined {
  const { host, ':authority': authority } = headers
  if (host !== undefined && authority !== undefined && host.toLowerCase() !== authority.toLowerCase())
    throw refused('SIGNATURE', 'it names two hosts')
  return host ?? authority
}

// From the raw headers, because Node drops all but the first of some that come twice.
function headerOf({ rawHeaders }: NodeRequest, name: string): string | undefined {
  const values: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? '')
  }
  return values.length === 0 ? undefined : values.join(', ')
}

// A message of HTTP/2 is complete only once it has announced its end, which would be too late.
function isWhole({ complete, stream }: NodeRequest): boolean {
  return complete || stream?.readableEnded === true
}

/** Reads a stream to its end and puts all of it back before the end is announced, so that it reads as if untouched. */
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
        // To ask for more than there is would announce the end.
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
        if (!isWhole(request)) return
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
