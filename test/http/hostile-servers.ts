import { EventEmitter, once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { type VerifyKeySignature, verifyKeySignature } from '../../src/key/verify.js'
import { callerOf, requireSession } from '../../src/middleware/express.js'
import { requireSession as fetchSession } from '../../src/middleware/fetch.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { accepting } from '../setup/request-signer.js'
import type { WireRequest } from '../setup/wire-request.js'
import { type Answer, answerTo, written } from './raw-socket.js'

export const MAX_BODY_BYTES = 1000
/** Emits `asked` when a request has arrived, before its body is read, and `refused` with the code of a refusal. */
export const told = new EventEmitter()

// With two authorities, so that the host matters.
const options = {
  ...accepting,
  authority: ['api.example.com', 'api.example.org'],
  maxBodyBytes: MAX_BODY_BYTES,
  onRefused: ({ code }: { code: string }) => void told.emit('refused', code),
  verifyKeySignature: (...signed: Parameters<VerifyKeySignature>) => {
    told.emit('asked')
    return verifyKeySignature(...signed)
  },
}

/** A listener that responds with the account and the request. */
export function nodeListener(changes: object = {}): RequestListener {
  const admit = requireSession({ ...options, ...changes })
  return (request, response) =>
    admit(request, response, async (error) => {
      if (error !== undefined) return void response.writeHead(500).end(String(error))
      const parts: Buffer[] = []
      try {
        for await (const part of request) parts.push(part as Buffer)
      } catch {
        // If the client's connection ends while the handler reads, Node answers it, if anyone does.
        return
      }
      response.end(JSON.stringify([callerOf(request).account, request.url, String(Buffer.concat(parts))]))
    })
}

const seen = ({ url }: Request): string => {
  const { pathname, search } = new URL(url)
  return pathname + search
}
const app = new Hono()
  .use('*', honoSession({ ...options }))
  .all('*', async (c) => c.json([c.var.caller.account, seen(c.req.raw), await c.req.text()]))
const handler = fetchSession({ ...options }, async (request, { account }) =>
  Response.json([account, seen(request), await request.text()]),
)

/** A server under attack, by its port or as a function. */
export interface Target {
  /** The port; undefined for a function. */
  readonly port: number
  send(wire: WireRequest): Promise<Answer>
}

async function handled({ host, target, method, headers, body }: WireRequest): Promise<Answer> {
  const request = new Request(`http://${host}${target}`, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    ...(body.length > 0 && { body }),
  })
  const response = await handler(request)
  return { status: response.status, headers: response.headers, body: await response.text() }
}

const running: Server[] = []

export async function listening(server: Server): Promise<number> {
  running.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function served(server: Server): Promise<Target> {
  const port = await listening(server)
  return { port, send: (wire) => answerTo(port, written(wire)) }
}

export const NAMES = ['node:http', 'Hono', 'a fetch handler'] as const

export type Targets = Readonly<Record<(typeof NAMES)[number], Target>>

/** The three servers, by their names. */
export const targets = async (): Promise<Targets> => ({
  'node:http': await served(createServer(nodeListener())),
  // It would replace the global Request, for other files of this lane too.
  Hono: await served(createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server),
  'a fetch handler': { port: 0, send: handled },
})

/** Closes the servers that `listening` has started. */
export async function closeAll(): Promise<void> {
  for (const server of running.splice(0)) {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
}
