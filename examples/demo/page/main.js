import { DIDSession } from 'cacao-session'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { mountSignInButton } from 'cacao-session/sign-in-button'
import { solanaVerifiers } from 'cacao-session/solana'
import { ethereumWallets, passkeys, solanaWallets } from 'cacao-session/wallets'
import { webauthnVerifiers } from 'cacao-session/webauthn'
import { call, newNonce } from './api.js'
import { announceDemoWallet } from './demo-wallet.js'
import { byId } from './elements.js'
import { leaveNotes, showNotes } from './notes-view.js'
import { leaveSession, showSession } from './session-view.js'
import { tell } from './status.js'
import { stealFrom } from './thief.js'
import { isEnd, reasonOf } from './words.js'

const resources = [`${location.origin}/api/*`]
const verifiers = {
  ...ethereumVerifiers(),
  ...solanaVerifiers(),
  // Name the origin, because by default http is accepted only for localhost.
  ...webauthnVerifiers({ origins: [location.origin] }),
}
const wallets = [
  ethereumWallets(),
  solanaWallets(),
  passkeys({ name: () => `Demo passkey of ${new Date().toLocaleDateString()}` }),
]
const duration = /** @type {HTMLSelectElement} */ (byId('duration'))

/** @type {DIDSession | undefined} */
let current
/** The message to show when the current session ends. */
let farewell = ''

let removeButton = () => {}
/** Shows the button, for sessions of the chosen lifetime. */
function showButton() {
  removeButton()
  removeButton = mountSignInButton(byId('button'), {
    resources,
    wallets,
    verifiers,
    statement: 'Keep notes on this server.',
    nonce: newNonce,
    expiresInSecs: Number(duration.value),
    leadSecs: 30,
    beforeSignOut,
  })
}

/** @param {DIDSession} session */
async function beforeSignOut(session) {
  farewell = 'You are signed out.'
  await call(session, 'POST', 'sign-out').catch((error) => {
    // The session is removed from this browser all the same.
    farewell = `You are signed out in this browser. ${reasonOf(error)}`
  })
}

async function signOutEverywhere() {
  const session = current
  if (!session) return
  try {
    await call(session, 'POST', 'sign-out-everywhere')
    farewell = 'You are signed out on all your devices.'
    await session.remove()
  } catch (error) {
    await refused(error, session)
  }
}

/**
 * @param {unknown} error
 * @param {DIDSession} session
 */
async function refused(error, session) {
  if (session !== current) return
  if (!isEnd(error)) return tell(reasonOf(error), 'error')
  farewell = reasonOf(error)
  await session.remove()
}

/**
 * Shows the current session of this browser, if the server accepts it, after a sign-in or a sign-out in any tab.
 * @param {boolean} isMove Whether the focus must move, because the person is already using the page.
 */
async function catchUp(isMove) {
  const session = await DIDSession.load(undefined, { resources, verifiers })
  if (session?.keyDID === current?.keyDID) return
  if (!session) return leave(farewell || 'You signed out in another tab.')
  try {
    // The first time, the server consumes the nonce that the wallet has signed.
    await call(session, 'POST', 'sign-in')
  } catch (error) {
    tell(reasonOf(error), 'error')
    if (isEnd(error)) return session.remove()
  }
  current?.dispose()
  current = session
  farewell = ''
  showSession(session, () => leave('The session has expired. Sign in again.'))
  stealFrom(session)
  await showNotes(session, refused)
  show(isMove)
}

/** @param {string} message */
function leave(message) {
  current?.dispose()
  current = undefined
  farewell = ''
  leaveSession()
  leaveNotes()
  stealFrom(undefined)
  show(true)
  tell(message)
}

/** @param {boolean} isMove */
function show(isMove) {
  document.body.dataset.session = current ? 'in' : 'out'
  /** @type {HTMLElement} */ for (const part of document.querySelectorAll('[data-when]'))
    part.hidden = /** @type {HTMLElement} */ (part).dataset.when !== document.body.dataset.session
  // The button's dialog returns the focus by itself. Otherwise the focused element may be hidden now.
  if (isMove && document.activeElement === document.body)
    byId(current ? 'notes-title' : 'sign-in-title').focus()
}

/** @type {Promise<unknown>} */
let catchingUp = Promise.resolve()
/** @param {boolean} isMove */
function catchUpInTurn(isMove) {
  catchingUp = catchingUp.then(() => catchUp(isMove)).catch((error) => tell(reasonOf(error), 'error'))
  return catchingUp
}

async function start() {
  announceDemoWallet()
  byId('sign-out-everywhere').addEventListener('click', signOutEverywhere)
  duration.addEventListener('change', showButton)
  DIDSession.onChange(() => catchUpInTurn(true))
  // The person may have signed out or written notes on another device.
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && current) showNotes(current, refused)
  })
  showButton()
  await catchUpInTurn(false)
  if (!current) show(false)
}

start()
