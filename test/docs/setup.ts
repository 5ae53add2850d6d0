import { KEY_A } from '../setup/wallet.js'

/** For a fresh process: IndexedDB, and a page's window with a wallet. */
export const PAGE = `
  import 'fake-indexeddb/auto'
  import { testWallet } from 'cacao-session/testing'
  const wallet = testWallet({ privateKey: '${KEY_A}' })
  globalThis.window = Object.assign(new EventTarget(), { ethereum: wallet.provider })
  globalThis.location = { host: 'app.example.com', hostname: 'app.example.com', origin: 'https://app.example.com' }
`

/** The same with an auth method, the account and resources. */
export const SIGNING_IN = `${PAGE}
  import { ethereumAuth as authOf } from 'cacao-session/ethereum'
  const auth = authOf(wallet.provider, wallet.account)
  const given = ['https://api.example.com/notes/*']
`

/** A module's code without its exports. */
export const inline = (code: string): string => code.replace(/^export (?!\{)/gm, '')
