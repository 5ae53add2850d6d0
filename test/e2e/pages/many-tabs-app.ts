import { DIDSession } from '../../../src/index.js'
import { testWallet } from '../../../src/testing/fake-wallet.js'
import { ethereumAuth } from '../../../src/wallet/ethereum/index.js'
import { failureCode } from '../../setup/failure-code.js'

// The script of a page that is open in many tabs, in which people do several things at once.
const resources = ['https://api.example.com/notes/*']
let ahead = Number(await (await fetch('/clock')).text())
const now = (): number => Date.now() + ahead
const wallets = [testWallet(), testWallet({ privateKey: `0x${'22'.repeat(32)}` })]
const auth = ({ provider, account }: (typeof wallets)[number]) => ethereumAuth(provider, account)

let session: DIDSession | undefined

/** Shows a session, and whatever it is renewed to. */
function show(held: DIDSession): void {
  session = held
  held.on('renewed', (event) => show(event.session))
}

async function keep(held: DIDSession): Promise<string> {
  show(held)
  return held.keepCookie('/session').then(() => 'kept', failureCode)
}

export const app = {
  signIn: async (which: number) => {
    const wallet = wallets[which]
    if (!wallet) throw new Error('no such wallet')
    return DIDSession.get(wallet.account, auth(wallet), { resources, now }).then(keep, failureCode)
  },
  renew: async () => {
    const wallet = wallets.find(({ account }) => account === session?.account)
    return wallet && session?.renew(auth(wallet)).then(() => 'renewed', failureCode)
  },
  remove: async () => session?.remove().then(() => 'removed', failureCode),
  signOut: async (which: number) => DIDSession.remove(wallets[which]?.account ?? ''),
  /** Wakes the page after the clock has advanced. */
  wake: (ms: number) => {
    ahead = ms
    document.dispatchEvent(new Event('resume'))
  },
  /** Waits until what has begun is done, in this tab and others. */
  settled: async () => {
    for (let i = 0; i < 4; i++) {
      await DIDSession.list({ now })
      await navigator.locks.request('cacao-session cookie /session', () => undefined)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  },
  look: async () => ({
    kept,
    path: location.pathname,
    who: document.querySelector('#who')?.textContent,
    shown: session?.keyDID,
    isSignedIn: session?.isAuthorized() ?? false,
    stored: (await DIDSession.list({ now })).map(({ account, keyDID }) => `${account} ${keyDID}`).sort(),
  }),
  /** The account for which the server renders pages. */
  rendered: async () => /id="who">(eip155[^<]*)/.exec(await (await fetch('/account')).text())?.[1],
  /** The session used last. */
  last: async () => {
    const last = await DIDSession.load(undefined, { now })
    return last && { account: last.account, keyDID: last.keyDID }
  },
}

/** The actions that a test can call. */
export type ManyTabsApp = typeof app

const resumed = await DIDSession.load(undefined, { now })
const kept = resumed ? await keep(resumed) : 'nobody'
Object.assign(globalThis, { app })
