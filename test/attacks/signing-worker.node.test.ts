import { join } from 'node:path'
import { build } from 'esbuild'
import { beforeEach, expect, it } from 'vitest'
import { root } from '../docs/pages.js'

// The service worker of examples/service-worker, bundled as its build.js does it, with a session that only records what it
// signs.
const ORIGIN = 'https://app.example.com'

interface FetchEvent {
  readonly request: Request
  respondWith(answer: unknown): void
}

let signed: string[]
let onFetch: (event: FetchEvent) => void
beforeEach(async () => {
  signed = []
  const SESSION = 'export const DIDSession = { load: async () => globalThis.session }'
  const { outputFiles } = await build({
    entryPoints: [join(root, 'examples/service-worker/src/service-worker.js')],
    bundle: true,
    write: false,
    format: 'iife',
    alias: { 'cacao-session': `data:text/javascript,${SESSION}` },
  })
  const worker = {
    location: { origin: ORIGIN },
    addEventListener(type: string, listener: typeof onFetch) {
      if (type === 'fetch') onFetch = listener
    },
    session: {
      async fetch({ url, method }: Request) {
        signed.push(`${method} ${url}`)
      },
    },
  }
  new Function('globalThis', 'location', outputFiles[0]?.text ?? '')(worker, worker.location)
})

/** Passes a request to the worker as a browser does, and waits for its answer. */
async function send(init: RequestInit, browser: { mode: string; referrer: string }): Promise<void> {
  const request = new Request(`${ORIGIN}/api/notes`, init)
  // A script can not create a request with the mode `navigate`.
  for (const [name, value] of Object.entries(browser)) Object.defineProperty(request, name, { value })
  let answer: unknown
  onFetch({
    request,
    respondWith(given) {
      answer = given
    },
  })
  await answer
}

const POST = { method: 'POST', body: 'a note' }

it('the signing service worker signs requests and forms of its own pages', async () => {
  await send({}, { mode: 'no-cors', referrer: '' })
  await send(POST, { mode: 'cors', referrer: `${ORIGIN}/` })
  await send(POST, { mode: 'navigate', referrer: `${ORIGIN}/write?new` })
  expect(signed).toEqual(['GET', 'POST', 'POST'].map((method) => `${method} ${ORIGIN}/api/notes`))
})

it('the signing service worker signs no form or link of another site', async () => {
  for (const referrer of ['https://evil.example/', '', `${ORIGIN}.evil.example/`, 'about:client'])
    for (const init of [POST, {}]) await send(init, { mode: 'navigate', referrer })
  expect(signed).toEqual([])
})
