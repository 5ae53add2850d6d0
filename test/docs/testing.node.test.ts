import { describe, expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { guide } from './pages.js'
import { inline, SIGNING_IN } from './setup.js'

describe('the guide to testing', () => {
  it('has tests that pass, and that would fail', () => {
    const code = guide('testing', 'test')
    // Node's runner speaks TAP where it isn't shown to a person.
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
})
