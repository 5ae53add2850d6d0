import { demoWalletIcon } from './demo-wallet-icon.js'
import { element } from './elements.js'
import { shorten } from './words.js'

const account = element('span', { className: 'mono' })
const message = marked('wallet-message', element('pre'))
const text = element('section', { className: 'wallet-message', ariaLabel: 'Text to be signed' }, message)
const dialog = marked('wallet-dialog', newDialog())
document.body.append(dialog)
// If the text scrolls, the keyboard must be able to reach it. If not, Tab should skip it. This changes with the size of the window.
const resized = new ResizeObserver(() => {
  text.tabIndex = text.scrollHeight > text.clientHeight ? 0 : -1
})
for (const part of [text, message]) resized.observe(part)

/**
 * Opens the demo wallet's prompt, which shows the exact text. Resolves with true if the person chooses "Sign", and with false
 * if the prompt is closed in any other way.
 * @param {string} words
 * @param {string} address
 * @returns {Promise<boolean>}
 */
export function confirmSigning(words, address) {
  message.textContent = words
  account.textContent = shorten(address, 6, 4)
  account.title = address
  dialog.returnValue = 'reject'
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'sign'), { once: true })
  })
}

function newDialog() {
  const title = element('h2', { textContent: 'Sign this text?', tabIndex: -1, autofocus: true })
  title.id = 'wallet-dialog-title'
  const icon = element('img', { src: demoWalletIcon, alt: '', width: 40, height: 40 })
  const head = element(
    'div',
    { className: 'wallet-head' },
    icon,
    element('div', {}, title, element('p', { className: 'small' }, 'Demo wallet, account ', account)),
  )
  const reject = marked('wallet-reject', element('button', { value: 'reject', textContent: 'Reject' }))
  const sign = marked(
    'wallet-sign',
    element('button', { className: 'primary', value: 'sign', textContent: 'Sign' }),
  )
  const actions = element('div', { className: 'actions' }, reject, sign)
  const made = element('dialog', {}, element('form', { method: 'dialog' }, head, text, actions))
  made.setAttribute('aria-labelledby', title.id)
  return made
}

/**
 * @template {HTMLElement} T
 * @param {string} testid
 * @param {T} made
 */
function marked(testid, made) {
  made.dataset.testid = testid
  return made
}
