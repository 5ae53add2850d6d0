import { EventEmitter, once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import express from 'express'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type NodeRequest, type NodeResponse, requireSession } from '../../src/middleware/express.js'
import { accepting, type TestSigner, testSigner } from '../setup/request-signer.js'
import { type WireRequest, withHeader } from '../setup/wire-request.js'
import { signedWire, strayErrors } from './attack.js'
import { closeAll, listening } from './hostile-servers.js'
import { type Answer, answerTo, CHUNKED, chunked, opened, readAnswer, written } from './raw-socket.js'

// A body that was read to be verified must read as if it had not been.

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
  withHeader(await signedWire(signer, { method: 'POST', body }), 'content-type', 'application/json')

const admit = requireSession(accepting)
/** What reads a body, in each of the ways that people have. */
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
    'a reader that takes its time',
    (request, response) => admit(request, response, () => setImmediate(() => request.pipe(response))),
  ],
]

/** Sends the head, and each part of the body once the one before has left. */
async function inParts(port: number, wire: WireRequest): Promise<Answer> {
  const body = chunked(wire.body, 100)
  const head = written({ ...wire, body: new Uint8Array() }, { framing: CHUNKED })
  const socket = await opened(port, head)
  socket.setNoDelay(true)
  const answer = readAnswer(socket)
  for (let i = 0; i < body.length; i += 333)
    await new Promise((sent) => socket.write(body.subarray(i, i + 333), sent))
  return answer
}

describe.each(readers)('%s', (_, listener) => {
  it('finds a body whole, however it came', async () => {
    const port = await listening(createServer(listener))
    const answers = [
      await answerTo(port, written(await posted())),
      await inParts(port, await posted()),
      await inParts(port, await posted()),
    ]
    for (const { status, body } of answers)
      expect([status, Buffer.from(body, 'latin1').toString()]).toEqual([200, JSON_BODY])
  })

  it('finds an empty one, in chunks or of length 0, to be empty', async () => {
    const port = await listening(createServer(listener))
    for (const framing of ['Content-Length: 0', CHUNKED]) {
      const wire = await posted('')
      const body = framing === CHUNKED ? chunked(new Uint8Array()) : new Uint8Array()
      const answer = await answerTo(port, written({ ...wire, body }, { framing }))
      expect(answer.status).toBe(200)
      expect(['', '{}']).toContain(answer.body)
    }
  })
})

describe('what reads before requireSession', () => {
  it.each<[string, express.RequestHandler]>([
    ['a body parser', express.json()],
    ['an encoding', (request, _, next) => next(void request.setEncoding('utf8'))],
  ])('is a mistake where it is %s, and is called one', async (_, first) => {
    const errors: unknown[] = []
    const app = express()
      .use(first, admit)
      .use((error: unknown, _: unknown, response: express.Response, __: unknown) => {
        errors.push(error)
        response.sendStatus(500)
      })
    const port = await listening(createServer(app))
    for (const send of [answerTo(port, written(await posted())), inParts(port, await posted())])
      expect((await send).status).toBe(500)
    expect(errors).toEqual([expect.any(TypeError), expect.any(TypeError)])
  })
})

describe('a refusal that comes too late', () => {
  it('is not written where something else has answered', async () => {
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

  it('is told of a client that has gone before its body was asked for', async () => {
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
