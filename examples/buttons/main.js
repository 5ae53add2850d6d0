import { DIDSession } from 'cacao-session'
import { discoverWallets, ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
import { announceDemoWallet } from '../demo/page/demo-wallet.js'
import { byId } from '../demo/page/elements.js'
import { reasonOf } from '../demo/page/words.js'

const resources = [`${location.origin}/notes/*`]

announceDemoWallet()
byId('log-in').onclick = () => login().catch(explain)
byId('check').onclick = () => check().catch(explain)
byId('log-out').onclick = () => logout().catch(explain)
// Whoever signs in or out, in this tab or another: the page shows what is so now.
DIDSession.onChange(() => show().catch(explain))
show().catch(explain)

async function login() {
  const provider = await wallet()
  const account = await ethereumAccount(provider)
  await DIDSession.get(account, ethereumAuth(provider, account), { resources })
  await show()
}

/** Whether logging in would open the wallet. Neither question opens it. */
async function check() {
  const account = await ethereumAccount(await wallet(), { silent: true })
  if (account && (await DIDSession.hasSessionFor(account, resources))) return tell('No signature needed')
  const { status } = account ? await DIDSession.explain(account, resources) : { status: 'not connected' }
  tell(`The wallet would be asked: ${status}`)
}

async function logout() {
  const session = await DIDSession.load()
  if (session) await DIDSession.remove(session.id)
  await show()
}

async function show() {
  const session = await DIDSession.load(undefined, { resources })
  tell(session ? `Signed in as ${session.id}` : 'Signed out')
}

async function wallet() {
  const [found] = await discoverWallets()
  if (!found) throw new Error('This browser has no wallet.')
  return found.provider
}

/** @param {string} text */
function tell(text) {
  byId('status').textContent = text
}

/** @param {unknown} error */
function explain(error) {
  tell(reasonOf(error))
}
