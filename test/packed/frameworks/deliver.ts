import { once } from 'node:events'
import { type IncomingMessage, request as sendHTTP } from 'node:http'
import { connect } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'

/** The response of a server, with its body uncompressed. */
export interface Delivered {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
}

/** Sends a request for any host to a port of this machine over HTTP/1.1, as a proxy does. */
export async function deliver(request: Request, port: number): Promise<Delivered> {
  const { pathname, search, host } = new URL(request.url)
  const headers = { ...Object.fromEntries(request.headers), host }
  const sent = sendHTTP({ host: '127.0.0.1', port, method: request.method, path: pathname + search, headers })
  sent.end(await bytesOf(request))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return delivered(Number(response.statusCode), response.headers, await buffer(response))
}

/** The same over TLS and HTTP/2, as browsers do; any certificate is accepted. */
export async function deliverHTTP2(request: Request, port: number): Promise<Delivered> {
  const { pathname, search, host } = new URL(request.url)
  const client = connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, servername: host })
  // Errors are reported by its requests too.
  client.on('error', () => undefined)
  try {
    const headers = {
      ...Object.fromEntries(request.headers),
      'accept-encoding': 'gzip',
      ':method': request.method,
      ':authority': host,
      ':path': pathname + search,
    }
    // By default, it ends a GET at once.
    const stream = client.request(headers, { endStream: false })
    stream.end(await bytesOf(request))
    const [answered] = (await once(stream, 'response')) as [Record<string, unknown>]
    return delivered(Number(answered[':status']), answered, await buffer(stream))
  } finally {
    client.close()
  }
}

async function bytesOf(request: Request): Promise<Uint8Array> {
  return new Uint8Array(await request.arrayBuffer())
}

function delivered(status: number, headers: Readonly<Record<string, unknown>>, bytes: Buffer): Delivered {
  const text = String(headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes)
  return { status, headers, body: /^[[{]/.test(text) ? JSON.parse(text) : text }
}
