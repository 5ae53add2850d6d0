import { expect, it } from 'vitest'
import { seedKey } from '../../src/key/generate-key.js'
import { replace } from '../../src/testing/replace.js'
import { expectCode } from '../setup/expect-code.js'

// In a file of its own, because the engine is only asked once.

it('derives a key with an expected DID once crypto.subtle is there, also if it was missing before', async () => {
  const seed = new Uint8Array(32).fill(7)
  const { did } = await seedKey(seed)
  const restore = replace(globalThis, 'crypto', { value: {} })
  await expectCode('ERR_ENVIRONMENT', () => seedKey(seed, did))
  restore()
  expect((await seedKey(seed, did)).did).toBe(did)
})
