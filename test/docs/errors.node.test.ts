import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { KEY_A } from '../setup/wallet.js'
import { guide, root, textOf } from './pages.js'

const page = textOf('docs/guides/errors.md')

describe('the guide to errors', () => {
  it('has one entry for each code, with its cause and its cure', () => {
    const source = readFileSync(`${root}/src/base/errors.ts`, 'utf8')
    const codes = Array.from(source.matchAll(/^ {2}\| '(ERR_\w+)'$/gm), ([, code]) => code)
    expect(codes.length).toBeGreaterThan(20)
    const entries = [...page.matchAll(/^### (\w+)\n\n\*\*Cause\.\*\* \S[^#]*?\n\n\*\*Cure\.\*\* \S/gm)]
    expect(entries.map(([, code]) => code).sort()).toEqual(codes.sort())
    expect(page.match(/^### /gm)).toHaveLength(codes.length)
  })

  it('handles each error with the right message', () => {
    const output = runFresh(`
      import 'fake-indexeddb/auto'
      import { ethereumAuth } from 'cacao-session/ethereum'
      import { testWallet } from 'cacao-session/testing'
      ${guide('errors', 'handle')}
      const wallet = testWallet({ privateKey: '${KEY_A}' })
      const auth = ethereumAuth(wallet.provider, wallet.account, { domain: 'app.example.com' })
      const views = Object.fromEntries(['show', 'showLogin', 'say'].map((name) => [name, (what) => console.log(name, what?.id ?? what ?? '')]))
      for (const behaviour of ['rejects', { throws: { code: -32603, message: 'MetaMask Message Signature: User denied message signature.' } }, { throws: new Error('broken') }, 'signs-as-another', 'approves']) {
        wallet.behaviour = behaviour
        await signIn(wallet.account, auth, ['https://api.example.com/notes/*'], views)
      }
      await signIn(wallet.account, auth, [], views).catch((error) => console.log(error.name))`)
    expect(output.trim().split('\n')).toEqual([
      'showLogin ',
      'showLogin ',
      'say Your wallet did not answer. Unlock it, and try again.',
      expect.stringMatching(/^say the wallet signed with a different account/),
      expect.stringMatching(/^show did:pkh:eip155:1:0x/),
      'TypeError',
    ])
  })
})
