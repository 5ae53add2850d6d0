import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Hono } from 'hono'
import { expect, it, onTestFinished } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { stringStore } from '../../src/store/string-store.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { sealedCookies, trustOptions } from '../setup/cookies.js'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const wallet = testWallet()
const auth = ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })

/** Handles the server's requests: sign in, return who is signed in, sign out. */
async function answer(path: string, store: ReturnType<typeof stringStore>): Promise<string> {
  const options = { store, resources, ...trustOptions }
  if (path === '/sign-out') await DIDSession.remove(ACCOUNT_A, { store })
  const session =
    path === '/sign-in'
      ? await DIDSession.get(ACCOUNT_A, auth, options)
      : await DIDSession.load(undefined, options)
  return session?.keyDID ?? 'signed out'
}

const plain: RequestListener = async (request, response) => {
  const cookies = sealedCookies(request)
  const body = await answer(request.url ?? '', stringStore(cookies))
  cookies.apply(response)
  response.end(body)
}

const onExpress = express().use(async (request, response) => {
  const cookies = sealedCookies(request)
  const body = await answer(request.path, stringStore(cookies))
  cookies.apply(response)
  response.send(body)
})

const onHono = new Hono().all('*', async (c) => {
  const cookies = sealedCookies(c.req.raw)
  const response = new Response(await answer(c.req.path, stringStore(cookies)))
  cookies.apply(response.headers)
  return response
})

type Send = (path: string, cookie: string) => Promise<Response>

async function overHTTP(listener: RequestListener): Promise<Send> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close().closeAllConnections())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return (path, cookie) => fetch(`http://127.0.0.1:${port}${path}`, { headers: { cookie } })
}

it.each<[server: string, open: () => Promise<Send>]>([
  ['node:http', () => overHTTP(plain)],
  ['Express', () => overHTTP(onExpress)],
  ['Hono', async () => async (path, cookie) => onHono.request(path, { headers: { cookie } })],
])('a session in cookies survives a round trip through %s', async (_, open) => {
  const [send, before] = [await open(), wallet.prompts]
  let cookie = 'theme=dark'
  const visit = async (path: string): Promise<string> => {
    const response = await send(path, cookie)
    const pairs = response.headers.getSetCookie().map((line) => line.split(';')[0])
    if (pairs.length > 0) cookie = ['theme=dark', ...pairs].join('; ')
    return response.text()
  }
  expect(await visit('/')).toBe('signed out')
  expect(cookie).toBe('theme=dark')
  const keyDID = await visit('/sign-in')
  expect(keyDID).toMatch(/^did:key:z6Mk/)
  expect([await visit('/'), await visit('/sign-in')]).toEqual([keyDID, keyDID])
  expect(wallet.prompts - before).toBe(1)
  expect(await visit('/sign-out')).toBe('signed out')
  expect(await visit('/')).toBe('signed out')
})

it('a server keeps no memory of finished requests', () => {
  const output = runFresh(`
    import { setFlagsFromString } from 'node:v8'
    import { runInNewContext } from 'node:vm'
    import { setImmediate } from 'node:timers/promises'
    import { DIDSession } from 'cacao-session'
    import { ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
    import { cookieStore, stringStore } from 'cacao-session/stores'
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc')
    const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example' })
    const secret = crypto.getRandomValues(new Uint8Array(32))
    const trustOptions = { verifiers: ethereumVerifiers(), domains: ['app.example'] }
    const cookies = cookieStore(undefined, { secret })
    const options = { resources: ['a:b'], store: stringStore(cookies), ...trustOptions }
    await DIDSession.get('${ACCOUNT_A}', auth, options)
    const header = cookies.setCookies()[0].split(';')[0]
    const past = []
    const request = async () => {
      const cookies = cookieStore(header, { secret })
      past.push(new WeakRef(cookies))
      const session = await DIDSession.load(undefined, { store: stringStore(cookies), ...trustOptions })
      session.on('removed', () => undefined)()
      if (!session.isAuthorized(['a:b'])) throw new Error('not signed in')
    }
    for (let i = 0; i < 100; i++) await request()
    const left = () => past.filter((ref) => ref.deref()).length
    for (let i = 0; i < 50 && left() > 1; i++) {
      await setImmediate()
      collect()
    }
    console.log(past.length, left() <= 1)`)
  expect(output.trim()).toBe('100 true')
})
