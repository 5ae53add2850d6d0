import { describe, expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { guide } from './pages.js'
import { inline, SIGNING_IN } from './setup.js'

describe('the guide to testing', () => {
  it('has tests that pass, and that fail when they should', () => {
    const code = guide('testing', 'test')
    // Node's test runner prints TAP if its output is not a terminal.
    expect(runFresh(code)).toMatch(/^# pass 2$[\s\S]*^# fail 0$/m)
    expect(code).toContain('assert.equal(wallet.prompts, 1)')
    const wrong = code.replace('assert.equal(wallet.prompts, 1)', 'assert.equal(wallet.prompts, 2)')
    expect(() => runFresh(wrong)).toThrow()
  })

  it('has storage that fails', () => {
    const output = runFresh(`${SIGNING_IN}
      ${inline(guide('testing', 'storage'))}
      console.log(await withoutKeys(wallet.account, auth, given), wallet.prompts)
      await whileDown(wallet.account, auth, given).catch(({ code }) => console.log(code, wallet.prompts))`)
    expect(output.trim().split('\n')).toEqual(['memory 1', 'ERR_STORE_UNAVAILABLE 1'])
  })

  it('has a test suite for custom stores, which a correct store passes and a wrong one fails', () => {
    const suite = (open: string): string => `${guide('testing', 'own-store')}
      import { memoryReplay } from 'cacao-session/verify'
      testReplay(${open}, () => ({ use: async () => { throw new Error('it is down') } }))`
    // All opened stores share one memory, as with a database.
    const good = `((stores) => (now) => {
      const store = stores.get(now) ?? memoryReplay({ now })
      stores.set(now, store)
      return store
    })(new Map())`
    expect(runFresh(suite(good))).toMatch(/^# pass 9$[\s\S]*^# fail 0$/m)
    expect(() => runFresh(suite('() => ({ use: () => true })'))).toThrow()
  })
})
