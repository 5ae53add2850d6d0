import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/index.js'
import { memoryStore } from '../../src/stores.js'
import { type Restore, type TestServer, testClock, testServer, testWallet } from '../../src/testing/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { failureOf } from '../setup/expect-code.js'

const resources = ['https://api.example.com/notes/*']
const NOTES = 'https://api.example.com/notes/1'
const wallet = testWallet()
const clock = testClock()
const auth = (domain = 'app.example.com') => ethereumAuth(wallet.provider, wallet.account, { domain })

let server: TestServer
let session: DIDSession
let restores: Restore[]
beforeEach(async () => {
  server = testServer({ domains: ['app.example.com'], resources, now: clock.now })
  restores = [server.install()]
  const options = { resources, store: memoryStore(), now: clock.now }
  session = await DIDSession.get(wallet.account, auth(), options)
})
afterEach(() => {
  for (const restore of restores) restore()
})

const codes = (): string[] => server.refusals.map(({ code }) => code)

describe('a server for tests', () => {
  it('answers session.fetch, and records the caller and the request', async () => {
    const response = await session.fetch(NOTES, { method: 'PUT', body: 'Buy cacao beans' })
    expect(await response.json()).toEqual({ account: wallet.account })
    expect(server.calls).toHaveLength(1)
    const { request, caller } = server.calls[0] ?? expect.fail('no call')
    expect([request.method, request.url, await request.text()]).toEqual(['PUT', NOTES, 'Buy cacao beans'])
    expect(caller).toMatchObject({ account: wallet.account, keyDID: session.keyDID })
    expect(server.refusals).toEqual([])
  })

  it('answers with a handler of the test, which reads the body', async () => {
    const own = testServer({
      url: 'https://notes.example:8443',
      domains: ['app.example.com'],
      handler: async (request, { account }) => new Response(`${account}: ${await request.text()}`),
    })
    restores.push(own.install())
    expect(own.url).toBe('https://notes.example:8443')
    const response = await session.fetch(`${own.url}/x`, { method: 'POST', body: 'ü', origins: [own.url] })
    expect(await response.text()).toBe(`${wallet.account}: ü`)
    expect([own.calls.length, server.calls.length]).toEqual([1, 0])
  })

  it('refuses the same requests as a real server, and records why', async () => {
    expect((await fetch(NOTES)).status).toBe(401)
    const elsewhere = await DIDSession.get(wallet.account, auth('evil.example'), {
      resources,
      store: memoryStore(),
      now: clock.now,
    })
    expect((await elsewhere.fetch(NOTES)).status).toBe(401)
    const narrow = await DIDSession.get(wallet.account, auth(), {
      resources: ['https://api.example.com/other'],
      store: memoryStore(),
      now: clock.now,
    })
    expect((await narrow.fetch(NOTES)).status).toBe(403)
    const old = await session.signRequest(new Request(NOTES))
    clock.advance(361)
    const response = await fetch(old)
    expect(response.headers.get('www-authenticate')).toBe('CACAO error="ERR_REQUEST_STALE"')
    const twice = await session.signRequest(new Request(NOTES))
    expect([(await fetch(twice.clone())).status, (await fetch(twice)).status]).toEqual([200, 401])
    expect(codes()).toEqual([
      'ERR_REQUEST_UNSIGNED',
      'ERR_CAPABILITY_DOMAIN',
      'ERR_CAPABILITY_RESOURCES',
      'ERR_REQUEST_STALE',
      'ERR_REQUEST_REPLAYED',
    ])
    expect(server.calls).toHaveLength(1)
    expect(server.refusals[2]?.message).toContain('notes')
  })

  it('refuses revoked sessions: a single one, or all sessions of an account', async () => {
    const other = await DIDSession.get(wallet.account, auth(), {
      resources,
      store: memoryStore(),
      now: clock.now,
    })
    await server.revoke(session.cacao)
    expect([(await session.fetch(NOTES)).status, (await other.fetch(NOTES)).status]).toEqual([401, 200])
    await server.revokeAll(wallet.account)
    expect((await other.fetch(NOTES)).status).toBe(401)
    expect(codes()).toEqual(['ERR_CAPABILITY_REVOKED', 'ERR_CAPABILITY_REVOKED'])
  })

  it('can be unreachable, unavailable, and work again', async () => {
    server.behaviour = 'unreachable'
    expect(await failureOf(() => session.fetch(NOTES))).toBeInstanceOf(TypeError)
    expect(server.refusals).toEqual([])
    server.behaviour = 'unavailable'
    const response = await session.fetch(NOTES)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(codes()).toEqual(['ERR_STORE_UNAVAILABLE'])
    server.behaviour = 'answers'
    expect((await session.fetch(NOTES)).status).toBe(200)
    expect(server.calls).toHaveLength(1)
    expect(() => Object.assign(server, { behaviour: 'down' })).toThrow(TypeError)
  })

  it('hangs until its behaviour changes, or until the app aborts the request', async () => {
    server.behaviour = 'hangs'
    const controller = new AbortController()
    const given = failureOf(() => session.fetch(NOTES, { signal: controller.signal }))
    const waiting = session.fetch(NOTES)
    controller.abort(new Error('enough'))
    expect(String(await given)).toContain('enough')
    expect(server.calls).toHaveLength(0)
    server.behaviour = 'answers'
    expect((await waiting).status).toBe(200)
  })

  it('passes requests to other origins, and all requests after a restore, to the real fetch', async () => {
    const elsewhere = 'data:text/plain,elsewhere'
    for (const restore of restores) restore()
    const real = globalThis.fetch
    restores = [server.install()]
    expect(await (await fetch(elsewhere)).text()).toBe('elsewhere')
    const other = testServer({ url: 'https://other.example', domains: ['app.example.com'] })
    const repairOther = other.install()
    // Restored in the order in which they were installed, which is not the reverse order.
    for (const restore of restores) restore()
    expect((await fetch('https://other.example/')).status).toBe(401)
    expect(await (await fetch(elsewhere)).text()).toBe('elsewhere')
    repairOther()
    expect(globalThis.fetch).toBe(real)
    expect(other.refusals).toHaveLength(1)
    expect(await (await fetch(elsewhere)).text()).toBe('elsewhere')
    expect(server.refusals).toEqual([])
  })

  it('requires the domains whose sign-ins it accepts', () => {
    expect(() => testServer({} as never)).toThrow(TypeError)
    expect(() => testServer('app.example.com' as never)).toThrow(/^options must be a plain object/)
    expect(() => testServer({ url: 'nowhere', domains: ['app.example.com'] })).toThrow(TypeError)
  })
})
