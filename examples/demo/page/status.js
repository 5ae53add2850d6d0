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
  // The button is gone, and the focus must not go with it.
  if (before instanceof HTMLElement) before.focus()
})

/**
 * Tells the person something, in a live region that screen readers announce. Empty text clears it.
 * @param {string} message
 * @param {'info' | 'error'} [kind]
 */
export function tell(message, kind = 'info') {
  text.textContent = message
  bar.dataset.kind = message === '' ? 'none' : kind
  dismiss.hidden = message === ''
}
