import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { KEY_A } from '../setup/wallet.js'

// Only in Node: Firefox and Safari don't send streams.

const URL_OF_FILE = 'https://api.example.com/notes/file'
const why = new Error('enough')

let session: DIDSession
beforeAll(async () => {
  const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' })
  const resources = ['https://api.example.com/*', 'http://127.0.0.1/*']
  session = await DIDSession.authorize(auth, { resources })
})

const closing: Server[] = []
afterEach(async () => {
  for (const server of closing.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** The options of a request whose body never ends. `asked` resolves when the body is read, `cancelled` with the reason of its end. */
function endless(): {
  init: RequestInit
  asked: Promise<void>
  cancelled: Promise<unknown>
  reads: () => number
} {
  let reads = 0
  let ask = (): void => undefined
  let cancel = (_reason: unknown): void => undefined
  const asked = new Promise<void>((resolve) => {
    ask = resolve
  })
  const cancelled = new Promise<unknown>((resolve) => {
    cancel = resolve
  })
  const source = {
    pull() {
      reads++
      ask()
      return new Promise<void>(() => undefined)
    },
    cancel,
  }
  // Read only when somebody asks for it.
  const body = new ReadableStream(source, { highWaterMark: 0 })
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit
  return { init, asked, cancelled, reads: () => reads }
}

describe('a request that is aborted while its body is still being read', () => {
  it('rejects with the reason, and cancels the stream', async () => {
    const { init, asked, cancelled } = endless()
    const controller = new AbortController()
    const sending = session.fetch(URL_OF_FILE, { ...init, signal: controller.signal })
    await asked
    controller.abort(why)
    expect(await failureOf(() => sending)).toBe(why)
    expect(await cancelled).toBe(why)
  })

  it('rejects with the reason if the signal is that of a Request', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const inputs = [endless(), endless(), endless()]
    const [first, second, third] = inputs.map(({ init }) => init)
    const sending = [
      session.fetch(new Request(URL_OF_FILE, { signal }), first),
      session.fetch(new Request(URL_OF_FILE, { ...second, signal })),
      session.signRequest(new Request(URL_OF_FILE, { ...third, signal })),
    ]
    await Promise.all(inputs.map(({ asked }) => asked))
    controller.abort(why)
    for (const each of sending) expect(await failureOf(() => each)).toBe(why)
    for (const { cancelled } of inputs) expect(await cancelled).toBeDefined()
  })

  it('is not read at all if the signal was aborted before', async () => {
    const { init, reads } = endless()
    const aborted = AbortSignal.abort(why)
    expect(await failureOf(() => session.fetch(URL_OF_FILE, { ...init, signal: aborted }))).toBe(why)
    expect(reads()).toBe(0)
  })

  it('sends a stream that ends, and does not cancel it', async () => {
    const body = new Blob(['Buy cacao beans']).stream()
    const { signal } = new AbortController()
    const server = createServer((request, response) => void request.pipe(response))
    const origin = await listening(server)
    const init = { method: 'POST', body, duplex: 'half', signal, origins: [origin] }
    expect(await (await session.fetch(`${origin}/file`, init)).text()).toBe('Buy cacao beans')
  })
})

it('a stream of texts is refused, because engines send only bytes', async () => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue('Buy cacao beans')
      controller.close()
    },
  })
  const request = new Request(URL_OF_FILE, { method: 'POST', body, duplex: 'half' } as RequestInit)
  expect(await failureOf(() => session.signRequest(request))).toMatchObject({
    name: 'TypeError',
    cause: expect.objectContaining({ message: 'a stream that is sent must contain bytes' }),
  })
})

describe('a stream is not read', () => {
  it('for an origin that the session does not cover', async () => {
    const { init, reads } = endless()
    await expectCode('ERR_CAPABILITY_RESOURCES', () => session.fetch('https://other.example/', init))
    expect(reads()).toBe(0)
  })

  it('for a method that has no body', async () => {
    const { init, reads } = endless()
    const failure = await failureOf(() => session.fetch(URL_OF_FILE, { ...init, method: 'GET' }))
    expect(failure).toBeInstanceOf(TypeError)
    expect(reads()).toBe(0)
  })
})

it('a request that is aborted while a refusal arrives rejects with the reason', async () => {
  const controller = new AbortController()
  const server = createServer((_request, response) => {
    response.writeHead(401, { 'content-type': 'application/json' })
    response.write('{"code":', () => controller.abort(why))
  })
  const origin = await listening(server)
  const { signal } = controller
  expect(await failureOf(() => session.fetch(origin, { signal, origins: [origin] }))).toBe(why)
})

async function listening(server: Server): Promise<string> {
  closing.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
