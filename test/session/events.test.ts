import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SessionEventType, SessionListenerOptions } from '../../src/options/session-options.js'
import { DIDSession, type SessionEvent } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore } from '../../src/store/store.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
const resources = ['https://api.example/notes/*']
const SECOND = 1000
const DAY = 24 * 3600 * SECOND

let store: SessionStore
const now = (): number => Date.now()
const session = (expiresInSecs = 3600) => DIDSession.get(ACCOUNT_A, auth, { resources, store, expiresInSecs })

/** Lets time pass. */
async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms)
  await vi.advanceTimersByTimeAsync(0)
}

/** Lets time pass while timers stand still. */
const sleep = (ms: number): unknown => vi.setSystemTime(Date.now() + ms)

/** Listens, and returns the types of the emitted events. */
async function hear(
  subject: DIDSession,
  types: readonly SessionEventType[],
  options?: SessionListenerOptions,
): Promise<SessionEventType[]> {
  const heard: SessionEventType[] = []
  for (const type of types) subject.on(type, (event) => heard.push(event.type), options)
  await listening()
  return heard
}

/** The code that listens is loaded on demand. */
const listening = async (): Promise<void> => {
  await import('../../src/tabs/index.js')
  await import('../../src/resume/helpers.js')
  await Promise.resolve()
}

beforeEach(() => {
  store = memoryStore()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('session.on', () => {
  it('emits expiring some time before the expiry, and then expired', async () => {
    const heard = await hear(await session(3600), ['expiring', 'expired'], { leadSecs: 600 })
    await pass(3000 * SECOND - 1)
    expect(heard).toEqual([])
    await pass(1)
    expect(heard).toEqual(['expiring'])
    await pass(600 * SECOND - 1)
    expect(heard).toEqual(['expiring'])
    await pass(1)
    expect(heard).toEqual(['expiring', 'expired'])
    await pass(DAY)
    expect(heard).toEqual(['expiring', 'expired'])
  })

  it('emits expiring five minutes before the expiry by default', async () => {
    const heard = await hear(await session(3600), ['expiring'])
    await pass(3300 * SECOND - 1)
    expect(heard).toEqual([])
    await pass(1)
    expect(heard).toEqual(['expiring'])
  })

  it('does not emit expired too early for a session of sixty days', async () => {
    const heard = await hear(await session(60 * 86_400), ['expiring', 'expired'])
    await pass(59 * DAY)
    expect(heard).toEqual([])
    await pass(DAY)
    expect(heard).toEqual(['expiring', 'expired'])
  })

  it('emits an event that is already due at once, but after the call has returned', async () => {
    const subject = await session(3600)
    sleep(3500 * SECOND)
    const heard = await hear(subject, ['expiring', 'expired'])
    expect(heard).toEqual([])
    await vi.advanceTimersByTimeAsync(0)
    expect(heard).toEqual(['expiring'])
  })

  it('does not emit expiring if the device slept until after the expiry', async () => {
    const heard = await hear(await session(3600), ['expiring', 'expired'])
    sleep(DAY)
    await vi.advanceTimersByTimeAsync(30 * SECOND)
    expect(heard).toEqual(['expired'])
  })

  it.each<[string, (subject: DIDSession) => (() => void) | undefined]>([
    ['the function that it gave', (subject) => subject.on('expired', () => expect.fail('heard'))],
    [
      'its signal',
      (subject) => {
        const controller = new AbortController()
        subject.on('expired', () => expect.fail('heard'), { signal: controller.signal })
        return () => controller.abort()
      },
    ],
    [
      'a signal aborted before',
      (subject) => {
        subject.on('expired', () => expect.fail('heard'), { signal: AbortSignal.abort() })
        return undefined
      },
    ],
    [
      'dispose',
      (subject) => {
        subject.on('expired', () => expect.fail('heard'))
        return () => subject.dispose()
      },
    ],
    [
      'using',
      (subject) => {
        subject.on('expired', () => expect.fail('heard'))
        return () => subject[Symbol.dispose]()
      },
    ],
  ])('stops with %s, and leaves no timer', async (name, listen) => {
    if (name === 'using' && Symbol.dispose === undefined) return
    const subject = await session()
    const stop = listen(subject)
    await listening()
    stop?.()
    expect(vi.getTimerCount()).toBe(0)
    await pass(DAY)
    expect((await session()).keyDID).not.toBe(subject.keyDID)
  })

  it('still emits to other listeners after one has stopped', async () => {
    const subject = await session()
    const stop = subject.on('expired', () => expect.fail('heard'))
    const heard = await hear(subject, ['expired'])
    stop()
    await pass(DAY)
    expect(heard).toEqual(['expired'])
  })

  it.each<[string, unknown[]]>([
    ['an unknown event', ['expire', () => undefined]],
    ['no listener', ['expired']],
    ['a leadSecs that is no number', ['expiring', () => undefined, { leadSecs: '60' }]],
    ['a negative leadSecs', ['expiring', () => undefined, { leadSecs: -1 }]],
    ['an infinite idleSecs', ['idle', () => undefined, { idleSecs: Number.POSITIVE_INFINITY }]],
  ])('throws a TypeError for %s', async (_, args) => {
    const subject = await session()
    expect(await failureOf(() => (subject.on as (...args: unknown[]) => void)(...args))).toBeInstanceOf(
      TypeError,
    )
  })

  it('emits removed on sign-out, after which the session refuses to sign', async () => {
    const subject = await session()
    const heard = await hear(subject, ['removed', 'renewed', 'expiring', 'expired'])
    await subject.remove()
    await vi.advanceTimersByTimeAsync(0)
    expect(heard).toEqual(['removed'])
    await expectCode('ERR_SESSION_REMOVED', () => subject.sign(new Uint8Array(1)))
    await expectCode('ERR_SESSION_REMOVED', () => subject.signRequest(new Request('https://api.example/')))
    await expectCode('ERR_SESSION_REMOVED', () => subject.renew(auth))
    expect(subject.isAuthorized()).toBe(false)
    expect(await DIDSession.load(undefined, { store })).toBeUndefined()
    await pass(DAY)
    expect(heard).toEqual(['removed'])
  })

  it('emits removed when its account signs out, but not for other accounts', async () => {
    const subject = await session()
    const heard = await hear(subject, ['removed'])
    await DIDSession.remove('eip155:1:0x1563915e194d8cfba1943570603f7606a3115508', { store })
    await DIDSession.remove(ACCOUNT_A, { store, namespace: 'admin' })
    await vi.advanceTimersByTimeAsync(0)
    expect(heard).toEqual([])
    expect(await subject.sign(new Uint8Array(1))).toHaveLength(64)
    await DIDSession.remove(ACCOUNT_A, { store })
    await vi.advanceTimersByTimeAsync(0)
    expect(heard).toEqual(['removed'])
  })

  it('emits renewed with the new session', async () => {
    const subject = await session()
    const events: SessionEvent[] = []
    for (const type of ['renewed', 'removed'] as const) subject.on(type, (event) => events.push(event))
    await listening()
    const renewed = await subject.renew(auth)
    await vi.waitFor(() => expect(events).toHaveLength(1), SOON)
    expect(events[0]?.type).toBe('renewed')
    expect(events[0]?.session.keyDID).toBe(renewed.keyDID)
    expect(await events[0]?.session.sign(new Uint8Array(1))).toHaveLength(64)
  })

  it('emits renewed and removed for a session without a store', async () => {
    const subject = await DIDSession.authorize(auth, { resources })
    const events: SessionEvent[] = []
    for (const type of ['renewed', 'removed'] as const) subject.on(type, (event) => events.push(event))
    await listening()
    const renewed = await subject.renew(auth)
    expect(renewed.serialize()).not.toBe(subject.serialize())
    await vi.waitFor(
      () => expect(events.map(({ session: { keyDID } }) => keyDID)).toEqual([renewed.keyDID]),
      SOON,
    )
    await subject.remove()
    await vi.waitFor(() => expect(events.map(({ type }) => type)).toEqual(['renewed', 'removed']), SOON)
    await expectCode('ERR_SESSION_REMOVED', () => subject.sign(new Uint8Array(1)))
  })
})

describe('an idle limit', () => {
  const isPage = typeof document !== 'undefined'
  const touch = (): void => void document.dispatchEvent(new Event('pointerdown'))
  beforeEach(() => {
    if (isPage) localStorage.removeItem('cacao-session:active')
  })

  it('emits idle after idleSecs without activity', async () => {
    const heard = await hear(await session(DAY / SECOND), ['idle'], { idleSecs: 60 })
    await pass(60 * SECOND - 1)
    expect(heard).toEqual([])
    await pass(1)
    expect(heard).toEqual(['idle'])
    await pass(DAY / 2)
    expect(heard).toEqual(['idle'])
  })

  it.runIf(isPage)('starts again with each activity, and emits idle again the next time', async () => {
    const heard = await hear(await session(DAY / SECOND), ['idle'], { idleSecs: 60 })
    await pass(50 * SECOND)
    touch()
    await pass(59 * SECOND)
    expect(heard).toEqual([])
    await pass(1 * SECOND)
    expect(heard).toEqual(['idle'])
    touch()
    await pass(60 * SECOND)
    expect(heard).toEqual(['idle', 'idle'])
  })

  it.runIf(isPage)('counts activity in other tabs, and time while no tab was open', async () => {
    const subject = await session(DAY / SECOND)
    const heard = await hear(subject, ['idle'], { idleSecs: 60 })
    await pass(50 * SECOND)
    localStorage.setItem('cacao-session:active', String(now()))
    await pass(50 * SECOND)
    expect(heard).toEqual([])
    subject.dispose()
    sleep(3600 * SECOND)
    const later = await hear((await DIDSession.load(ACCOUNT_A, { store })) ?? subject, ['idle'], {
      idleSecs: 60,
    })
    await vi.advanceTimersByTimeAsync(0)
    expect(later).toEqual(['idle'])
  })

  it.runIf(isPage)('does not count time before the sign-in', async () => {
    localStorage.setItem('cacao-session:active', String(now() - DAY))
    const heard = await hear(await session(DAY / SECOND), ['idle'], { idleSecs: 60 })
    await vi.advanceTimersByTimeAsync(0)
    expect(heard).toEqual([])
    await pass(60 * SECOND)
    expect(heard).toEqual(['idle'])
  })

  it('does not emit idle for an expired session', async () => {
    const heard = await hear(await session(30), ['idle'], { idleSecs: 60 })
    await pass(DAY)
    expect(heard).toEqual([])
  })
})
