import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SessionErrorCode } from '../../src/base/errors.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { type TestServer, testServer } from '../../src/testing/fake-server.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import type { Restore } from '../../src/testing/replace.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const WEEK_SECS = 7 * 24 * 60 * 60
const domain = 'app.example.com'
const auth = ethereumAuth(KEY_A, undefined, { domain })
const resources = ['https://api.example.com/*']
const NOTES = 'https://api.example.com/notes'

let server: TestServer
let repair: Restore
beforeEach(() => {
  server = testServer({ domains: [domain], resources, handler: () => new Response('ok') })
  repair = server.install()
})
afterEach(() => {
  repair()
  expect(server.refusals).toEqual([])
})

describe('session.fetch', () => {
  it('sends a signed request, from a stored or a seed key', async () => {
    const stored = await DIDSession.get(ACCOUNT_A, auth, { resources, store: memoryStore() })
    const seeded = await DIDSession.authorize(auth, { resources })
    for (const session of [stored, seeded]) {
      const response = await session.fetch(NOTES, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"note":"ü"}',
      })
      expect(await response.text()).toBe('ok')
      const { request, caller } = server.calls.at(-1) ?? expect.fail('nothing was sent')
      // Equal values have the same name on both sides.
      const { account, id, keyDID, resources: covered, cacao } = session
      expect(caller).toMatchObject({ account, id, keyDID, resources: covered, cacao })
      expect([account, id, covered]).toEqual([ACCOUNT_A, `did:pkh:${ACCOUNT_A}`, resources])
      expect(session.authorizations).toEqual(covered)
      expect(await request.json()).toEqual({ note: 'ü' })
    }
    expect(server.calls).toHaveLength(2)
  })

  it('accepts a Request or a URL as well', async () => {
    const session = await DIDSession.authorize(auth, { resources })
    await session.fetch(new Request(NOTES, { method: 'DELETE' }))
    await session.fetch(new URL(NOTES))
    await session.fetch(new Request(NOTES), { method: 'PUT', body: 'x' })
    expect(server.calls.map(({ request }) => request.method)).toEqual(['DELETE', 'GET', 'PUT'])
  })

  it('passes members that it does not know on to fetch, where an engine may have options of its own', async () => {
    const session = await DIDSession.authorize(auth, { resources })
    const response = await session.fetch(NOTES, { next: { revalidate: 1 } } as RequestInit)
    expect(await response.text()).toBe('ok')
  })

  it('sends nothing once the session has expired', async () => {
    const clock = testClock()
    const session = await DIDSession.authorize(auth, { resources, now: clock.now })
    clock.advance(WEEK_SECS)
    await expectCode('ERR_CAPABILITY_EXPIRED', () => session.fetch(NOTES))
    await expectCode('ERR_CAPABILITY_EXPIRED', () => session.signRequest(new Request(NOTES)))
    expect(server.calls).toEqual([])
  })

  it('calls onExpired once the session has expired, and not before', async () => {
    const clock = testClock()
    const old = await DIDSession.authorize(auth, { resources, now: clock.now })
    const renewed = await DIDSession.authorize(auth, { resources, expiresInSecs: 1_000_000 })
    let calls = 0
    const onExpired = (): DIDSession => {
      calls++
      return renewed
    }
    await old.fetch(NOTES, { onExpired })
    expect(calls).toBe(0)
    clock.advance(WEEK_SECS)
    await old.fetch(NOTES, { onExpired })
    expect(calls).toBe(1)
    expect(server.calls.map(({ caller }) => caller.keyDID)).toEqual([old.keyDID, renewed.keyDID])
  })

  it('rejects with onExpired’s error, and sends nothing', async () => {
    const clock = testClock()
    const session = await DIDSession.authorize(auth, { resources, now: clock.now })
    clock.advance(WEEK_SECS)
    const reason = new Error('not now')
    const onExpired = (): Promise<DIDSession> => Promise.reject(reason)
    expect(await failureOf(() => session.fetch(NOTES, { onExpired }))).toBe(reason)
    expect(await failureOf(() => session.fetch(NOTES, { onExpired: session as never }))).toEqual(
      new TypeError('onExpired must be a function that returns a new session'),
    )
    await expectCode('ERR_CAPABILITY_EXPIRED', () => session.fetch(NOTES, { onExpired: () => session }))
    expect(server.calls).toEqual([])
  })

  it('rejects with a TypeError for a URL that fetch would refuse', async () => {
    const session = await DIDSession.authorize(auth, { resources })
    expect(await failureOf(() => session.fetch('http://'))).toBeInstanceOf(TypeError)
  })
})

describe('a nonce from the server', () => {
  const wallet = testWallet()
  const walletAuth = ethereumAuth(wallet.provider, ACCOUNT_A, { domain })

  it('is put into the signed message, and is requested only for a prompt', async () => {
    let calls = 0
    const nonce = async (): Promise<string> => {
      calls++
      return 'fromtheserver1'
    }
    const store = memoryStore()
    const session = await DIDSession.get(ACCOUNT_A, walletAuth, { resources, nonce, store })
    expect(session.cacao.p.nonce).toBe('fromtheserver1')
    await DIDSession.get(ACCOUNT_A, walletAuth, { resources, nonce, store })
    expect(calls).toBe(1)
    const seeded = await DIDSession.authorize(walletAuth, { resources, nonce: 'asavalue1' })
    expect(seeded.cacao.p.nonce).toBe('asavalue1')
  })

  const unusable: [string, SessionErrorCode, () => string | Promise<string>][] = [
    ['can not be fetched', 'ERR_AUTH_FAILED', () => Promise.reject(new Error('offline'))],
    ['is invalid', 'ERR_AUTH_FAILED', () => undefined as unknown as string],
    ['is too short', 'ERR_CAPABILITY_INVALID', () => 'short'],
  ]
  it.each(unusable)('that %s ends the sign-in before the wallet is asked', async (_, code, nonce) => {
    const before = wallet.prompts
    const store = memoryStore()
    await expectCode(code, () => DIDSession.get(ACCOUNT_A, walletAuth, { resources, nonce, store }))
    expect(wallet.prompts).toBe(before)
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources, { store })).toBe(false)
  })

  it('that the auth method does not use makes the sign-in fail', async () => {
    const forgetful = async (opts: object): ReturnType<typeof auth> =>
      auth({ ...opts, nonce: 'ofitsownmaking1' })
    await expectCode('ERR_CAPABILITY_NONCE', () =>
      DIDSession.authorize(forgetful, { resources, nonce: 'fromtheserver1' }),
    )
  })

  it('that is no string is a TypeError', async () => {
    const nonce = 12345678 as unknown as string
    expect(await failureOf(() => DIDSession.authorize(auth, { resources, nonce }))).toBeInstanceOf(TypeError)
  })

  it('that never arrives can be aborted', async () => {
    const controller = new AbortController()
    const waiting = DIDSession.authorize(auth, {
      resources,
      nonce: () => new Promise(() => undefined),
      signal: controller.signal,
    })
    controller.abort(new Error('enough'))
    expect(String(await failureOf(() => waiting))).toContain('enough')
  })
})

describe('session.signRequest', () => {
  it('takes its options, and none that is misspelt', async () => {
    const session = await DIDSession.authorize(auth, { resources })
    const onExpired = (): DIDSession => session
    const signed = await session.signRequest(new Request(NOTES), {
      onExpired,
      capabilityHeader: 'X-Capability',
    })
    expect(signed.headers.get('x-capability')).toMatch(/^CACAO /)
    for (const [options, message] of [
      [
        { onexpired: onExpired },
        'there is no option "onexpired" here; there are onExpired, capabilityHeader',
      ],
      [{ expiresInSecs: 60 }, 'there is no option "expiresInSecs" here'],
      [{ onExpired: session }, 'onExpired must be a function that returns a new session'],
      [null, 'options must be a plain object'],
    ] as const) {
      const failure = await failureOf(() => session.signRequest(new Request(NOTES), options as never))
      expect(failure).toBeInstanceOf(TypeError)
      expect(failure).toHaveProperty('message', expect.stringContaining(message))
    }
  })
})
