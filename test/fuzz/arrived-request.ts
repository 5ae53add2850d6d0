import { Readable } from 'node:stream'
import { concat } from '../../src/base/bytes.js'
import { type IncomingRequest, incomingRequest } from '../../src/http/incoming-request.js'
import { incomingMessage, type NodeRequest } from '../../src/middleware/node-request.js'
import type { WireRequest } from '../setup/wire-request.js'

/** A received request, and what a handler reads from it after verification. */
export interface Arrived {
  readonly incoming: IncomingRequest<WireRequest>
  seen(): Promise<{ method: string; target: string; body: Uint8Array<ArrayBuffer> }>
}

/** The request for fetch handlers and Hono; `undefined` if the platform can't create such a `Request`. */
export function asWebRequest(wire: WireRequest): Arrived | undefined {
  const { method, target, host, headers, body } = wire
  let request: Request
  try {
    request = new Request(`https://${host}${target}`, {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      ...(body.length > 0 && { body }),
    })
  } catch {
    return undefined
  }
  const { pathname, search } = new URL(request.url)
  const seen: Arrived['seen'] = async () => ({
    method: request.method,
    target: pathname + search,
    body: new Uint8Array(await request.arrayBuffer()),
  })
  return { incoming: { ...incomingRequest(request, true), at: () => wire }, seen }
}

/** The request for Node and Express, with its body in one or two chunks, and with as few headers about its length as possible. */
export function asNodeRequest(wire: WireRequest): Arrived {
  const { method, target, host, headers, body } = wire
  const half = body.length >> 1
  const chunks = [body.subarray(0, half), body.subarray(half)].filter(({ length }) => length > 0)
  const stream = new Readable({
    read() {
      this.push(chunks.shift() ?? null)
    },
  })
  const framing = body.length > 0 ? ['Transfer-Encoding', 'chunked'] : []
  const message: NodeRequest = Object.defineProperty(
    Object.assign(stream, {
      method,
      url: target,
      headers: { host },
      rawHeaders: [...headers.flat(), ...framing],
    }) as unknown as NodeRequest,
    'complete',
    { get: () => chunks.length === 0 },
  )
  const seen: Arrived['seen'] = async () => ({
    method,
    target,
    body: concat(...((await stream.toArray()) as Uint8Array[])),
  })
  return { incoming: { ...incomingMessage(message), at: () => wire }, seen }
}
