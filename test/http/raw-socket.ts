import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { WireRequest } from '../setup/wire-request.js'

/** The response of a server. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** How the request is written, in ways that Node's clients don't allow. */
export interface Writing {
  readonly version?: '1.0' | '1.1'
  /** The lines that replace the headers about the body's length. */
  readonly framing?: string
  readonly withoutHost?: boolean
  /** Keeps the connection open for more requests. */
  readonly keepAlive?: boolean
}

/** The request's bytes. Each character of its head is one byte. */
export function written(wire: WireRequest, writing: Writing = {}): Buffer {
  const { method, target, host, headers, body } = wire
  const { version = '1.1', framing = body.length > 0 ? `Content-Length: ${body.length}` : '' } = writing
  const lines = [
    `${method} ${target} HTTP/${version}`,
    ...(writing.withoutHost ? [] : [`Host: ${host}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(framing ? [framing] : []),
    ...(writing.keepAlive ? [] : ['Connection: close']),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body])
}

export const CHUNKED = 'Transfer-Encoding: chunked'

/** A body in chunks of so many bytes, encoded. */
export function chunked(body: Uint8Array, size = 5): Uint8Array<ArrayBuffer> {
  const chunks: Buffer[] = []
  for (let i = 0; i < body.length; i += size) {
    const chunk = body.subarray(i, i + size)
    chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), Buffer.from(chunk), Buffer.from('\r\n'))
  }
  return new Uint8Array(Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]))
}

/** A connection on which these bytes were sent. */
export async function opened(port: number, bytes: Uint8Array): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  // A server may close before it has read everything.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(bytes)
  return socket
}

/** The first response to these bytes, once the server has closed the connection. */
export async function answerTo(port: number, bytes: Uint8Array): Promise<Answer> {
  return readAnswer(await opened(port, bytes))
}

/** All bytes until the connection is closed. */
export async function readAll(socket: Socket): Promise<string> {
  const parts: Buffer[] = []
  socket.on('data', (part) => parts.push(part))
  await once(socket, 'close')
  return Buffer.concat(parts).toString('latin1')
}

export async function readAnswer(socket: Socket): Promise<Answer> {
  const [head = '', ...rest] = (await readAll(socket)).split('\r\n\r\n')
  const [line = '', ...lines] = head.split('\r\n')
  const headers = new Headers(
    lines.map((text): [string, string] => {
      const colon = text.indexOf(':')
      return [text.slice(0, colon), text.slice(colon + 1)]
    }),
  )
  const text = rest.join('\r\n\r\n')
  const body = headers.get('transfer-encoding') === 'chunked' ? unchunked(text) : text
  return { status: Number(line.split(' ')[1]), headers, body }
}

function unchunked(text: string): string {
  const [size = ''] = text.split('\r\n', 1)
  const length = Number.parseInt(size, 16)
  if (!(length > 0)) return ''
  const start = size.length + 2
  return text.slice(start, start + length) + unchunked(text.slice(start + length + 2))
}
