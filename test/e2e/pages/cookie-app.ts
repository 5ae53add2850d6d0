import { DIDSession, type SessionEvent } from '../../../src/index.js'
import { testWallet } from '../../../src/testing/fake-wallet.js'
import { ethereumAuth } from '../../../src/wallet/ethereum/index.js'
import { failureCode } from '../../setup/failure-code.js'

// The script of a server-rendered page. It loads the session and keeps the cookie; the test does the rest.
const resources = ['https://api.example.com/notes/*']
// Removes BroadcastChannel and similar APIs before the library uses them.
if (location.search === '?no-channel')
  Object.defineProperty(globalThis, 'BroadcastChannel', { value: undefined })
let ahead = Number(await (await fetch('/clock')).text())
const now = (): number => Date.now() + ahead
const wallets = [testWallet(), testWallet({ privateKey: `0x${'22'.repeat(32)}` })]
const failures: string[] = []

let session: DIDSession | undefined
let kept = 'nothing to keep'

async function keep(held: DIDSession | undefined): Promise<string> {
  session = held
  held?.on('cookie-failed', ({ error }: SessionEvent) => failures.push(String(error)))
  kept = 'keeping'
  kept = (await held?.keepCookie('/session').then(() => 'kept', failureCode)) ?? 'nobody'
  return kept
}

export const app = {
  signIn: async (which = 0) => {
    const wallet = wallets[which]
    if (!wallet) throw new Error('no such wallet')
    const auth = ethereumAuth(wallet.provider, wallet.account)
    return keep(await DIDSession.get(wallet.account, auth, { resources, now }))
  },
  renew: async () => {
    const [wallet] = wallets
    const renewed = wallet && (await session?.renew(ethereumAuth(wallet.provider, wallet.account)))
    return renewed?.keyDID
  },
  remove: async () => session?.remove(),
  revoke: async () =>
    session?.fetch('/revoke', { method: 'POST', origins: [location.origin] }).then((r) => r.status),
  /** Wakes the page after the clock has advanced. */
  wake: (ms: number) => {
    ahead = ms
    document.dispatchEvent(new Event('resume'))
  },
  /** Waits until the page's pending work for the cookie is done. */
  settled: async () => {
    await DIDSession.list()
    await navigator.locks.request('cacao-session cookie /session', () => undefined)
  },
  steal: () => fetch('/session', { method: 'POST' }).then(({ status }) => status),
  look: () => ({
    who: document.querySelector('#who')?.textContent,
    path: location.pathname + location.search + location.hash,
    prompts: wallets.reduce((sum, { prompts }) => sum + prompts, 0),
    depth: history.length,
    kept,
    failures,
    isSignedIn: session?.isAuthorized() ?? false,
    cookies: document.cookie,
  }),
}

/** The actions that a test can call. */
export type App = typeof app

await keep(await DIDSession.load(undefined, { now }))
Object.assign(globalThis, { app })
