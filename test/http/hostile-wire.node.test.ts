import { createServer } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type TestSigner, testSigner } from '../setup/request-signer.js'
import { headerOf, withHeader } from '../setup/wire-request.js'
import { expectAccepted, expectRefused, signedWire, strayErrors, TARGET } from './attack.js'
import { closeAll, listening, nodeListener, type Targets, targets } from './hostile-servers.js'
import { type Answer, answerTo, type Writing, written } from './raw-socket.js'

// Requests that no client of Node would send, over a raw socket.

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

/** The outcome: the request is accepted, or refused by us or, with a plain 400, by Node or Hono. */
type Fate = 'accepted' | 'refused' | 400

async function expectFate(fate: Fate, send: () => Promise<Answer>): Promise<void> {
  if (fate === 'accepted') return expectAccepted(await send())
  const isOurs = fate === 'refused'
  await expectRefused(send, isOurs ? 401 : fate, isOurs ? 'ERR_REQUEST_SIGNATURE' : undefined)
}

const QUERY = '?page=1&page=2'

describe.each(['node:http', 'Hono'] as const)('%s', (name) => {
  const of = (inNode: Fate, inHono: Fate): Fate => (name === 'node:http' ? inNode : inHono)

  afterEach(async () => {
    expectAccepted(await servers[name].send(await signedWire(signer, { body: 'x' })), 'x')
    expect(stray.seen).toEqual([])
  })

  // Hono normalizes a target first, so the normalized one is verified and passed to handlers.
  it.each<[string, Fate]>([
    [`/notes/./1${QUERY}`, of('refused', 'accepted')],
    [`/notes/x/../1${QUERY}`, of('refused', 'accepted')],
    [`/x/%2E%2e/notes/1${QUERY}`, of('refused', 'accepted')],
    [`${TARGET}#x`, of('refused', 'refused')],
    [`/notes\\1${QUERY}`, of('refused', 400)],
    [`http://api.example.com${TARGET}`, of('refused', 'accepted')],
    [`http://other.example${TARGET}`, of('refused', 'accepted')],
    [`http://api.example.com@other.example${TARGET}`, 'refused'],
    [`//api.example.com${TARGET}`, 'refused'],
    ['*', of('refused', 400)],
    [`notes/1${QUERY}`, 400],
    [`/n\u00f6tes/1${QUERY}`, 400],
  ])('treats the target %s as %s', async (target, fate) => {
    const wire = await signedWire(signer)
    await expectFate(fate, () => answerTo(servers[name].port, written({ ...wire, target })))
  })

  // The host is only a hint: the signed one decides, and is passed to handlers.
  it.each<[string, Fate, object, Writing]>([
    ['another', 'accepted', { host: 'evil.example' }, {}],
    ['in capitals', 'accepted', { host: 'API.Example.COM' }, {}],
    ['of UTF-8', of('accepted', 400), { host: 'b\u00c3\u00bccher.example' }, {}],
    ['of Latin-1', of('accepted', 400), { host: '\u00e0pi.example.com' }, {}],
    ['with a port', 'accepted', { host: 'api.example.com:8443' }, {}],
    ['and another', 'accepted', { host: 'evil.example\r\nHost: api.example.com' }, {}],
    ['that is empty', of('accepted', 400), { host: '' }, {}],
    ['missing', 400, {}, { withoutHost: true }],
    ['missing, as HTTP/1.0 may', of('accepted', 400), {}, { withoutHost: true, version: '1.0' }],
  ])('treats a host %s as %s', async (_, fate, change, writing) => {
    const wire = { ...(await signedWire(signer)), ...change }
    await expectFate(fate, () => answerTo(servers[name].port, written(wire, writing)))
  })

  it('refuses a header that continues on a second line or contains a zero byte', async () => {
    const wire = await signedWire(signer)
    const input = headerOf(wire, 'signature-input')
    for (const value of [input.replace(';tag', '\r\n ;tag'), `${input}\0`, `${input}\rX: y`]) {
      const bytes = written(withHeader(wire, 'signature-input', value))
      await expectRefused(() => answerTo(servers[name].port, bytes), 400, undefined)
    }
  })

  it('refuses a token of a megabyte', async () => {
    const wire = await signedWire(signer)
    const bytes = written(withHeader(wire, 'authorization', `CACAO ${'A'.repeat(1_000_000)}`))
    expect((await answerTo(servers[name].port, bytes)).status).toBe(431)
  })
})

describe('a fetch handler', () => {
  it.each([
    ['of letters', 'A'.repeat(1_000_000)],
    ['of spaces', `A${' '.repeat(1_000_000)}A`],
    ['of other bytes', '\u00ff'.repeat(1_000_000)],
  ])('refuses a token of a megabyte %s', async (_, token) => {
    const wire = await signedWire(signer)
    const attack = withHeader(wire, 'authorization', `CACAO ${token}`)
    await expectRefused(() => servers['a fetch handler'].send(attack), 401, 'ERR_CAPABILITY_INVALID')
    expectAccepted(await servers['a fetch handler'].send(wire))
  })
})

describe('a server with a fixed authority', () => {
  it('ignores the host that a client sends', async () => {
    const port = await listening(createServer(nodeListener({ authority: 'api.example.com' })))
    const wire = await signedWire(signer)
    const elsewhere = await signedWire(signer, { host: 'evil.example' })
    await expectRefused(() => answerTo(port, written(elsewhere)), 401, 'ERR_REQUEST_SIGNATURE')
    await expectRefused(
      () => answerTo(port, written({ ...elsewhere, host: 'api.example.com' })),
      401,
      'ERR_REQUEST_SIGNATURE',
    )
    expectAccepted(await answerTo(port, written({ ...wire, host: 'evil.example' })))
  })
})
