import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSessionClient, DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { type TestServer, testServer } from '../../src/testing/fake-server.js'
import type { Restore } from '../../src/testing/replace.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const domain = 'app.example.com'
const auth = ethereumAuth(KEY_A, undefined, { domain })
const resources = ['https://api.example.com/notes/*']
const NOTES = 'https://api.example.com/notes/1'

let server: TestServer
let other: TestServer
let restores: Restore[]
let session: DIDSession
beforeEach(async () => {
  server = testServer({ domains: [domain], handler: () => new Response('ok') })
  other = testServer({ domains: [domain], url: 'https://other.example.com:8443' })
  restores = [server.install(), other.install()]
  session = await DIDSession.get(ACCOUNT_A, auth, { resources, store: memoryStore() })
})
afterEach(() => {
  for (const restore of restores) restore()
})

/** A proxy like those of Vue, MobX and others: properties are read on the proxy. */
const proxied = <T extends object>(target: T): T =>
  new Proxy(target, {
    get(of, name, receiver) {
      const value: unknown = Reflect.get(of, name, receiver)
      // Vue also wraps the values it returns, unless they can't be extended.
      return typeof value === 'object' &&
        value !== null &&
        Object.isExtensible(value) &&
        !(value instanceof Date)
        ? proxied(value)
        : value
    },
  })

describe('a session', () => {
  it('has methods that work without the session as this', async () => {
    const { fetch, signRequest, sign, isAuthorized, can, remove } = session
    expect(await (await fetch(NOTES)).text()).toBe('ok')
    expect((await signRequest(new Request(NOTES))).headers.has('signature')).toBe(true)
    expect(await sign(new Uint8Array(3))).toHaveLength(64)
    expect([isAuthorized(resources), can('notes/read', NOTES)]).toEqual([true, false])
    const client = { fetch }
    await client.fetch(NOTES)
    expect(server.calls).toHaveLength(2)
    await remove()
    await expectCode('ERR_SESSION_REMOVED', () => fetch(NOTES))
  })

  it('works behind a Proxy, such as Vue’s', async () => {
    const { session: found } = proxied({ session })
    expect(found).not.toBe(session)
    expect(found).toBeInstanceOf(DIDSession)
    for (const name of ['account', 'id', 'keyDID', 'persistence', 'isExpired', 'isSerializable'] as const)
      expect(found[name]).toBe(session[name])
    expect(found.expiresAt).toEqual(session.expiresAt)
    expect(found.isAuthorized(resources)).toBe(true)
    await found.fetch(NOTES, { method: 'POST', body: 'x' })
    const worker = await DIDSession.authorize(auth, { resources })
    await found.delegate({ audience: worker.keyDID })
    const renewed = await found.renew(auth)
    expect(renewed.keyDID).not.toBe(session.keyDID)
    await proxied(renewed).remove()
    await expectCode('ERR_SESSION_REMOVED', () => renewed.fetch(NOTES))
  })

  it('emits events behind a Proxy too, and so does a client', async () => {
    const clients = proxied(createSessionClient({ store: memoryStore() }))
    const own = await clients.get(ACCOUNT_A, auth, { resources })
    expect((await clients.load())?.keyDID).toBe(own.keyDID)
    const removed = new Promise((resolve) => proxied(own).on('removed', resolve))
    await clients.signOut(ACCOUNT_A)
    expect(await removed).toMatchObject({ type: 'removed' })
  })

  it('shows none of its contents in copies, clones and JSON', () => {
    expect([{ ...session }, structuredClone(session), JSON.stringify(session)]).toEqual([{}, {}, '{}'])
    expect(Object.keys(session)).toEqual([])
    expect(session.constructor).toBe(DIDSession)
  })
})

describe('the capability', () => {
  it.each([
    'https://other.example.com:8443/notes/1',
    'https://api.example.com:8443/notes/1',
    'http://api.example.com/notes/1',
  ])('is not sent to %s, which no resource covers', async (url) => {
    const error = await expectCode('ERR_CAPABILITY_RESOURCES', () =>
      session.fetch(url, { method: 'POST', body: 'x' }),
    )
    expect(error.message).toContain(new URL(url).origin)
    expect(error.message).toContain('https://api.example.com')
    await expectCode('ERR_CAPABILITY_RESOURCES', () => session.revoke(url))
    expect([...server.calls, ...other.calls, ...server.refusals, ...other.refusals]).toEqual([])
    expect(session.isAuthorized()).toBe(true)
  })

  it('is sent to other origins that the caller lists', async () => {
    const { fetch } = session
    await fetch(`${other.url}/x`, { origins: [other.url] })
    await fetch(new Request(`${other.url}/x`), { origins: ['https://a.example', other.url] })
    expect(other.calls).toHaveLength(2)
    await session.revoke(`${other.url}/sign-out`, { origins: [other.url] })
    expect(other.calls).toHaveLength(3)
  })

  it('is sent to the origins of its abilities, or everywhere for a whole scheme', async () => {
    const store = memoryStore()
    const abilities = { 'https://other.example.com:8443/notes': { 'notes/read': [{}] } }
    const able = await DIDSession.get(ACCOUNT_A, auth, { resources, abilities, store })
    for (const url of [NOTES, `${other.url}/notes`]) expect((await able.fetch(url)).status).toBe(200)
    const wide = await DIDSession.authorize(auth, { resources: ['https://*'] })
    expect((await wide.fetch(NOTES)).status).toBe(200)
    await expectCode('ERR_CAPABILITY_RESOURCES', () => wide.fetch('http://api.example.com/notes'))
  })

  it.each([
    'https://*/notes/*',
    'https://*/',
    'https://*:443/*',
    'https:///*',
    'https://%2A/*',
    'https://notes@*/*',
  ])('of %s, which covers nothing at any other host, is sent nowhere', async (resource) => {
    const odd = await DIDSession.authorize(auth, { resources: [resource] })
    const error = await expectCode('ERR_CAPABILITY_RESOURCES', () => odd.fetch(NOTES))
    expect(error.message).toContain('the session covers nothing at https://api.example.com')
    expect(server.calls).toEqual([])
  })

  it('without URLs among its resources is sent only to origins that the caller lists', async () => {
    const streams = await DIDSession.authorize(auth, { resources: ['ceramic://*', 'urn:example:notes'] })
    const error = await expectCode('ERR_CAPABILITY_RESOURCES', () => streams.fetch(NOTES))
    expect(error.message).toContain('no origin')
    expect((await streams.fetch(NOTES, { origins: ['https://api.example.com'] })).status).toBe(200)
  })

  it.each([
    ['a string', 'https://api.example.com'],
    ['a URL with a path', ['https://api.example.com/']],
    ['a host only', ['api.example.com']],
    ['a wildcard', ['*']],
  ])('is not sent if an origin is %s', async (_, origins) => {
    const error = await failureOf(() => session.fetch(NOTES, { origins: origins as string[] }))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain('origins')
    expect(server.calls).toEqual([])
  })
})
