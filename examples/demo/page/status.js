import { byId } from './elements.js'

const text = byId('status')
const bar = byId('status-bar')
const dismiss = byId('dismiss')

/** @type {EventTarget | null} */
let before = null

dismiss.addEventListener('focus', ({ relatedTarget }) => {
  before = relatedTarget
})
dismiss.addEventListener('click', () => {
  tell('')
  // The button is hidden now, so return the focus to the element that had it before.
  if (before instanceof HTMLElement) before.focus()
})

/**
 * Shows a message to the person, in a live region that screen readers announce. An empty message clears it.
 * @param {string} message
 * @param {'info' | 'error'} [kind]
 */
export function tell(message, kind = 'info') {
  text.textContent = message
  bar.dataset.kind = message === '' ? 'none' : kind
  dismiss.hidden = message === ''
}
