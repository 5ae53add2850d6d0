import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { SessionError } from '../../src/base/errors.js'
import type { Cacao } from '../../src/capability/cacao.js'
import type { Revocation, RevocationEvent } from '../../src/capability/check-options.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { type UntilSessionEndsOptions, untilSessionEnds } from '../../src/token/until-session-ends.js'
import { delegated } from '../setup/chain.js'
import { NOW, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A, ACCOUNT_B } from '../setup/wallet.js'

const HOUR_MS = 3_600_000
let cacao: Cacao
let other: Cacao
let delegatedCapability: Cacao
beforeAll(async () => {
  const holder = await testSigner('P-256', { exp: new Date(NOW + HOUR_MS).toISOString() })
  cacao = holder.cacao
  other = (await testSigner()).cacao
  delegatedCapability = (await delegated(holder, 'P-256', { exp: cacao.p.exp })).cacao
})
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'], now: NOW })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A store with the given answer, which counts its calls. */
function store(answer: () => boolean | Promise<boolean> = () => false): Revocation & { asked: number } {
  return {
    asked: 0,
    async isRevoked() {
      this.asked++
      return answer()
    },
  }
}

/** A store that also emits revocations. */
function telling(answer: () => boolean = () => false): ReturnType<typeof store> & {
  tell(event: RevocationEvent): void
  listeners: Set<(event: RevocationEvent) => void>
} {
  const listeners = new Set<(event: RevocationEvent) => void>()
  return {
    ...store(answer),
    listeners,
    onRevoked(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    tell(event) {
      for (const listener of listeners) listener(event)
    },
  }
}

const until = (options: Partial<UntilSessionEndsOptions> = {}, by = cacao): AbortSignal =>
  untilSessionEnds({ cacao: by }, { revocation: false, ...options })
const pass = (secs: number): Promise<unknown> => vi.advanceTimersByTimeAsync(secs * 1000)
const codeOf = ({ reason }: AbortSignal): string => (reason as SessionError).code

describe('untilSessionEnds, at the expiry', () => {
  it('throws a TypeError if the argument is no caller', () => {
    for (const caller of [undefined, {}, { cacao: {} }])
      expect(() => untilSessionEnds(caller as never, { revocation: false })).toThrow(TypeError)
  })

  it('aborts at the expiry, not earlier', async () => {
    const ended = until()
    await pass(3599.999)
    expect(ended.aborted).toBe(false)
    await pass(0.001)
    expect(ended.aborted).toBe(true)
    expect(codeOf(ended)).toBe('ERR_CAPABILITY_EXPIRED')
  })

  it('is already aborted if the session has expired', () => {
    const ended = until({ now: () => NOW + HOUR_MS })
    expect(ended.aborted).toBe(true)
    expect(codeOf(ended)).toBe('ERR_CAPABILITY_EXPIRED')
    expect(until({ now: () => Number.NaN }).aborted).toBe(true)
  })

  it('never aborts for a capability without expiry', async () => {
    const endless = (await testSigner('P-256', { exp: undefined })).cacao
    const ended = until({}, endless)
    await pass(60 * 86_400)
    expect(ended.aborted).toBe(false)
  })

  it('uses the given clock', async () => {
    let now = NOW
    const ended = until({ now: () => now })
    now += HOUR_MS
    await pass(30)
    expect(codeOf(ended)).toBe('ERR_CAPABILITY_EXPIRED')
  })
})

describe('untilSessionEnds, at a revocation', () => {
  it('calls the revocation store at once', async () => {
    const ended = until({ revocation: store(() => true) })
    await pass(0)
    expect(codeOf(ended)).toBe('ERR_CAPABILITY_REVOKED')
  })

  it.each([
    [undefined, 10],
    [1, 1],
  ])('calls it again, with pollSecs %s every %d seconds', async (pollSecs, secs) => {
    let isRevoked = false
    const ended = until({ revocation: store(() => isRevoked), ...(pollSecs && { pollSecs }) })
    await pass(0)
    isRevoked = true
    await pass(secs - 0.001)
    expect(ended.aborted).toBe(false)
    await pass(0.001)
    expect(codeOf(ended)).toBe('ERR_CAPABILITY_REVOKED')
  })

  it('calls it when it emits a revocation', async () => {
    let isRevoked = false
    const revocation = telling(() => isRevoked)
    const ended = until({ revocation, pollSecs: 3600 })
    await pass(0)
    const before = revocation.asked
    revocation.tell({ id: 'another' })
    revocation.tell({ account: ACCOUNT_B })
    await pass(0)
    expect(revocation.asked).toBe(before)
    // Messages alone can't end a session.
    revocation.tell({ account: ACCOUNT_A })
    await pass(0)
    expect(revocation.asked).toBe(before + 1)
    expect(ended.aborted).toBe(false)
    isRevoked = true
    revocation.tell({})
    await pass(0)
    expect(codeOf(ended)).toBe('ERR_CAPABILITY_REVOKED')
    expect(revocation.listeners.size).toBe(0)
  })

  it.each<[string, () => unknown]>([
    ['throws', () => expect.fail('no connection')],
    ['returns a promise', () => Promise.resolve(() => undefined)],
    ['returns nothing', () => undefined],
  ])('polls a store whose onRevoked %s, until the signal aborts', async (_, onRevoked) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    onTestFinished(() => warn.mockRestore())
    let isRevoked = false
    const revocation = { ...store(() => isRevoked), onRevoked: onRevoked as () => never }
    const closed = new AbortController()
    const [ended, closing] = [until({ revocation }), until({ revocation, signal: closed.signal })]
    await pass(1)
    closed.abort()
    isRevoked = true
    await pass(10)
    expect([ended.aborted, closing.aborted]).toEqual([true, false])
    expect(codeOf(ended)).toBe('ERR_CAPABILITY_REVOKED')
  })

  it('ends a session, and polls no more, even if the store fails to remove its listener', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    onTestFinished(() => warn.mockRestore())
    let isRevoked = false
    const revocation = {
      ...store(() => isRevoked),
      onRevoked: () => () => expect.fail('the connection is closed'),
    }
    const closed = new AbortController()
    until({ revocation, signal: closed.signal })
    await pass(0)
    closed.abort()
    expect(warn).toHaveBeenCalledTimes(1)
    const { asked } = revocation
    await pass(60)
    expect(revocation.asked).toBe(asked)

    const ended = until({ revocation })
    await pass(1)
    isRevoked = true
    await pass(10)
    expect(codeOf(ended)).toBe('ERR_CAPABILITY_REVOKED')
    const expiring = until({ revocation: { ...store(), onRevoked: revocation.onRevoked } })
    await pass(3600)
    expect(codeOf(expiring)).toBe('ERR_CAPABILITY_EXPIRED')
  })

  it('calls the store once more if a revocation is emitted during a call', async () => {
    const answers: ((answer: boolean) => void)[] = []
    const revocation = {
      ...telling(),
      isRevoked: () => new Promise<boolean>((resolve) => answers.push(resolve)),
    }
    const ended = until({ revocation, pollSecs: 3600 })
    await pass(0)
    revocation.tell({})
    revocation.tell({})
    answers[0]?.(false)
    await pass(0)
    expect(answers).toHaveLength(2)
    answers[1]?.(true)
    await pass(0)
    expect(codeOf(ended)).toBe('ERR_CAPABILITY_REVOKED')
  })

  it.each([
    ['of the capability', () => cacao, () => ({ capability: cacao })],
    ['of the account', () => cacao, () => ({ account: ACCOUNT_A })],
    ['of the parent capability', () => delegatedCapability, () => ({ capability: cacao })],
    ['of the account of a delegated session', () => delegatedCapability, () => ({ account: ACCOUNT_A })],
    ['of the key of its parent', () => delegatedCapability, () => ({ account: delegatedCapability.p.iss })],
  ] as const)('ends a session at once with memoryRevocation: %s', async (_, by, revoked) => {
    const revocation = memoryRevocation()
    const [ended, others] = [until({ revocation, pollSecs: 3600 }, by()), until({ revocation }, other)]
    await pass(0)
    expect(ended.aborted).toBe(false)
    const { capability, account } = revoked() as { capability?: Cacao; account?: string }
    await revocation.revoke(capability ?? other)
    if (account) await revocation.revokeAll(account)
    await pass(0)
    expect(codeOf(ended)).toBe('ERR_CAPABILITY_REVOKED')
    expect(others.aborted).toBe(capability === undefined || account === ACCOUNT_A)
  })

  it('calls the store once for all sockets of a session, and once more for a new one', async () => {
    const revocation = store()
    const signals = Array.from({ length: 100 }, () => until({ revocation }))
    await pass(0)
    expect(revocation.asked).toBeLessThanOrEqual(2)
    const before = revocation.asked
    await pass(10)
    expect(revocation.asked).toBe(before + 1)
    revocation.isRevoked = async () => true
    await pass(10)
    expect(signals.every(({ aborted }) => aborted)).toBe(true)
  })

  it('stops polling once no socket is left', async () => {
    const revocation = telling()
    const [first, second] = [new AbortController(), new AbortController()]
    const ended = [first, second].map(({ signal }) => until({ revocation, signal }))
    await pass(0)
    first.abort()
    const { asked } = revocation
    await pass(10)
    expect(revocation.asked).toBe(asked + 1)
    second.abort()
    expect(revocation.listeners.size).toBe(0)
    await pass(2 * HOUR_MS)
    expect(revocation.asked).toBe(asked + 1)
    expect(vi.getTimerCount()).toBe(0)
    expect(ended.some(({ aborted }) => aborted)).toBe(false)
    expect(until({ revocation, signal: AbortSignal.abort() }).aborted).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('untilSessionEnds, while the store does not answer', () => {
  const down = (): Promise<boolean> => Promise.reject(new Error('down'))

  it('waits for half a minute, and then aborts', async () => {
    const ended = until({ revocation: store(down) })
    await pass(29)
    expect(ended.aborted).toBe(false)
    await pass(4)
    expect(codeOf(ended)).toBe('ERR_STORE_UNAVAILABLE')
  })

  it('also aborts if the store never answers, or does not answer a boolean', async () => {
    for (const answer of [
      () => new Promise<boolean>(() => undefined),
      () => undefined as unknown as boolean,
    ]) {
      const ended = until({ revocation: store(answer), maxOutageSecs: 5 })
      await pass(4)
      expect(ended.aborted).toBe(false)
      await pass(5)
      expect(codeOf(ended)).toBe('ERR_STORE_UNAVAILABLE')
    }
  })

  it('counts the outage from the last answer', async () => {
    let isDown = true
    const ended = until({ revocation: store(() => (isDown ? down() : false)), pollSecs: 1 })
    await pass(25)
    isDown = false
    await pass(2)
    isDown = true
    await pass(25)
    expect(ended.aborted).toBe(false)
    await pass(8)
    expect(codeOf(ended)).toBe('ERR_STORE_UNAVAILABLE')
  })

  it('does not abort after one failed call between long intervals', async () => {
    let isDown = false
    const ended = until({ revocation: store(() => (isDown ? down() : false)), pollSecs: 600 })
    await pass(599)
    isDown = true
    await pass(20)
    isDown = false
    await pass(600)
    expect(ended.aborted).toBe(false)
  })

  it('aborts at the first failure, or never, if maxOutageSecs says so', async () => {
    const at = (maxOutageSecs: number): AbortSignal => until({ revocation: store(down), maxOutageSecs })
    const [first, never] = [at(0), at(Number.POSITIVE_INFINITY)]
    await pass(0)
    expect([first.aborted, never.aborted]).toEqual([true, false])
    await pass(3000)
    expect(never.aborted).toBe(false)
  })
})

it.each<[string, object]>([
  ['revocation', { revocation: undefined }],
  ['revocation', { revocation: true }],
  ['pollSecs', { pollSecs: 0 }],
  ['pollSecs', { pollSecs: 3601 }],
  ['maxOutageSecs', { maxOutageSecs: -1 }],
  ['maxOutageSecs', { maxOutageSecs: undefined }],
  ['signal', { signal: {} }],
  ['revoked', { revoked: memoryRevocation() }],
])('untilSessionEnds throws a TypeError for a wrong %s: %o', (name, options) => {
  expect(() => until(options)).toThrow(TypeError)
  expect(() => until(options)).toThrow(name)
})
