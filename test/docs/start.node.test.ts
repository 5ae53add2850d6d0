import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { guide } from './pages.js'
import { PAGE } from './setup.js'

const SERVE = 'serve({ fetch: app.fetch, port: 8787 })'

// The server behind Vite, in the same process, and the parts of a page that the example uses.
const ARRANGED = `${PAGE}
  globalThis.location = { host: 'localhost:5173', origin: 'http://localhost:5173' }
  globalThis.Request = class extends Request { constructor(input, init) { super(typeof input === 'string' ? new URL(input, location.origin) : input, init) } }
  globalThis.fetch = async (request) => answer(request)
  for (const name of ['addEventListener', 'removeEventListener']) globalThis[name] = window[name].bind(window)
  const elements = {}
  globalThis.document = Object.assign(new EventTarget(), { body: { append() {} }, visibilityState: 'visible', createElement: (name) => (elements[name] = {}) })
  const { p, button } = new Proxy(elements, { get: (_, name) => ({ get textContent() { return elements[name].textContent }, onclick: () => elements[name].onclick() }) })
  const answer = await (async () => {
    ${guide('start', 'server')
      .replace(/^import .*$/gm, '')
      .replace(SERVE, 'return app.fetch')}
  })()
  import { Hono } from 'hono'
  import { ethereumVerifiers } from 'cacao-session/ethereum'
  import { requireSession } from 'cacao-session/hono'
  import { DIDSession } from 'cacao-session'
  import { discoverWallets, ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
  const load = async () => { ${guide('start', 'page').replace(/^import .*$/gm, '')} }
`

describe('the guide to starting', () => {
  it('has a page that signs in, calls the server, and is still signed in after a reload', () => {
    expect(guide('start', 'server')).toContain(SERVE)
    const output = runFresh(`${ARRANGED}
      const repair = wallet.announce()
      await load()
      console.log(p.textContent, '|', elements.button.textContent)
      console.log((await answer(new Request('http://localhost:5173/api/hello', { method: 'POST' }))).status)
      await button.onclick()
      console.log(p.textContent, '|', elements.button.textContent)
      await button.onclick()
      console.log(p.textContent)
      await load()
      console.log(p.textContent, wallet.prompts)
      process.exit()`)
    expect(output.trim().split('\n')).toEqual([
      'Nobody is signed in | Sign in',
      '401',
      `You are ${ACCOUNT_A} | Say hello`,
      `{"hello":"${ACCOUNT_A}"}`,
      `You are ${ACCOUNT_A} 1`,
    ])
  })

  it('says that the server is not there if it was not started', () => {
    const output = runFresh(`${ARRANGED}
      const repair = wallet.announce()
      await load()
      await button.onclick()
      // What Vite's proxy answers then.
      globalThis.fetch = async () => new Response('', { status: 502 })
      await button.onclick()
      console.log(p.textContent)
      process.exit()`)
    expect(output.trim()).toBe('The server answered 502:')
  })

  it('shows a message if there is no wallet', () => {
    const output = runFresh(`${ARRANGED}
      globalThis.alert = (words) => console.log(words)
      await load()
      await button.onclick()
      process.exit()`)
    expect(output.trim()).toBe('There is no wallet in this browser: install one, and reload')
  })

  it('shows a message if the person rejects, and signs in at the next click', () => {
    const output = runFresh(`${ARRANGED}
      wallet.announce()
      await load()
      wallet.behaviour = 'rejects'
      await button.onclick()
      console.log(p.textContent, '|', elements.button.textContent)
      wallet.behaviour = 'approves'
      await button.onclick()
      console.log(p.textContent)
      process.exit()`)
    expect(output.trim().split('\n')).toEqual([
      expect.stringMatching(/reject.* \| Sign in$/),
      `You are ${ACCOUNT_A}`,
    ])
  })

  it('has a script that uses one session in two runs, with the same server', async () => {
    const env = { PRIVATE_KEY: KEY_A, SESSION_FILE: join(await temporaryFolder(), 'session.json') }
    const run = (): string =>
      runFresh(
        `${ARRANGED}\n${guide('start', 'script').replace(/^import .*\/(ethereum|session)'$|^import .*'cacao-session'$/gm, '')}
        console.log(session.keyDID)`,
        env,
      )
    const [first, second] = [run(), run()]
    expect(first).toMatch(new RegExp(`^200 {"hello":"${ACCOUNT_A}"}\ndid:key:z6Mk\\w+\n$`))
    expect(second).toBe(first)
  })
})
