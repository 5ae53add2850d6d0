import { DIDSession } from 'cacao-session'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { solanaVerifiers } from 'cacao-session/solana'
import { webauthnVerifiers } from 'cacao-session/webauthn'
import { announceDemoWallet } from './demo-wallet.js'
import { byId } from './elements.js'
import { findEthereum } from './ethereum-choices.js'
import { findPasskeys } from './passkey-choices.js'
import { leaveSession, showSession } from './session-view.js'
import { findSolana } from './solana-choices.js'
import { tell } from './status.js'
import { showWallets } from './wallet-list.js'
import { reasonOf } from './words.js'

const resources = [`${location.origin}/notes/*`]
const verifiers = {
  ...ethereumVerifiers(),
  ...solanaVerifiers(),
  ...webauthnVerifiers({ origins: [location.origin] }),
}

/** @type {DIDSession | undefined} */
let current
/** @type {AbortController | undefined} */
let asking
let isSigningOut = false

/** @param {import('./wallet-list.js').Choice} choice */
async function signIn({ name, account: accountOf, auth }) {
  // Someone who chooses again has given up on the wallet that they chose before.
  asking?.abort()
  const controller = new AbortController()
  asking = controller
  const { signal } = controller
  const expiresInSecs = Number(/** @type {HTMLSelectElement} */ (byId('duration')).value)
  tell(`Waiting for ${name}…`, 'wait', () => controller.abort())
  try {
    const account = await accountOf(false)
    signal.throwIfAborted()
    if (!account) throw new Error('The wallet shows no account.')
    const options = { resources, verifiers, expiresInSecs, signal }
    const session = await DIDSession.get(account, auth(account), options)
    tell('')
    enter(session, true)
  } catch (error) {
    if (!signal.aborted) tell(reasonOf(error), 'error')
  }
}

async function signOut() {
  if (!current) return
  try {
    isSigningOut = true
    await DIDSession.remove(current.id)
    leave('You are signed out.')
  } catch (error) {
    tell(reasonOf(error), 'error')
  } finally {
    isSigningOut = false
  }
}

/**
 * @param {DIDSession} session
 * @param {boolean} isMove Whether the view changes under the person, so that the focus has to follow.
 */
function enter(session, isMove) {
  current = session
  session.on('removed', () => {
    if (session === current && !isSigningOut) leave('You signed out in another tab.')
  })
  session.on(
    'expiring',
    () => session === current && tell('The session ends in half a minute. Then your wallet is asked again.'),
    { leadSecs: 30 },
  )
  show(isMove)
}

/** @param {string} message */
function leave(message) {
  current?.dispose()
  current = undefined
  leaveSession()
  show(true)
  tell(message)
}

/**
 * Shows the session, or the sign-in where there is none.
 * @param {boolean} isMove Whether the view changes under the person, so that the focus has to follow.
 */
function show(isMove) {
  if (current) showSession(current, () => leave('The session has expired. Sign in again.'))
  else showWallets(resources, signIn, [findEthereum, findSolana, findPasskeys])
  byId('sign-in-view').hidden = current !== undefined
  byId('session-view').hidden = current === undefined
  if (isMove) byId(current ? 'session-title' : 'sign-in-title').focus()
}

/** In another tab the person may have signed in. */
async function catchUp() {
  const session = current ? undefined : await DIDSession.load()
  if (session && !current) enter(session, true)
}

async function start() {
  announceDemoWallet()
  byId('sign-out').addEventListener('click', signOut)
  DIDSession.onChange(catchUp)
  try {
    const session = await DIDSession.load()
    if (session) enter(session, false)
    else show(false)
  } catch (error) {
    tell(reasonOf(error), 'error')
    show(false)
  }
}

start()
