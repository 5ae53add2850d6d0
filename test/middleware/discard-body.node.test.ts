import { Hono } from 'hono'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { requireSession as fetchSession } from '../../src/middleware/fetch.js'
import type { RequireSessionOptions } from '../../src/middleware/guard.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { accepting, post, RESOURCE, testSigner } from '../setup/request-signer.js'

// Only in Node: a browser doesn't let a script set Connection.

const options = { ...accepting, debug: false, maxBodyBytes: 1000 }
const app = new Hono().use('*', honoSession(options))
const servers: readonly (readonly [string, (request: Request) => Response | Promise<Response>])[] = [
  ['a fetch handler', fetchSession(options, () => new Response('saved'))],
  ['Hono', (request) => app.fetch(request)],
]

const CHUNKS = 20

/**
 * An unsigned request, unless `given` has its URL and headers, whose body arrives in 20 chunks, or never ends. `left` is how many of them
 * were not read yet.
 */
function uploading(
  connection: string,
  isEndless = false,
  given: { readonly url: string; readonly headers?: Headers } = { url: post().url },
): { readonly request: Request; readonly left: () => number; readonly isCancelled: () => boolean } {
  let left = CHUNKS
  let isCancelled = false
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left > 0) {
        left--
        controller.enqueue(new Uint8Array(10_000))
      } else if (isEndless) {
        return new Promise(() => undefined)
      } else controller.close()
      return undefined
    },
    cancel() {
      isCancelled = true
    },
  })
  const headers = new Headers(given.headers)
  headers.set('connection', connection)
  const request = new Request(given.url, {
    method: 'POST',
    headers,
    body,
    duplex: 'half',
  } as RequestInit)
  return { request, left: () => left, isCancelled: () => isCancelled }
}

describe.each(servers)('%s that refuses a request', (_, serve) => {
  afterEach(() => vi.useRealTimers())

  it.each(['close', 'Close', 'TE, close'])(
    'reads its body to the end before it answers, if the connection is "%s"',
    async (connection) => {
      const { request, left } = uploading(connection)
      const response = await serve(request)
      expect(left()).toBe(0)
      expect(response.status).toBe(401)
      expect(await response.json()).toEqual({ code: 'ERR_REQUEST_UNSIGNED' })
    },
  )

  it('answers at once if the connection stays open', async () => {
    const { request, left } = uploading('keep-alive')
    expect((await serve(request)).status).toBe(401)
    expect(left()).toBeGreaterThan(CHUNKS - 3)
  })

  it('waits five seconds for a body that does not end', async () => {
    vi.useFakeTimers()
    const { request, left, isCancelled } = uploading('close', true)
    const answering = serve(request)
    await vi.advanceTimersByTimeAsync(5000)
    expect((await answering).status).toBe(401)
    expect(left()).toBe(0)
    expect(isCancelled()).toBe(true)
  })

  it('answers a request whose connection broke', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) })
    const headers = { connection: 'close' }
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
    expect((await serve(new Request(post().url, init))).status).toBe(401)
  })
})

// The guard has passed the body on to a request with the verified URL, because a function wanted one.
describe.each<[string, Partial<RequireSessionOptions>, string]>([
  ['its body is too large', {}, 'ERR_REQUEST_TOO_LARGE'],
  [
    'the capability does not cover it',
    { resources: () => ['https://api.example.com/orders'] },
    'ERR_CAPABILITY_RESOURCES',
  ],
])('a request that is refused for the verified URL: %s', (_, changes, code) => {
  const given = { ...options, resources: () => [RESOURCE], ...changes }
  const behindProxy = new Hono().use('*', honoSession(given))

  it.each<[string, (request: Request) => Response | Promise<Response>]>([
    ['a fetch handler', fetchSession(given, () => new Response('saved'))],
    ['Hono', (request) => behindProxy.fetch(request)],
  ])('is read to its end by %s before the answer closes its connection', async (__, serve) => {
    const signer = await testSigner()
    const { headers } = await signer.sign(post())
    // Only a URL that a proxy has changed is not the verified one.
    const url = 'http://10.0.0.1:3000/notes?page=1'
    const { request, left } = uploading('close', false, { url, headers })
    const response = await serve(request)
    expect(await response.json()).toEqual({ code })
    expect(left()).toBe(0)
  })
})
