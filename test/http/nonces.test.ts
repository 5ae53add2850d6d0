import { describe, expect, it } from 'vitest'
import { nonces } from '../../src/http/nonces.js'
import { memoryReplay } from '../../src/http/replay.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { expectCode, failureOf } from '../setup/expect-code.js'

const NOW = 1_700_000_000_000

describe('nonces', () => {
  it('issues a different ERC-4361 nonce each time', () => {
    const { issue } = nonces()
    const issued = Array.from({ length: 100 }, issue)
    expect(new Set(issued).size).toBe(100)
    for (const nonce of issued) expect(nonce).toMatch(/^[A-Za-z0-9]{8,64}$/)
  })

  it('accepts a nonce once', async () => {
    const { issue, consume } = nonces()
    const nonce = issue()
    expect(await consume(nonce)).toBe(true)
    expect(await consume(nonce)).toBe(false)
    expect(await consume(issue())).toBe(true)
  })

  it('accepts only one of two simultaneous uses', async () => {
    const { issue, consume } = nonces()
    const nonce = issue()
    expect((await Promise.all([consume(nonce), consume(nonce)])).sort()).toEqual([false, true])
  })

  it('accepts a nonce until it expires', async () => {
    const clock = testClock(NOW)
    const { issue, consume } = nonces({ expiresInSecs: 60, now: clock.now })
    const [early, late] = [issue(), issue()]
    clock.set(NOW + 59_999)
    expect(await consume(early)).toBe(true)
    clock.set(NOW + 60_000)
    expect(await consume(late)).toBe(false)
  })

  it('accepts no nonce twice after its clock goes back, even if the store has forgotten it', async () => {
    const clock = testClock(NOW)
    const { issue, consume } = nonces({ expiresInSecs: 60, now: clock.now, replay: { use: () => true } })
    const [used, unused] = [issue(), issue()]
    expect(await consume(used)).toBe(true)
    clock.set(NOW + 60_000)
    expect(await consume(issue())).toBe(true)
    clock.set(NOW)
    expect(await consume(used)).toBe(false)
    expect(await consume(unused)).toBe(false)
  })

  it('calls the store only for its own unexpired nonces, so that nobody can fill it', async () => {
    const clock = testClock(NOW)
    const asked: string[] = []
    const replay = { use: (id: string) => asked.push(id) > 0 }
    const { issue, consume } = nonces({ expiresInSecs: 60, now: clock.now, replay })
    const [good, late] = [issue(), issue()]
    const forged = Array.from({ length: 1000 }, (_, i) => i.toString(16).padStart(52, '0'))
    for (const nonce of [...forged, nonces().issue(), `${good} `, good.toUpperCase()]) await consume(nonce)
    expect(asked).toEqual([])
    await consume(good)
    clock.set(NOW + 60_000)
    await consume(late)
    expect(asked).toEqual([`nonce ${good}`])
  })

  it('refuses a nonce that it did not issue', async () => {
    const { issue, consume } = nonces()
    const nonce = issue()
    const later = nonce.slice(0, 16) + 'f'.repeat(12) + nonce.slice(28)
    const changed = Array.from(
      nonce,
      (digit, i) => nonce.slice(0, i) + (digit === '0' ? '1' : '0') + nonce.slice(i + 1),
    )
    const others = [nonces().issue(), later, nonce.toUpperCase(), `${nonce}0`, nonce.slice(1), '', 'abcdefgh']
    for (const other of [...changed, ...others]) expect(await consume(other)).toBe(false)
    expect(await consume(undefined as unknown as string)).toBe(false)
    expect(await consume([nonce] as unknown as string)).toBe(false)
    expect(await consume(nonce)).toBe(true)
  })

  it('of servers with the same secret and store are accepted once, by any of them', async () => {
    const [secret, replay] = [crypto.getRandomValues(new Uint8Array(32)), memoryReplay()]
    const [here, there] = [nonces({ secret, replay }), nonces({ secret, replay })]
    const nonce = here.issue()
    expect(await there.consume(nonce)).toBe(true)
    expect(await here.consume(nonce)).toBe(false)
  })

  it('waits for the store for storeTimeoutMs', async () => {
    const never = nonces({ replay: { use: () => new Promise(() => undefined) }, storeTimeoutMs: 20 })
    await expectCode('ERR_STORE_UNAVAILABLE', () => never.consume(never.issue()))
    const late = () => new Promise<boolean>((resolve) => setTimeout(resolve, 20, true))
    const { issue, consume } = nonces({ replay: { use: late }, storeTimeoutMs: 60_000 })
    expect(await consume(issue())).toBe(true)
    expect(await failureOf(() => nonces({ storeTimeoutMs: -1 }))).toBeInstanceOf(TypeError)
  })

  it('refuses every nonce while the store is down', async () => {
    const { issue, consume } = nonces({ replay: { use: () => Promise.reject(new Error('down')) } })
    await expectCode('ERR_STORE_UNAVAILABLE', () => consume(issue()))
    const odd = nonces({ replay: { use: () => Promise.resolve('OK' as unknown as boolean) } })
    expect(await odd.consume(odd.issue())).toBe(false)
  })

  it.each([
    ['a short secret', { secret: new Uint8Array(31) }],
    ['a string as the secret', { secret: 'x'.repeat(32) }],
    ['a secret of zeros', { secret: new Uint8Array(32) }],
    ['no time', { expiresInSecs: 0 }],
    ['endless time', { expiresInSecs: Number.POSITIVE_INFINITY }],
    ['more than a year', { expiresInSecs: 365 * 86_400 + 1 }],
    ['a string as the time', { expiresInSecs: '600' }],
  ])('throws a TypeError for %s', async (_, options) => {
    expect(await failureOf(() => nonces(options as never))).toBeInstanceOf(TypeError)
    expect(nonces({ expiresInSecs: 365 * 86_400 }).issue()).toMatch(/^[0-9a-f]{52}$/)
  })
})
