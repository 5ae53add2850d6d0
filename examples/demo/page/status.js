import { byId } from './elements.js'

const text = byId('status')
const bar = byId('status-bar')
const dismiss = byId('dismiss')

/** @type {(() => void) | undefined} */
let cancel
/** @type {EventTarget | null} */
let before = null

dismiss.addEventListener('focus', ({ relatedTarget }) => {
  before = relatedTarget
})
dismiss.addEventListener('click', () => {
  cancel?.()
  tell('')
  // The button is gone, and the focus must not go with it.
  if (before instanceof HTMLElement) before.focus()
})

/**
 * Tells the person something, in a live region that screen readers announce. Empty text clears it.
 * @param {string} message
 * @param {'info' | 'wait' | 'error'} [kind]
 * @param {() => void} [onCancel] Ends what is waited for; without it, nothing does.
 */
export function tell(message, kind = 'info', onCancel) {
  cancel = onCancel
  text.textContent = message
  bar.dataset.kind = message === '' ? 'none' : kind
  dismiss.hidden = message === '' || (kind === 'wait' && !cancel)
  dismiss.textContent = cancel ? 'Cancel' : 'Dismiss'
}
