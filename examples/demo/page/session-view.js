import { DIDSession } from 'cacao-session'
import { startCountdown } from './countdown.js'
import { byId, element } from './elements.js'
import { tell } from './status.js'
import { addressOf, placeOf, shorten } from './words.js'

/** @type {() => void} */
let stopCountdown = () => {}
let address = ''

byId('copy-account').addEventListener('click', async () => {
  await navigator.clipboard.writeText(address).then(
    () => tell('The account’s address is copied.'),
    () => tell('The browser did not let this page copy.', 'error'),
  )
})
byId('reload').addEventListener('click', () => location.reload())

/**
 * @param {DIDSession} session
 * @param {() => void} onExpired
 */
export function showSession(session, onExpired) {
  address = addressOf(session.id)
  byId('account').textContent = shorten(address, 8, 6)
  byId('account').title = session.id
  byId('key').textContent = shorten(session.keyDID, 14, 6)
  byId('key').title = session.keyDID
  byId('resources').replaceChildren(...session.authorizations.map((uri) => element('li', {}, uri)))
  byId('persistence').textContent = placeOf(session.persistence)
  byId('expires-at').textContent = session.expiresAt
    ? `on ${session.expiresAt.toLocaleString(undefined, { dateStyle: 'long', timeStyle: 'short' })}`
    : ''
  byId('signed-text').textContent = JSON.stringify(session.cacao.p, null, 2)
  stopCountdown()
  stopCountdown = startCountdown(byId('countdown'), () => session.expiresInSecs, onExpired)
  DIDSession.hasSessionFor(session.id, session.authorizations).then((hasSession) => {
    const isKept = hasSession && session.persistence === 'indexeddb'
    byId('next-visit').textContent = isKept ? 'No signature needed' : 'Your wallet will ask you again'
  })
}

export function leaveSession() {
  stopCountdown()
}
