import { Hono } from 'hono'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { requireSession as fetchSession } from '../../src/middleware/fetch.js'
import { requireSession as honoSession } from '../../src/middleware/hono.js'
import { accepting, post } from '../setup/request-signer.js'

// Only in Node: a browser doesn't let a script set Connection.

const options = { ...accepting, resources: false as const, debug: false, maxBodyBytes: 1000 }
const app = new Hono().use('*', honoSession(options))
const servers: readonly (readonly [string, (request: Request) => Response | Promise<Response>])[] = [
  ['a fetch handler', fetchSession(options, () => new Response('saved'))],
  ['Hono', (request) => app.fetch(request)],
]

const CHUNKS = 20

/** An unsigned request whose body arrives in 20 chunks, or never ends. `left` is how many of them were not read yet. */
function uploading(
  connection: string,
  isEndless = false,
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
  const request = new Request(post().url, {
    method: 'POST',
    headers: { connection },
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
