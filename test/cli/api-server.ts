import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { memoryRevocation } from '../../src/http/revocation.js'
import { callerOf, requireSession } from '../../src/middleware/express.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { keyVerifiers } from '../../src/wallet/key/index.js'

/** A server that accepts sessions of app.example.com. It stops at the end of the test. */
export interface APIServer {
  readonly origin: string
  /** Resolves once a request has arrived at `/slow`, which is never answered. */
  readonly isWaitedFor: Promise<unknown>
}

/** Answers with the caller, and with the request's method, type and body. */
export async function startAPI(): Promise<APIServer> {
  const server: Server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const revocation = memoryRevocation()
  const admit = requireSession({
    verifiers: { ...ethereumVerifiers(), ...keyVerifiers() },
    authority,
    domains: ['app.example.com'],
    resources: ['https://api.example.com/notes'],
    revocation,
  })
  const { promise: isWaitedFor, resolve } = withResolvers()
  server.on('request', (request, response) => {
    if (request.url === '/slow') return resolve(undefined)
    if (request.url === '/moved') return void response.writeHead(307, { location: '/notes' }).end()
    if (request.url === '/odd')
      return void response.writeHead(200, 'O\u009bK', { 'x-odd': 'a\u009b2Jb \u00fc' }).end()
    const [path, status] = request.url?.split('?') ?? []
    if (path === '/endless' || path === '/unfinished') {
      response.writeHead(Number(status), { 'content-type': 'application/json' }).write('{"a":"')
      if (path === '/endless') Readable.from(endless()).pipe(response)
      return
    }
    if (path === '/refused') {
      const answer = JSON.stringify({ code: 'ERR_REQUEST_REPLAYED', more: 'x'.repeat(Number(status)) })
      return void response.writeHead(403, { 'content-type': 'application/json' }).end(answer)
    }
    if (request.url === '/broken') return void response.writeHead(500).end('broken\n')
    admit(request, response, async () => {
      const parts: Buffer[] = []
      for await (const part of request) parts.push(part)
      const { account, keyDID, cacao } = callerOf(request)
      if (request.url === '/sign-out') await revocation.revoke(cacao)
      const { method, headers } = request
      const body = Buffer.concat(parts).toString('base64')
      const answer = { account, keyDID, method, type: headers['content-type'], note: headers['x-note'], body }
      response.writeHead(200, { 'content-type': 'application/json' }).end(`${JSON.stringify(answer)}\n`)
    })
  })
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return { origin: `http://${authority}`, isWaitedFor }
}

function* endless(): Generator<string> {
  for (;;) yield 'x'.repeat(65_536)
}

function withResolvers(): { promise: Promise<unknown>; resolve: (value: unknown) => void } {
  let resolve: (value: unknown) => void = () => undefined
  const promise = new Promise((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
