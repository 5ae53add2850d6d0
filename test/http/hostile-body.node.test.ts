import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import type { SessionErrorCode } from '../../src/base/errors.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { accepting, post, type TestSigner, testSigner } from '../setup/request-signer.js'
import { digestOf } from '../setup/sign-wire.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { type WireRequest, withHeader } from '../setup/wire-request.js'
import { expectAccepted, expectRefused, signedWire, strayErrors } from './attack.js'
import {
  closeAll,
  listening,
  MAX_BODY_BYTES,
  nodeListener,
  type Targets,
  targets,
  told,
} from './hostile-servers.js'
import { answerTo, CHUNKED, chunked, opened, readAll, written } from './raw-socket.js'

let signer: TestSigner
let servers: Targets
const stray = strayErrors()
beforeAll(async () => {
  signer = await testSigner()
  servers = await targets()
})
afterAll(async () => {
  stray.stop()
  await closeAll()
})

const BODY = 'Buy cacao beans'
const TOO_LARGE = 'x'.repeat(MAX_BODY_BYTES + 1)
const SHA_512 = `sha-512=:${createHash('sha512').update(BODY).digest('base64')}:`
const SHA_256 = digestOf(utf8(BODY))

const posted = (body = BODY, digest?: string): Promise<WireRequest> =>
  signedWire(signer, { method: 'POST', body, ...(digest !== undefined && { digest }) })
const withBody = (wire: WireRequest, body: string): WireRequest => ({ ...wire, body: utf8(body) })
/** The request's bytes, with its body in chunks. */
const inChunks = (wire: WireRequest): Buffer =>
  written({ ...wire, body: chunked(wire.body) }, { framing: CHUNKED })
const framed = async (framing: string, body = BODY): Promise<Buffer> =>
  written(withBody(await posted(), body), { framing })

type Attack = readonly [string, number, SessionErrorCode, () => Promise<Buffer>]
const DIGEST = 'ERR_REQUEST_DIGEST'
const ATTACKS: readonly Attack[] = [
  ['an unsigned body', 401, DIGEST, async () => written(withBody(await posted(''), BODY))],
  ['unsigned chunks', 401, DIGEST, async () => inChunks(withBody(await posted(''), BODY))],
  ['another body', 401, DIGEST, async () => written(withBody(await posted(), 'Buy cacao beanz'))],
  ['other chunks', 401, DIGEST, async () => inChunks(withBody(await posted(), 'Buy cacao beanz'))],
  ['an added byte', 401, DIGEST, async () => inChunks(withBody(await posted(), `${BODY}\n`))],
  ['a missing byte', 401, DIGEST, async () => written(withBody(await posted(), BODY.slice(1)))],
  ['no body where one was signed', 401, DIGEST, async () => written(withBody(await posted(), ''))],
  ['a body of no length', 401, DIGEST, () => framed('Content-Length: 0', '')],
  ['a body of no chunks', 401, DIGEST, () => framed(CHUNKED, '0\r\n\r\n')],
  [
    "another body's digest",
    401,
    'ERR_REQUEST_SIGNATURE',
    async () => inChunks(withHeader(withBody(await posted(), 'x'), 'content-digest', digestOf(utf8('x')))),
  ],
  ['a digest by SHA-512', 401, DIGEST, async () => written(await posted(BODY, SHA_512))],
  ['a second digest', 401, DIGEST, async () => written(await posted(BODY, `${SHA_256}, ${SHA_512}`))],
  ['the same digest twice', 401, DIGEST, async () => inChunks(await posted(BODY, `${SHA_256}, ${SHA_256}`))],
  ['an empty digest', 401, DIGEST, async () => inChunks(await posted(BODY, ''))],
  ['a body too large', 413, 'ERR_REQUEST_TOO_LARGE', async () => written(await posted(TOO_LARGE))],
  ['chunks too large', 413, 'ERR_REQUEST_TOO_LARGE', async () => inChunks(await posted(TOO_LARGE))],
  [
    'the announcement of a body too large',
    413,
    'ERR_REQUEST_TOO_LARGE',
    () => framed('Content-Length: 1000000000000'),
  ],
]

describe.each(['node:http', 'Hono'] as const)('%s', (name) => {
  afterEach(async () => {
    expectAccepted(await servers[name].send(await posted('x')), 'x')
    expect(stray.seen).toEqual([])
  })
  const answer = (bytes: Uint8Array) => answerTo(servers[name].port, bytes)

  it('accepts a body of known length or in chunks, up to the limit', async () => {
    const largest = TOO_LARGE.slice(1)
    for (const body of [BODY, largest]) {
      expectAccepted(await answer(written(await posted(body))), body)
      expectAccepted(await answer(inChunks(await posted(body))), body)
    }
  })

  it('reads an empty chunked body as no body', async () => {
    expectAccepted(await answer(inChunks(await posted(''))))
  })

  it.each(ATTACKS)('refuses %s: %i %s', async (_, status, code, attack) => {
    const bytes = await attack()
    await expectRefused(() => answer(bytes), status, code)
  })

  it.each(['GET', 'HEAD'])('refuses an unsigned body of a %s', async (method) => {
    const wire = await signedWire(signer, { method })
    const attack = written(withBody(wire, BODY))
    // The answer to a HEAD has no body, which would have the code.
    const refused = await answer(attack)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toBe(`CACAO error="${DIGEST}"`)
    const framing = 'Content-Length: 0'
    expect((await answer(written(await signedWire(signer, { method }), { framing }))).status).toBe(200)
  })

  it('never passes unsigned chunks of a GET to a handler', async () => {
    const bytes = inChunks(withBody(await signedWire(signer), BODY))
    // Hono receives nothing from which it could tell these chunks from no chunks, which some proxies send.
    if (name === 'Hono') expectAccepted(await answer(bytes))
    else await expectRefused(() => answer(bytes), 401, DIGEST)
  })

  it.each([
    ['two ways of saying how long it is', `Content-Length: ${BODY.length}\r\n${CHUNKED}`, BODY],
    ['two lengths', `Content-Length: ${BODY.length}\r\nContent-Length: 1`, BODY],
    ['a negative length', 'Content-Length: -1', BODY],
    ['a length in hex', 'Content-Length: 0xf', BODY],
    ['chunks of no size', CHUNKED, `x\r\n${BODY}\r\n0\r\n\r\n`],
    ['chunks of another size', CHUNKED, `5\r\n${BODY}\r\n0\r\n\r\n`],
    ['bytes after its body', `Content-Length: ${BODY.length}`, `${BODY}garbage`],
    ['bytes after its chunks', CHUNKED, `1\r\nx\r\n0\r\n\r\ngarbage`],
    ['chunks by another name', 'Transfer-Encoding: xchunked', BODY],
  ])('lets Node refuse %s', async (_, framing, body) => {
    const bytes = await framed(framing, body)
    await expectRefused(() => answer(bytes), 400, undefined)
  })

  it('ignores trailers after the chunks', async () => {
    const trailing = inChunks(await posted())
      .toString('latin1')
      .replace(/\r\n$/, 'Signature: x=:AAAA:\r\n\r\n')
    expectAccepted(await answer(Buffer.from(trailing, 'latin1')), BODY)
  })

  it.each([
    ['goes away', (socket: Awaited<ReturnType<typeof opened>>) => socket.destroy()],
    ['breaks off', (socket: Awaited<ReturnType<typeof opened>>) => socket.resetAndDestroy()],
    ['falls silent', (socket: Awaited<ReturnType<typeof opened>>) => socket.end()],
  ])('refuses the body of a client that %s in the middle', async (_, leave) => {
    for (const bytes of [inChunks(await posted()), written(await posted())]) {
      const refused = once(told, 'refused')
      const asked = once(told, 'asked')
      const socket = await opened(servers[name].port, bytes.subarray(0, -7))
      await asked
      leave(socket)
      expect(await refused).toEqual([DIGEST])
    }
  })
})

describe('a connection of node:http', () => {
  it('refuses a body hidden behind a length of 0, even with the lenient parser', async () => {
    const port = await listening(createServer({ insecureHTTPParser: true }, nodeListener()))
    const body = chunked(utf8(BODY))
    const bytes = written({ ...(await posted('')), body }, { framing: `Content-Length: 0\r\n${CHUNKED}` })
    await expectRefused(() => answerTo(port, bytes), 401, DIGEST)
  })

  it('stays usable after a refused body', async () => {
    const port = await listening(createServer(nodeListener({ maxBodyBytes: 1_000_000 })))
    const body = 'x'.repeat(300_000)
    const bad = written(withBody(await posted(body), `y${body}`), { keepAlive: true })
    const socket = await opened(port, Buffer.concat([bad, written(await posted())]))
    const answers = (await readAll(socket)).split(/(?=HTTP\/1\.1 )/)
    expect(answers).toEqual([expect.stringContaining(DIGEST), expect.stringContaining(`["${ACCOUNT_A}"`)])
  })
})

it('the wait for a body lasts while its signature is valid, even longer than a timer can', async () => {
  const { headers } = await signer.sign(post(BODY))
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      await setTimeout(20)
      controller.enqueue(utf8(BODY))
      controller.close()
    },
  })
  const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
  const verify = requestVerifier({ ...accepting, clockSkewSecs: 2 ** 32 })
  expect((await verify(new Request(post().url, init))).account).toBe(ACCOUNT_A)
})
