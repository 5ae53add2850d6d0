import { byId } from './elements.js'

const text = byId('status')
const bar = byId('status-bar')
const dismiss = byId('dismiss')

dismiss.addEventListener('click', () => tell(''))

/**
 * Tells the person something, in a live region that screen readers announce. Empty text clears it.
 * @param {string} message
 * @param {'info' | 'wait' | 'error'} [kind]
 */
export function tell(message, kind = 'info') {
  text.textContent = message
  bar.dataset.kind = message === '' ? 'none' : kind
  dismiss.hidden = message === '' || kind === 'wait'
}
