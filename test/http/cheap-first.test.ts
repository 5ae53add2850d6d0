import { beforeAll, describe, expect, it } from 'vitest'
import type { SessionErrorCode } from '../../src/base/errors.js'
import type { IncomingRequest } from '../../src/http/incoming-request.js'
import { incomingRequest } from '../../src/http/incoming-request.js'
import { memoryReplay } from '../../src/http/replay.js'
import type { VerifyRequestOptions } from '../../src/http/verify-options.js'
import { incomingVerifier, requestVerifier } from '../../src/http/verify-request.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { delegated, granted } from '../setup/chain.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { accepting, NOW, post, type TestSigner, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_B } from '../setup/wallet.js'

// Cheap checks come before expensive ones: a body, an RPC, a store.

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})

/** The work that a request causes, in order. */
async function workOf(request: Request, changes: Partial<VerifyRequestOptions> = {}): Promise<string[]> {
  const work: string[] = []
  const incoming = incomingRequest(request)
  const watched: IncomingRequest<Request> = {
    ...incoming,
    body(limits) {
      work.push('body')
      return incoming.body(limits)
    },
  }
  const verify = incomingVerifier<Request>({
    ...accepting,
    verifiers: {
      async eip191(...judged: Parameters<typeof accepting.verifiers.eip191>) {
        work.push('wallet')
        await accepting.verifiers.eip191(...judged)
      },
    },
    revocation: {
      isRevoked() {
        work.push('revocation')
        return false
      },
    },
    replay: {
      use() {
        work.push('replay')
        return true
      },
    },
    ...changes,
  })
  await failureOf(async () => {
    await verify(watched)
    throw new Error('accepted')
  })
  return work
}

describe('a request', () => {
  it('that is valid is checked in full: wallet, body, revocation, replay', async () => {
    expect(await workOf(await signer.sign(post()))).toEqual(['wallet', 'body', 'revocation', 'replay'])
  })

  const late = Date.parse('2026-01-31T12:00:30Z')
  const useless: [SessionErrorCode, () => Promise<Request>, Partial<VerifyRequestOptions>][] = [
    [
      'ERR_CAPABILITY_EXPIRED',
      async () => (await testSigner('P-256', { exp: '2026-01-31T12:00:20Z' })).sign(post()),
      { now: () => late },
    ],
    ['ERR_CAPABILITY_DOMAIN', () => signer.sign(post()), { domains: ['other.example'] }],
    ['ERR_CAPABILITY_RESOURCES', () => signer.sign(post()), { resources: ['https://api.example.com/admin'] }],
    [
      'ERR_CAPABILITY_AUDIENCE',
      async () => {
        const { signRequest } = await import('../../src/http/sign-request.js')
        return signRequest(post(), { key: (await testSigner()).key, cacao: signer.cacao }, NOW)
      },
      {},
    ],
    [
      'ERR_CAPABILITY_DELEGATED',
      async () => {
        const { signRequest } = await import('../../src/http/sign-request.js')
        return signRequest(post(), await delegated(await granted()), NOW)
      },
      {},
    ],
  ]
  it.each(useless)(
    'whose capability is refused with %s causes no work at the wallet, body or stores',
    async (code, make, options) => {
      expect(await workOf(await make(), options)).toEqual([])
      await expectCode(code, async () => requestVerifier({ ...accepting, ...options })(await make()))
    },
  )

  it('with a forged capability is refused before its body is read', async () => {
    const forged = await testSigner('P-256', { iss: `did:pkh:${ACCOUNT_B}` })
    expect(await workOf(await forged.sign(post()))).toEqual(['wallet'])
  })
})

describe('a single caller', () => {
  it('can not fill the replay store for others', async () => {
    const clock = testClock(NOW)
    const verify = requestVerifier({ ...accepting, now: clock.now, maxLiveRequests: 3 })
    const send = async (by: TestSigner): Promise<unknown> => verify(await by.sign(post(), clock.now()))
    for (let i = 0; i < 3; i++) await send(signer)
    await expectCode('ERR_REQUEST_LIMIT', () => send(signer))
    await send(await testSigner())
    // Once the first requests have expired, there is room again.
    clock.advance(366)
    await send(signer)
  })

  it('can not fill it with simultaneous requests either, and refused requests take no room', async () => {
    const verify = requestVerifier({ ...accepting, maxLiveRequests: 3 })
    const altered = async (): Promise<Request> => {
      const { url, headers } = await signer.sign(post('one'))
      return new Request(url, { method: 'POST', headers, body: 'two' })
    }
    for (let i = 0; i < 3; i++) await expectCode('ERR_REQUEST_DIGEST', async () => verify(await altered()))
    const signed = await Promise.all(Array.from({ length: 5 }, () => signer.sign(post())))
    const results = await Promise.allSettled(signed.map((request) => verify(request)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason.code).toBe('ERR_REQUEST_LIMIT')
  })

  it('can not make the server hold more body bytes than its limit', async () => {
    const verify = requestVerifier({ ...accepting, maxBodyBytes: 1000, maxHeldBytes: 1500 })
    const open: ReadableStreamDefaultController<Uint8Array>[] = []
    const slow = async (by: TestSigner): Promise<Request> => {
      const signed = await by.sign(post('x'.repeat(1000)))
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          open.push(controller)
          controller.enqueue(new Uint8Array(999).fill(120))
        },
      })
      return new Request(signed.url, {
        method: 'POST',
        headers: signed.headers,
        body,
        duplex: 'half',
      } as RequestInit)
    }
    // In Firefox, where requests have no streams, a body is read only when it is complete.
    if (!new Request('https://a.example', { method: 'POST', body: 'x' }).body) return
    const first = verify(await slow(signer))
    await expectCode('ERR_REQUEST_LIMIT', async () => verify(await slow(signer)))
    const other = verify(await slow(await testSigner()))
    for (const controller of [open[0], open[2]]) {
      controller?.enqueue(Uint8Array.of(120))
      controller?.close()
    }
    await first
    await other
    // The held bytes are released.
    await verify(await signer.sign(post('x'.repeat(1000))))
  })

  it('is refused if its body is still incomplete when its signature expires', async () => {
    if (!new Request('https://a.example', { method: 'POST', body: 'x' }).body) return
    let time = NOW
    const verify = requestVerifier({ ...accepting, now: () => time })
    const signed = await signer.sign(post('xx'))
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(120)),
    })
    time = NOW + 359_990
    const request = new Request(signed.url, {
      method: 'POST',
      headers: signed.headers,
      body,
      duplex: 'half',
    } as RequestInit)
    await expectCode('ERR_REQUEST_STALE', () => verify(request))
  })
})

describe('a clock that jumps back', () => {
  it('does not make a used request valid again', async () => {
    const clock = testClock(NOW)
    for (const replay of [memoryReplay({ now: clock.now }), { use: () => true }]) {
      clock.set(NOW)
      const verify = requestVerifier({ ...accepting, now: clock.now, replay })
      const request = await signer.sign(post())
      await verify(request.clone())
      clock.advance(370)
      await verify(await signer.sign(post(), clock.now()))
      clock.set(NOW)
      await expectCode('ERR_REQUEST_STALE', () => verify(request))
    }
  })

  it('does not make it valid again either if it went forward while the store was asked', async () => {
    const clock = testClock(NOW)
    let takesMs = 0
    const replay = {
      use() {
        clock.advance(takesMs / 1000)
        return true
      },
    }
    const verify = requestVerifier({ ...accepting, now: clock.now, replay })
    const request = await signer.sign(post())
    await verify(request.clone())
    // Until then the store has not forgotten the request: a store that forgets at once can't refuse it.
    takesMs = 359_999
    await verify(await signer.sign(post()))
    clock.set(NOW)
    takesMs = 360_000
    await verify(request.clone())
    clock.set(NOW)
    await expectCode('ERR_REQUEST_STALE', () => verify(request))
  })

  it('or shows no time for a while, does not block later requests', async () => {
    let time = NOW
    const verify = requestVerifier({ ...accepting, now: () => time })
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, NOW + 86_400_000]) {
      time = odd
      await failureOf(async () => verify(await signer.sign(post())))
      time = NOW
      await verify(await signer.sign(post()))
    }
  })
})
