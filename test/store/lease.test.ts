import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Connection } from '../../src/store/indexeddb-store.js'
import { noteDeclined, releaseLease, takeLease, wasDeclined } from '../../src/tabs/prompt-lock.js'
import { clearOrigin } from '../setup/origin.js'

const never = (): boolean => false

describe('a lease', () => {
  let tabs: [Connection, Connection]
  beforeEach(async () => {
    await clearOrigin()
    tabs = [new Connection('cacao-session', 2000), new Connection('cacao-session', 2000)]
  })

  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('is given to only one tab when several request it at once', async () => {
    const [one, two] = tabs
    const answers = await Promise.all([
      takeLease(one, 'prompt', 'a', never),
      takeLease(two, 'prompt', 'b', never),
      takeLease(one, 'prompt', 'c', never),
    ])
    expect(answers.filter((isOurs) => isOurs)).toHaveLength(1)
  })

  it('is given again to its holder, and to others once it was released', async () => {
    const [one, two] = tabs
    expect(await takeLease(one, 'prompt', 'a', never)).toBe(true)
    expect(await takeLease(one, 'prompt', 'a', never)).toBe(true)
    expect(await takeLease(two, 'prompt', 'b', never)).toBe(false)
    await releaseLease(one, 'prompt', 'a')
    expect(await takeLease(two, 'prompt', 'b', never)).toBe(true)
  })

  it('can not be released by another tab', async () => {
    const [one, two] = tabs
    await takeLease(one, 'prompt', 'a', never)
    await releaseLease(two, 'prompt', 'b')
    expect(await takeLease(two, 'prompt', 'b', never)).toBe(false)
  })

  it('is taken over by another tab once it has lasted too long', async () => {
    const [one, two] = tabs
    const before = Date.now()
    await takeLease(one, 'prompt', 'a', never)
    const seen: unknown[] = []
    const isOver = (current: unknown): boolean => seen.push(current) > 1
    expect(await takeLease(two, 'prompt', 'b', isOver)).toBe(false)
    expect(await takeLease(two, 'prompt', 'b', isOver)).toBe(true)
    expect(seen[0]).toEqual({ holder: 'a', since: expect.toSatisfy((since) => since >= before) })
    expect(seen[1]).toEqual(seen[0])
    // The former holder must not release a lease that a different one holds by now.
    await releaseLease(one, 'prompt', 'a')
    expect(await takeLease(one, 'prompt', 'a', never)).toBe(false)
  })

  it('of another name is independent', async () => {
    const [one, two] = tabs
    await takeLease(one, 'prompt', 'a', never)
    expect(await takeLease(two, 'other', 'b', never)).toBe(true)
  })

  it('that was declined is reported as declined from then on, under its name only', async () => {
    const [one, two] = tabs
    const before = Date.now() - 1
    expect(await wasDeclined(two, 'prompt', before)).toBe(false)
    await noteDeclined(one, 'prompt')
    expect(await wasDeclined(two, 'prompt', before)).toBe(true)
    expect(await wasDeclined(two, 'prompt', Date.now())).toBe(false)
    expect(await wasDeclined(two, 'other', before)).toBe(false)
  })

  it('that was declined before the clock was set back can be asked for again', async () => {
    const [one, two] = tabs
    const start = Date.now()
    const clock = vi.spyOn(Date, 'now').mockReturnValue(start + 600_000)
    await noteDeclined(one, 'prompt')
    expect(await wasDeclined(two, 'prompt', start + 590_000)).toBe(true)
    clock.mockReturnValue(start)
    expect(await wasDeclined(two, 'prompt', start - 1)).toBe(false)
  })
})
