import { call, watched } from './api.js'
import { byId, element } from './elements.js'
import { tell } from './status.js'
import { showExchange, travelling } from './travel.js'
import { addressOf, shorten } from './words.js'

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
    (signer) => watched(() => call(signer, 'POST', 'notes', { text: input.value })),
    ({ answer: { concluded, ...note }, sent }) => {
      show([note, ...shown])
      input.value = ''
      const { account, keyDID } = concluded
      const words = `Accepted: ${shorten(addressOf(account), 8, 6)} wrote this. The key ${shorten(keyDID, 14, 6)} signed it, and its capability covers it.`
      const travelled = sent ? travelling(sent, JSON.stringify({ text: note.text })) : ''
      showExchange(byId('note-exchange'), travelled, [words], true)
    },
  )
  form.ariaBusy = 'false'
})

/**
 * Loads the account's notes from the server and shows them.
 * @param {DIDSession} signer
 * @param {typeof onRefused} refused Called each time the server refuses a request.
 */
export async function showNotes(signer, refused) {
  session = signer
  onRefused = refused
  await ask(
    () => call(signer, 'GET', 'notes'),
    ({ notes }) => show(notes),
  )
}

/** Removes the notes from the page, so that the next person does not see them. */
export function leaveNotes() {
  session = undefined
  input.value = ''
  show([])
  byId('no-notes').hidden = true
  byId('note-exchange').replaceChildren()
}

/** @param {Note} note */
const remove = ({ id }) =>
  ask(
    (signer) => call(signer, 'DELETE', `notes/${id}`),
    () => {
      show(shown.filter((note) => note.id !== id))
      // The focused button has been removed.
      input.focus()
      tell('The note is deleted.')
    },
  )

/**
 * Sends a request and shows the answer, unless the person has signed out in the meantime.
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
