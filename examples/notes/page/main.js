import { DIDSession } from 'cacao-session'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { announceDemoWallet } from '../../demo/page/demo-wallet.js'
import { byId } from '../../demo/page/elements.js'
import { tell } from '../../demo/page/status.js'
import { showWallets } from '../../demo/page/wallet-list.js'
import { addressOf, shorten } from '../../demo/page/words.js'
import { call, newNonce } from './api.js'
import { leaveNotes, showNotes } from './notes-view.js'
import { stealFrom } from './thief.js'
import { isEnd, reasonOf } from './words.js'

const resources = [`${location.origin}/api/*`]
const statement = 'Keep notes on this server.'
const verifiers = ethereumVerifiers()

/** @type {DIDSession | undefined} */
let current
/** @type {AbortController | undefined} */
let asking

/** @param {import('../../demo/page/wallet-list.js').Choice} choice */
async function signIn({ name, account: accountOf, auth }) {
  // Someone who chooses again has given up on the wallet that they chose before.
  asking?.abort()
  asking = new AbortController()
  const { signal } = asking
  tell(`Waiting for ${name}…`, 'wait')
  /** @type {DIDSession | undefined} */
  let session
  try {
    const account = await accountOf(false)
    signal.throwIfAborted()
    if (!account) throw new Error('The wallet shows no account.')
    const options = { resources, statement, verifiers, signal, nonce: newNonce }
    session = await DIDSession.get(account, auth(account), options)
    await call(session, 'POST', 'sign-in')
    signal.throwIfAborted()
    tell('')
    enter(session, true)
  } catch (error) {
    if (signal.aborted) return
    // Where the server won't have it, the wallet has to be asked anew.
    if (isEnd(error)) await session?.remove()
    tell(reasonOf(error), 'error')
  } finally {
    if (signal === asking?.signal) asking = undefined
  }
}

async function signOut() {
  const session = current
  if (!session) return
  session.dispose()
  const message = await session.revoke('/api/sign-out').then(
    () => 'You are signed out.',
    // Its key goes from this browser all the same.
    (error) => `You are signed out in this browser. ${reasonOf(error)}`,
  )
  if (session === current) await leave(message)
}

async function signOutEverywhere() {
  const session = current
  if (!session) return
  try {
    await call(session, 'POST', 'sign-out-everywhere')
    await leave('You are signed out on all your devices.')
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
  if (isEnd(error)) await leave(reasonOf(error), 'error')
  else tell(reasonOf(error), 'error')
}

/**
 * @param {DIDSession} session
 * @param {boolean} isMove Whether the view changes under the person, so that the focus has to follow.
 */
function enter(session, isMove) {
  current = session
  byId('account').textContent = shorten(addressOf(session.id), 8, 6)
  byId('account').title = session.id
  byId('key').textContent = shorten(session.keyDID, 14, 6)
  byId('key').title = session.keyDID
  byId('resources').textContent = session.authorizations.join(' ')
  byId('expires-at').textContent =
    session.expiresAt?.toLocaleString(undefined, { dateStyle: 'long', timeStyle: 'short' }) ?? 'never'
  session.on('removed', () => {
    if (session === current) leave('You signed out in another tab.')
  })
  session.on('expired', () => {
    if (session === current) leave('The session has expired. Sign in again.')
  })
  stealFrom(session)
  showNotes(session, refused)
  show(isMove)
}

/**
 * @param {string} message
 * @param {'info' | 'error'} [kind]
 */
async function leave(message, kind) {
  const session = current
  current = undefined
  session?.dispose()
  // Where the browser can't remove it, the server refuses it all the same.
  await session?.remove().catch(() => undefined)
  stealFrom(undefined)
  leaveNotes()
  show(true)
  tell(message, kind)
}

/** @param {boolean} isMove */
function show(isMove) {
  if (!current) showWallets(resources, signIn)
  byId('sign-in-view').hidden = current !== undefined
  byId('session-view').hidden = current === undefined
  if (isMove) byId(current ? 'session-title' : 'sign-in-title').focus()
}

/** On another device the person may have signed out, or written notes; in another tab, signed in. */
function refresh() {
  if (document.visibilityState !== 'visible') return
  if (current) showNotes(current, refused)
  else catchUp()
}

/** In another tab the person may have signed in. */
async function catchUp() {
  if (current || asking) return
  const session = await DIDSession.load(undefined, { resources })
  if (!session) return
  // That tab tells the server of the sign-in next. Until it has, nobody is let in: then this tab looks again when it is seen.
  const isLetIn = await call(session, 'GET', 'notes').then(
    () => true,
    () => false,
  )
  if (isLetIn && !current && !asking) enter(session, true)
}

async function start() {
  announceDemoWallet()
  byId('sign-out').addEventListener('click', signOut)
  byId('sign-out-everywhere').addEventListener('click', signOutEverywhere)
  document.addEventListener('visibilitychange', refresh)
  DIDSession.onChange(catchUp)
  const session = await DIDSession.load(undefined, { resources }).catch((error) =>
    tell(reasonOf(error), 'error'),
  )
  if (session) enter(session, false)
  else show(false)
}

start()
