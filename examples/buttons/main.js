import { DIDSession } from 'cacao-session'
import { discoverWallets, ethereumAccount } from 'cacao-session/ethereum'
import { mountSignInButton } from 'cacao-session/sign-in-button'
import { ethereumWallets } from 'cacao-session/wallets'
import { announceDemoWallet } from '../demo/page/demo-wallet.js'
import { byId } from '../demo/page/elements.js'
import { reasonOf } from '../demo/page/words.js'

const resources = [`${location.origin}/notes/*`]

announceDemoWallet()
// Logs in and out, and says so by itself.
mountSignInButton(byId('button'), {
  resources,
  wallets: [ethereumWallets()],
  words: { signIn: 'Log in', signOut: 'Log out', failed: reasonOf },
})
byId('check').onclick = () => check().catch(explain)
// Whoever logs in or out, in this tab or another: the page shows what is so now.
DIDSession.onChange(() => show().catch(explain))
show().catch(explain)

/** Whether logging in would open the wallet. Neither question opens it. */
async function check() {
  const [wallet] = await discoverWallets()
  const account = await ethereumAccount(wallet?.provider, { silent: true })
  if (account && (await DIDSession.hasSessionFor(account, resources))) return tell('No signature needed')
  const { status } = account ? await DIDSession.explain(account, resources) : { status: 'not connected' }
  tell(`The wallet would be asked: ${status}`)
}

async function show() {
  const session = await DIDSession.load(undefined, { resources })
  tell(session ? `Signed in as ${session.id}` : 'Signed out')
}

/** @param {string} text */
function tell(text) {
  byId('status').textContent = text
}

/** @param {unknown} error */
function explain(error) {
  tell(reasonOf(error))
}
