import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { Readable } from 'node:stream'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NodeRequest, type NodeResponse, requireSession } from '../../src/middleware/express.js'
import { incomingMessage } from '../../src/middleware/node-request.js'
import { accepting, type TestSigner, testSigner } from '../setup/request-signer.js'
import { type WireRequest, withHeader } from '../setup/wire-request.js'
import { signedWire, strayErrors } from './attack.js'
import { closeAll, listening } from './hostile-servers.js'
import { type Answer, answerTo, CHUNKED, chunked, opened, readAnswer, written } from './raw-socket.js'

// A body that was read for verification must be readable again.

let signer: TestSigner
const stray = strayErrors()
beforeAll(async () => {
  signer = await testSigner()
})
afterAll(async () => {
  stray.stop()
  await closeAll()
  expect(stray.seen).toEqual([])
})

const JSON_BODY = JSON.stringify({ note: 'ü'.repeat(1000), of: 'cacao' })
const posted = async (body = JSON_BODY): Promise<WireRequest> =>
  withHeader(
    await signedWire(signer, { method: 'POST', body, type: 'application/json' }),
    'content-type',
    'application/json',
  )

const admit = requireSession(accepting)
/** The usual ways of reading a body. */
const readers: readonly (readonly [string, RequestListener])[] = [
  [
    'express.json()',
    express()
      .use(admit, express.json())
      .use((request, response) => void response.send(JSON.stringify(request.body) ?? '')),
  ],
  [
    'express.raw()',
    express()
      .use(admit, express.raw({ type: () => true }))
      .use((request, response) => void response.send(String(request.body ?? ''))),
  ],
  [
    'for await',
    (request, response) =>
      admit(request, response, async () => {
        let text = ''
        request.setEncoding('utf8')
        for await (const part of request) text += part
        response.end(text)
      }),
  ],
  [
    "'data' and 'end'",
    (request, response) =>
      admit(request, response, () => {
        const parts: Buffer[] = []
        request.on('data', (part) => parts.push(part))
        request.on('end', () => response.end(Buffer.concat(parts)))
      }),
  ],
  [
    "'readable' and read()",
    (request, response) =>
      admit(request, response, () => {
        const parts: Buffer[] = []
        request.on('readable', () => {
          for (let part = request.read(); part !== null; part = request.read()) parts.push(part)
        })
        request.on('end', () => response.end(Buffer.concat(parts)))
      }),
  ],
  ['pipe()', (request, response) => admit(request, response, () => request.pipe(response))],
  [
    'a slow reader',
    (request, response) => admit(request, response, () => setImmediate(() => request.pipe(response))),
  ],
]

/** Sends the head, and once the server waits for the body, each part after the one before it was sent. */
async function inParts(server: Server, port: number, wire: WireRequest): Promise<Answer> {
  const waiting = waitsForBody(server)
  const socket = await opened(port, written({ ...wire, body: new Uint8Array() }, { framing: CHUNKED }))
  const answer = readAnswer(socket)
  await waiting
  const body = chunked(wire.body, 100)
  for (let i = 0; i < body.length; i += 333)
    await new Promise((sent) => socket.write(body.subarray(i, i + 333), sent))
  return answer
}

async function waitsForBody(server: Server): Promise<void> {
  const [request] = (await once(server, 'request')) as [IncomingMessage]
  await new Promise<void>((resolve) => {
    request.on('newListener', (event) => event === 'readable' && resolve())
  })
}

describe.each(readers)('%s', (_, listener) => {
  it('can still read the whole body after verification', async () => {
    const server = createServer(listener)
    const port = await listening(server)
    const answers = [
      await answerTo(port, written(await posted())),
      await inParts(server, port, await posted()),
    ]
    for (const { status, body } of answers)
      expect([status, Buffer.from(body, 'latin1').toString()]).toEqual([200, JSON_BODY])
  })

  it('reads an empty body, in chunks or of length 0, as empty', async () => {
    const server = createServer(listener)
    const port = await listening(server)
    const empty = chunked(new Uint8Array())
    const answers = [
      await answerTo(port, written(await posted(''), { framing: 'Content-Length: 0' })),
      await answerTo(port, written({ ...(await posted('')), body: empty }, { framing: CHUNKED })),
      await inParts(server, port, await posted('')),
    ]
    for (const { status, body } of answers) {
      expect(status).toBe(200)
      expect(['', '{}']).toContain(body)
    }
  })
})

const LIMITS = { maxBytes: 10_000, hold: () => undefined, waitMs: 60_000 }

it('a message that is filled only when read, as on some platforms, has a body too', async () => {
  const body = Buffer.from(JSON_BODY)
  const parts = [body, null]
  const stream = new Readable({ read: () => void stream.push(parts.shift() ?? null) })
  const headers = { host: 'api.example.com' }
  const rawHeaders = ['Content-Length', String(body.length)]
  const message: NodeRequest = Object.assign(stream, { headers, rawHeaders, complete: true })
  expect(await incomingMessage(message).body(LIMITS)).toEqual(new Uint8Array(body))
  expect(Buffer.concat(await stream.toArray())).toEqual(body)
})

describe('a middleware before requireSession that reads the body', () => {
  it.each<[string, express.RequestHandler]>([
    ['a body parser', express.json()],
    ['an encoding', (request, _, next) => next(void request.setEncoding('utf8'))],
  ])('is reported as a mistake: %s', async (_, first) => {
    const errors: unknown[] = []
    const app = express()
      .use(first, admit)
      .use((error: unknown, _: unknown, response: express.Response, __: unknown) => {
        errors.push(error)
        response.sendStatus(500)
      })
    const port = await listening(createServer(app))
    const wire = await posted()
    for (const bytes of [written(wire), written({ ...wire, body: chunked(wire.body) }, { framing: CHUNKED })])
      expect((await answerTo(port, bytes)).status).toBe(500)
    expect(errors).toEqual([expect.any(TypeError), expect.any(TypeError)])
  })
})

describe('a refusal that comes too late', () => {
  it('is not written if the response has already been sent', async () => {
    const answered = createServer((request, response) => {
      admit(request, response, () => undefined)
      response.writeHead(503).end('busy')
    })
    const port = await listening(answered)
    const { status, body } = await answerTo(port, written({ ...(await posted()), headers: [] }))
    expect([status, body]).toEqual([503, 'busy'])
    await new Promise(setImmediate)
    expect(stray.seen).toEqual([])
  })

  it('is reported for a client that left before its body was read', async () => {
    const told = new EventEmitter()
    const onRefused = ({ code }: { code: string }): void => void told.emit('refused', code)
    const late = requireSession<NodeRequest>({ ...accepting, onRefused })
    const port = await listening(
      createServer((request, response: NodeResponse) => {
        request.on('close', () => late(request, response, () => undefined))
      }),
    )
    const bytes = written(await posted())
    const refused = once(told, 'refused')
    const socket = await opened(port, bytes.subarray(0, -5))
    socket.destroy()
    expect(await refused).toEqual(['ERR_REQUEST_DIGEST'])
  })
})
