import { demoWalletIcon } from './demo-wallet-icon.js'
import { byId } from './elements.js'
import { shorten } from './words.js'

const dialog = /** @type {HTMLDialogElement} */ (byId('wallet-dialog'))
const icon = /** @type {HTMLImageElement} */ (byId('wallet-dialog-icon'))

/**
 * The demo wallet's prompt: shows the exact text and resolves with whether the person wants it signed. Closing
 * the prompt any other way is a no.
 * @param {string} message
 * @param {string} address
 * @returns {Promise<boolean>}
 */
export function confirmSigning(message, address) {
  byId('wallet-message').textContent = message
  byId('wallet-account').textContent = shorten(address, 6, 4)
  byId('wallet-account').title = address
  icon.src = demoWalletIcon
  dialog.returnValue = 'reject'
  dialog.showModal()
  // What scrolls must be within the keyboard's reach; what doesn't would only be in its way.
  const text = byId('wallet-text')
  text.tabIndex = text.scrollHeight > text.clientHeight ? 0 : -1
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'sign'), { once: true })
  })
}
