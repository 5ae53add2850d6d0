import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore } from '../../src/store/store.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { type TestServer, testServer } from '../../src/testing/fake-server.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import type { Restore } from '../../src/testing/replace.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const ON_POLYGON = `eip155:137:${ADDRESS_A.toLowerCase()}`
const auth = (wallet = testWallet()) => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })

let store: SessionStore
beforeEach(() => {
  store = memoryStore()
})

describe('several accounts', () => {
  it('have sessions at the same time, and list returns all of them', async () => {
    const a = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const b = await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), { resources, store })
    expect((await DIDSession.list({ store })).map(({ account }) => account)).toEqual([ACCOUNT_A, ACCOUNT_B])
    for (const session of [a, b]) expect(await session.sign(new Uint8Array(1))).toHaveLength(64)
  })

  it('can be switched without a prompt', async () => {
    const a = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const b = await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), { resources, store })
    expect((await DIDSession.load(undefined, { store }))?.keyDID).toBe(b.keyDID)
    expect((await DIDSession.use(ACCOUNT_A, { store }))?.keyDID).toBe(a.keyDID)
    expect((await DIDSession.load(undefined, { store }))?.keyDID).toBe(a.keyDID)
    expect(await DIDSession.use(ON_POLYGON, { store })).toBeUndefined()
    expect((await DIDSession.load(undefined, { store }))?.keyDID).toBe(a.keyDID)
    await expect(DIDSession.use(undefined as never, { store })).rejects.toThrow(TypeError)
  })

  it('are signed out one at a time', async () => {
    const a = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const b = await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), { resources, store })
    await DIDSession.remove(ACCOUNT_B, { store })
    expect([a.isAuthorized(), b.isAuthorized()]).toEqual([true, false])
    expect((await DIDSession.list({ store })).map(({ account }) => account)).toEqual([ACCOUNT_A])
  })
})

describe('anyChain', () => {
  it('finds the session of an address on any chain', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const wallet = testWallet({ chainId: 137 })
    const options = { store, anyChain: true }
    const wanted = { ...options, resources }
    expect((await DIDSession.get(ON_POLYGON, auth(wallet), wanted)).keyDID).toBe(session.keyDID)
    expect((await DIDSession.load(ON_POLYGON, wanted))?.keyDID).toBe(session.keyDID)
    expect(await DIDSession.hasSessionFor(ON_POLYGON, resources, options)).toBe(true)
    expect(wallet.prompts).toBe(0)
  })

  it('is off by default, so that a session of another chain is not found', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    expect(await DIDSession.load(ON_POLYGON, { store })).toBeUndefined()
    expect(await DIDSession.hasSessionFor(ON_POLYGON, resources, { store })).toBe(false)
    const wallet = testWallet({ chainId: 137 })
    expect((await DIDSession.get(ON_POLYGON, auth(wallet), { resources, store })).id).toBe(
      `did:pkh:${ON_POLYGON}`,
    )
    expect(wallet.prompts).toBe(1)
  })

  it('finds no session of another address or of another kind of chain', async () => {
    await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const options = { store, anyChain: true }
    expect(await DIDSession.load(ACCOUNT_B, options)).toBeUndefined()
    expect(await DIDSession.load(`solana:1:${ADDRESS_A.toLowerCase()}`, options)).toBeUndefined()
  })

  it('signs out of all chains, and prompts once for calls on several chains', async () => {
    const one = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const two = await DIDSession.get(ON_POLYGON, auth(testWallet({ chainId: 137 })), {
      resources,
      store,
    })
    await DIDSession.remove(ACCOUNT_A, { store, anyChain: true })
    expect([one.isAuthorized(), two.isAuthorized()]).toEqual([false, false])
    const wallet = testWallet()
    const options = { resources, store, anyChain: true }
    const again = await Promise.all(
      [ACCOUNT_A, ON_POLYGON].map((account) => DIDSession.get(account, auth(wallet), options)),
    )
    expect(again[0]?.keyDID).toBe(again[1]?.keyDID)
    expect(wallet.prompts).toBe(1)
  })

  it('left out, signs out of one chain only', async () => {
    const one = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const two = await DIDSession.get(ON_POLYGON, auth(testWallet({ chainId: 137 })), {
      resources,
      store,
    })
    await DIDSession.remove(ACCOUNT_A, { store })
    expect([one.isAuthorized(), two.isAuthorized()]).toEqual([false, true])
  })
})

describe('session.revoke', () => {
  let repair: Restore | undefined
  afterEach(() => repair?.())
  /** A server with this answer. */
  function answering(handler: () => Response | Promise<Response>): TestServer {
    const server = testServer({ url: 'https://api.example', domains: ['app.example'], handler })
    repair = server.install()
    return server
  }
  const url = 'https://api.example/sign-out'

  it.each([
    ['has revoked it', () => new Response(null, { status: 204 })],
    ['had revoked it before', () => Response.json({ code: 'ERR_CAPABILITY_REVOKED' }, { status: 401 })],
    ['finds it expired', () => Response.json({ code: 'ERR_CAPABILITY_EXPIRED' }, { status: 401 })],
  ])('removes the session if the server %s', async (_, answer) => {
    const { calls } = answering(answer)
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    await session.revoke(url)
    expect(calls.map(({ request }) => request.method)).toEqual(['POST'])
    expect(calls[0]?.caller).toMatchObject({ account: ACCOUNT_A, keyDID: session.keyDID })
    expect(session.isAuthorized()).toBe(false)
    expect(await DIDSession.load(ACCOUNT_A, { store })).toBeUndefined()
  })

  it.each([
    ['answers 500', () => new Response('oops', { status: 500 })],
    ['refuses it for another reason', () => Response.json({ code: 'ERR_REQUEST_STALE' }, { status: 401 })],
    ['redirects', () => new Response(null, { status: 302, headers: { location: '/login' } })],
    ['answers garbage', () => new Response('{', { status: 404 })],
    ['is unreachable', () => Promise.reject(new TypeError('fetch failed'))],
  ])('keeps the session if the server %s', async (_, answer) => {
    answering(answer)
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    await expect(session.revoke(url)).rejects.toMatchObject({ code: 'ERR_REVOCATION_FAILED' })
    expect(session.isAuthorized()).toBe(true)
    expect(await DIDSession.load(ACCOUNT_A, { store })).toBeDefined()
  })

  it('rejects with the signal’s reason, and keeps the session', async () => {
    answering(() => Promise.reject(new DOMException('gone', 'AbortError')))
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(session.revoke(url, { signal })).rejects.toThrow('enough')
    expect(session.isAuthorized()).toBe(true)
  })

  it('sends no request for an expired session, and removes it', async () => {
    const server = answering(() => expect.fail('asked'))
    const clock = testClock()
    const options = { resources, store, expiresInSecs: 60, now: clock.now }
    const session = await DIDSession.get(ACCOUNT_A, auth(), options)
    clock.advance(61)
    await session.revoke(url)
    expect([...server.calls, ...server.refusals]).toEqual([])
    expect(await DIDSession.list({ store })).toEqual([])
  })
})
