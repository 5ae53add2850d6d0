import { DIDSession } from 'cacao-session'
import { discoverWallets, ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
import { resources } from './resources.js'

byId('sign-in').onclick = () => signIn().catch(explain)
byId('sign-out').onclick = () => signOut().catch(explain)
byId('note').onsubmit = (event) => {
  event.preventDefault()
  addNote(/** @type {HTMLInputElement} */ (byId('text'))).catch(explain)
}
DIDSession.onChange(() => show().catch(explain))
await controlled()
await show().catch(explain)

async function signIn() {
  const [wallet] = await discoverWallets()
  if (!wallet) throw new Error('There is no wallet in this browser.')
  const account = await ethereumAccount(wallet.provider)
  await DIDSession.get(account, ethereumAuth(wallet.provider, account), { resources })
}

async function signOut() {
  const session = await DIDSession.load(undefined, { resources })
  await session?.revoke('/api/sign-out')
}

/** @param {HTMLInputElement} input */
async function addNote(input) {
  await ok(fetch('/api/notes', { method: 'POST', body: input.value }))
  input.value = ''
  await show()
}

// This code knows nothing about sessions: the server's answer says whether someone is signed in.
async function show() {
  const response = await fetch('/api/notes')
  const isSignedIn = response.status !== 401
  byId('members').hidden = !isSignedIn
  byId('sign-in').hidden = isSignedIn
  byId('problem').textContent = ''
  if (!isSignedIn) {
    byId('status').textContent = 'Signed out'
    byId('notes').replaceChildren()
    byId('portrait').replaceChildren()
    return
  }
  const { account, notes } = await ok(Promise.resolve(response))
  byId('status').textContent = `Signed in as ${account}`
  byId('notes').replaceChildren(...notes.map(item))
  const image = Object.assign(new Image(80, 80), {
    src: '/api/portrait.svg',
    alt: 'You, as the server sees you',
  })
  byId('portrait').replaceChildren(image)
}

/** Waits until the service worker handles the requests of this page. */
async function controlled() {
  const { serviceWorker } = navigator
  await serviceWorker.register('/service-worker.js')
  const { active } = await serviceWorker.ready
  if (serviceWorker.controller) return
  await new Promise((resolve) => {
    serviceWorker.addEventListener('controllerchange', resolve, { once: true })
    active?.postMessage('claim')
  })
}

/** @param {Promise<Response>} answer */
async function ok(answer) {
  const response = await answer
  if (!response.ok) throw new Error(`The server refused: ${response.status}`)
  return response.json()
}

/** @param {string} text */
function item(text) {
  return Object.assign(document.createElement('li'), { textContent: text })
}

/** @param {unknown} error */
function explain(error) {
  const isDeclined = /** @type {{ code?: string }} */ (error).code === 'ERR_AUTH_REJECTED'
  byId('problem').textContent = isDeclined ? 'You declined in the wallet.' : String(error)
}

/** @param {string} id */
function byId(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id))
}
