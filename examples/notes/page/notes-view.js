import { byId, element } from '../../demo/page/elements.js'
import { tell } from '../../demo/page/status.js'
import { call } from './api.js'

/** @typedef {import('cacao-session').DIDSession} DIDSession */
/** @typedef {{ id: string, text: string, at: string }} Note */

const form = byId('note-form')
const input = /** @type {HTMLInputElement} */ (byId('note-text'))

/** @type {DIDSession | undefined} */
let session
/** @type {(error: unknown, session: DIDSession) => void} */
let onRefused = () => {}
/** @type {Note[]} */
let shown = []

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  if (form.ariaBusy === 'true') return
  form.ariaBusy = 'true'
  await ask(
    (signer) => call(signer, 'POST', 'notes', { text: input.value }),
    (note) => {
      show([note, ...shown])
      input.value = ''
      tell('The note is kept.')
    },
  )
  form.ariaBusy = 'false'
})

/**
 * Shows the account's notes as the server has them now.
 * @param {DIDSession} signer
 * @param {typeof onRefused} refused Told of what the server refuses, now and later.
 */
export async function showNotes(signer, refused) {
  session = signer
  onRefused = refused
  await ask(
    () => call(signer, 'GET', 'notes'),
    ({ notes }) => show(notes),
  )
}

/** Leaves nothing of them for whoever signs in next. */
export function leaveNotes() {
  session = undefined
  input.value = ''
  show([])
  byId('no-notes').hidden = true
}

/** @param {Note} note */
const remove = ({ id }) =>
  ask(
    (signer) => call(signer, 'DELETE', `notes/${id}`),
    () => {
      show(shown.filter((note) => note.id !== id))
      // The button that had the focus is gone.
      input.focus()
      tell('The note is deleted.')
    },
  )

/**
 * Asks the server, and shows what it answers unless the session was left in the meantime.
 * @template Answer
 * @param {(signer: DIDSession) => Promise<Answer>} request
 * @param {(answer: Answer) => void} apply
 */
async function ask(request, apply) {
  const signer = session
  if (!signer) return
  try {
    const answer = await request(signer)
    if (signer === session) apply(answer)
  } catch (error) {
    if (signer === session) onRefused(error, signer)
  }
}

/** @param {Note[]} notes */
function show(notes) {
  shown = notes
  byId('notes').replaceChildren(...notes.map(item))
  byId('no-notes').hidden = notes.length > 0
}

/** @param {Note} note */
function item(note) {
  const time = new Date(note.at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
  const text = element('p', { className: 'note-text' }, note.text)
  const button = element('button', { type: 'button', className: 'quiet' }, 'Delete')
  button.dataset.testid = 'delete-note'
  button.ariaLabel = `Delete “${note.text}”`
  button.addEventListener('click', () => remove(note))
  return element('li', { className: 'note' }, text, button, element('p', { className: 'small' }, time))
}
