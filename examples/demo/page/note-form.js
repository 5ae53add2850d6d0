import { bytesAsText } from './dag-json.js'
import { byId, element } from './elements.js'
import { addressOf, reasonOf, shorten } from './words.js'

/** @typedef {import('cacao-session').DIDSession} DIDSession */

const form = /** @type {HTMLFormElement} */ (byId('note-form'))
const result = byId('note-result')

/** @type {DIDSession | undefined} */
let signer

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  if (!signer || form.ariaBusy === 'true') return
  form.ariaBusy = 'true'
  const isAltered = /** @type {HTMLButtonElement | null} */ (event.submitter)?.name === 'alter'
  const note = /** @type {HTMLInputElement} */ (byId('note')).value
  const shown = await signAndVerify(signer, note, isAltered).then(verdict, failure)
  result.replaceChildren(...shown)
  form.ariaBusy = 'false'
})

/**
 * Notes are signed by this session from now on.
 * @param {DIDSession} session
 */
export function signNotesWith(session) {
  signer = session
  result.replaceChildren()
}

/**
 * @param {DIDSession} session
 * @param {string} note
 * @param {boolean} isAltered
 */
async function signAndVerify(session, note, isAltered) {
  const { toDID } = await import('cacao-session/dids')
  const did = await toDID(session)
  const jws = await did.createJWS({ note, at: new Date().toISOString() })
  const sent = isAltered ? { ...jws, payload: otherPayload(note) } : jws
  const response = await fetch('/verify', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jws: sent, capability: session.cacao }, bytesAsText),
  })
  if (!response.ok) throw new Error(`The server answered ${response.status}.`)
  return response.json()
}

/**
 * What someone on the way could put in place of the note, without the key to sign it.
 * @param {string} note
 */
function otherPayload(note) {
  const bytes = new TextEncoder().encode(JSON.stringify({ note: `${note}, twice` }))
  const base64 = btoa(String.fromCharCode(...bytes))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** @param {{ verified: boolean, reason?: string, keyDID: string, account: string, payload: unknown }} answer */
function verdict({ verified, reason, keyDID, account, payload }) {
  if (!verified) return refusal(`The server refused it: ${reason}.`)
  const key = element('span', { className: 'mono', title: keyDID }, shorten(keyDID, 12, 4))
  const address = addressOf(account)
  const owner = element('span', { className: 'mono', title: account }, shorten(address, 6, 4))
  return [
    element(
      'p',
      { className: 'verdict good' },
      element('span', {}, element('strong', {}, 'Verified:'), ' signed by ', key, ' for ', owner),
    ),
    element('pre', {}, JSON.stringify(payload, null, 2)),
  ]
}

/** @param {unknown} error */
const failure = (error) => refusal(reasonOf(error))

/** @param {string} text */
const refusal = (text) => [element('p', { className: 'verdict bad' }, element('span', {}, text))]
