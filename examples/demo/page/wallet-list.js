import { DIDSession } from 'cacao-session'
import { discoverWallets, ethereumAccount } from 'cacao-session/ethereum'
import { byId, element } from './elements.js'

/** @typedef {import('cacao-session/ethereum').DiscoveredWallet} Wallet */

/** @type {{ wallet: Wallet, hint: HTMLElement }[]} */
const listed = []
let isListing = false

/**
 * Lists the wallets of this browser, those that appear later too, and says of each whether choosing it opens it.
 * @param {readonly string[]} resources
 * @param {(wallet: Wallet) => void} onChoice
 */
export function showWallets(resources, onChoice) {
  for (const entry of listed) giveHint(entry, resources)
  if (isListing) return
  isListing = true
  discoverWallets({
    onWallet(wallet) {
      const hint = element('span', { className: 'hint' })
      const button = element(
        'button',
        { type: 'button', className: 'wallet' },
        element('img', { src: wallet.icon || '/icon.svg', alt: '', width: 40, height: 40 }),
        element('span', { className: 'wallet-text' }, element('span', {}, wallet.name), hint),
        element('span', { className: 'chevron', ariaHidden: 'true' }),
      )
      button.dataset.testid = `wallet-${wallet.rdns}`
      button.addEventListener('click', () => onChoice(wallet))
      byId('wallets').append(element('li', {}, button))
      listed.push({ wallet, hint })
      giveHint({ wallet, hint }, resources)
    },
  })
}

/**
 * @param {typeof listed[number]} entry
 * @param {readonly string[]} resources
 */
async function giveHint({ wallet, hint }, resources) {
  hint.textContent = 'Asks for one signature'
  if (await isSignedIn(wallet, resources)) hint.textContent = 'Signed in: no signature needed'
}

/**
 * @param {Wallet} wallet
 * @param {readonly string[]} resources
 */
async function isSignedIn({ provider }, resources) {
  // The wallet is not opened to find out.
  const account = await ethereumAccount(provider, { silent: true }).catch(() => undefined)
  return account !== undefined && DIDSession.hasSessionFor(account, resources)
}
