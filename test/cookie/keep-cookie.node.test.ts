import { expect, it, onTestFinished, vi } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { isTransient, setCookie } from '../../src/store/page-cookie.js'
import { replace } from '../../src/testing/replace.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

it('keepCookie rejects outside of pages, where sign-out works without cookies', async () => {
  const store = memoryStore()
  const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
  const session = await DIDSession.get(ACCOUNT_A, auth, { resources: ['https://api.example/*'], store })
  const { message } = await expectCode('ERR_ENVIRONMENT', () =>
    session.keepCookie('https://app.example/session'),
  )
  expect(message).toContain('sign requests with session.fetch')
  await session.remove()
  expect(await DIDSession.list({ store })).toEqual([])
})

it('keepCookie waits at most 30 s for a response whose body never ends', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const owner = {
    keyDID: 'did:key:zKey',
    // As `fetch` does: aborting the signal ends the body, too.
    fetch: async (_: URL, { signal }: RequestInit) =>
      new Response(
        new ReadableStream({
          start: (body) => signal?.addEventListener('abort', () => body.error(signal.reason)),
        }),
      ),
  }
  const setting = setCookie(owner, new URL('https://app.example/session'), new AbortController().signal)
  const failure = expectCode('ERR_COOKIE_FAILED', () => setting)
  await vi.advanceTimersByTimeAsync(30_000)
  expect(isTransient(await failure)).toBe(true)
  expect((await failure).message).toContain('did not answer within 30 s')

  const leaving = new AbortController()
  const left = setCookie(owner, new URL('https://app.example/session'), leaving.signal)
  await vi.advanceTimersByTimeAsync(1)
  leaving.abort('the page is left')
  await expect(left).rejects.toBe('the page is left')
})

it('ends with the signal while another tab holds the lock of the cookie, and then sends nothing', async () => {
  let grant: (() => unknown) | undefined
  const locks = {
    request: (_name: string, work: () => Promise<unknown>) =>
      new Promise((resolve, reject) => {
        grant = () => work().then(resolve, reject)
      }),
  }
  const sent = vi.fn()
  const restores = [
    replace(globalThis, 'document', { value: new EventTarget() }),
    replace(globalThis, 'location', { value: new URL('https://app.example/') }),
    replace(globalThis, 'navigator', { value: { locks } }),
    replace(globalThis, 'addEventListener', { value: () => undefined }),
    replace(globalThis, 'removeEventListener', { value: () => undefined }),
    replace(globalThis, 'fetch', { value: sent }),
  ]
  onTestFinished(() => {
    for (const restore of restores) restore()
  })
  const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
  const session = await DIDSession.authorize(auth, { resources: ['https://api.example/*'] })
  const leaving = new AbortController()
  const keeping = session.keepCookie('/session', { signal: leaving.signal })
  await vi.waitFor(() => expect(grant).toBeDefined())
  leaving.abort('the page is left')
  await expect(keeping).rejects.toBe('the page is left')
  await grant?.()
  expect(sent).not.toHaveBeenCalled()
})
