import { expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import { guide } from './pages.js'
import { inline, PAGE } from './setup.js'

// The part of WalletConnect's provider that is used, without its network. test/wallet/walletconnect.node.test.ts tests more of
// its behaviour.
const PROVIDER = `
  const listeners = new Set()
  let session
  const EthereumProvider = {
    init: async () => ({
      on: (event, listener) => void (event === 'display_uri' && listeners.add(listener)),
      removeListener: (event, listener) => void listeners.delete(listener),
      async request(args) {
        if (args.method === 'eth_requestAccounts' && !session) {
          for (const tell of listeners) tell('wc:00@2')
          session = {}
        }
        return wallet.provider.request(args)
      },
    }),
  }
`

it('the WalletConnect guide’s page connects, signs in after a late answer, and shows its progress', () => {
  const output = runFresh(`${PAGE}${PROVIDER}
    ${inline(guide('walletconnect', 'sign-in')).replace(/^import .*EthereumProvider.*$/m, '')}
    const said = []
    const show = (...words) => said.push(words.filter(Boolean).join(': '))
    const link = (uri) => said.push(uri)
    const tapped = async () => { wallet.behaviour = 'hangs' }
    const entering = enter(show, link, tapped, new AbortController().signal)
    await wallet.prompted()
    wallet.behaviour = 'approves'
    const entered = await entering
    said.push(entered.account, listeners.size)

    await DIDSession.remove(entered.account)
    const cancel = new AbortController()
    const again = enter(show, link, tapped, cancel.signal)
    await wallet.prompted(2)
    cancel.abort()
    said.push(await again)

    const refusing = async () => { wallet.behaviour = { throws: new Error('Request expired.') } }
    await enter(show, link, refusing, new AbortController().signal)
    console.log(JSON.stringify(said))
    process.exit()`)
  expect(JSON.parse(output)).toEqual([
    'connecting',
    'wc:00@2',
    'signing',
    'signed-in',
    ACCOUNT_A,
    0,
    'connecting',
    'signing',
    'signed-out',
    null,
    'connecting',
    'signing',
    'signed-out: the wallet failed: Request expired.',
  ])
})
