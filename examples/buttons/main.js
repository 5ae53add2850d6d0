import { DIDSession } from 'cacao-session'
import { discoverWallets, ethereumAccount } from 'cacao-session/ethereum'
import { mountSignInButton } from 'cacao-session/sign-in-button'
import { ethereumWallets } from 'cacao-session/wallets'
import { announceDemoWallet } from '../demo/page/demo-wallet.js'
import { byId } from '../demo/page/elements.js'
import { reasonOf } from '../demo/page/words.js'

const resources = [`${location.origin}/notes/*`]

announceDemoWallet()
// The button logs in and out.
mountSignInButton(byId('button'), {
  resources,
  wallets: [ethereumWallets()],
  words: { signIn: 'Log in', signOut: 'Log out', failed: reasonOf },
})
byId('check').onclick = () => check().catch(explain)
// Update the page when someone logs in or out, in this tab or another one.
DIDSession.onChange(() => show().catch(explain))
show().catch(explain)

/** Shows whether logging in would open the wallet. The check itself does not open it. */
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
