import { DIDSession } from 'cacao-session'
import { discoverWallets, ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
import { stringStore } from 'cacao-session/stores'
import { announceDemoWallet } from '../demo/page/demo-wallet.js'
import { byId } from '../demo/page/elements.js'
import { reasonOf } from '../demo/page/words.js'

// Web Storage contains the key as text, so any script of this origin can copy it. The default store keeps a key that no script can copy.
const store = stringStore(localStorage)
const resources = [`${location.origin}/notes/*`]

announceDemoWallet()
byId('log-in').onclick = () => login().then(show, explain)
byId('log-out').onclick = () => logout().then(show, explain)
DIDSession.load(undefined, { store, resources }).then(show, explain)

async function login() {
  const [wallet] = await discoverWallets()
  if (!wallet) throw new Error('This browser has no wallet.')
  const account = await ethereumAccount(wallet.provider)
  return DIDSession.get(account, ethereumAuth(wallet.provider, account), { store, resources })
}

async function logout() {
  const session = await DIDSession.load(undefined, { store })
  await session?.remove()
  return undefined
}

/** @param {DIDSession | undefined} session */
function show(session) {
  byId('status').textContent = session
    ? `${session.id} by ${session.keyDID}, kept as ${session.persistence}`
    : 'Signed out'
}

/** @param {unknown} error */
function explain(error) {
  byId('status').textContent = reasonOf(error)
}
