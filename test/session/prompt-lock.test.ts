import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { indexedDBStore } from '../../src/store/indexeddb-store.js'
import { withPromptLock } from '../../src/tabs/prompt-lock.js'
import { clearOrigin } from '../setup/origin.js'

const NEVER_SECS = 86_400

describe('the prompt lock', () => {
  const prompt = {
    account: 'eip155:1:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a',
    stores: [indexedDBStore()],
    namespace: 'default',
  }
  let release = (): void => undefined
  let held: Promise<void>

  beforeEach(async () => {
    await clearOrigin()
    await new Promise<void>((taken) => {
      held = withPromptLock(prompt, { since: Date.now() }, () => {
        taken()
        return new Promise<void>((resolve) => {
          release = resolve
        })
      })
    })
  })
  afterEach(async () => {
    release()
    await held
  })

  it('is waited for at most waitSecs', async () => {
    const done = await withPromptLock(prompt, { since: Date.now(), waitSecs: 0.01 }, async () => 'prompted')
    expect(done).toBe('prompted')
  })

  it('is waited for until it is released, if that comes first', async () => {
    const order: string[] = []
    const waiting = withPromptLock(prompt, { since: Date.now(), waitSecs: NEVER_SECS }, async () => {
      order.push('prompted')
    })
    // Another prompt of the same page, for another account, needs no lock; by then the first one would already have prompted.
    await withPromptLock(
      { ...prompt, account: 'did:key:z6Mkf' },
      { since: Date.now() },
      async () => undefined,
    )
    order.push('given back')
    release()
    await waiting
    expect(order).toEqual(['given back', 'prompted'])
  })

  it('is waited for until the caller aborts', async () => {
    const controller = new AbortController()
    const waiting = withPromptLock(
      prompt,
      { since: Date.now(), waitSecs: NEVER_SECS, signal: controller.signal },
      async () => undefined,
    )
    controller.abort(new Error('given up'))
    await expect(waiting).rejects.toThrow('given up')
  })
})
