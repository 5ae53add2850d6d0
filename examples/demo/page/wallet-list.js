import { DIDSession } from 'cacao-session'
import { byId, element } from './elements.js'
import { findEthereum } from './ethereum-choices.js'

/**
 * One way to sign in: a wallet of any kind, or a passkey.
 * @typedef {object} Choice
 * @property {string} id
 * @property {string} name
 * @property {string} icon
 * @property {(silent: boolean) => Promise<string | undefined>} account The account, CAIP-10 or a did:key; asked silently, nothing opens.
 * @property {(account: string) => import('cacao-session').AuthMethod} auth
 */

/** @type {{ choice: Choice, hint: HTMLElement }[]} */
const listed = []
let isListing = false

/**
 * Lists the ways to sign in, wallets that appear later too, and says of each whether choosing it opens it.
 * @param {readonly string[]} resources
 * @param {(choice: Choice) => void} onChoice
 * @param {readonly ((onChoice: (choice: Choice) => void) => void)[]} finders
 */
export function showWallets(resources, onChoice, finders = [findEthereum]) {
  for (const entry of listed) giveHint(entry, resources)
  if (isListing) return
  isListing = true
  for (const find of finders) find((choice) => list(choice, resources, onChoice))
}

/**
 * @param {Choice} choice
 * @param {readonly string[]} resources
 * @param {(choice: Choice) => void} onChoice
 */
function list(choice, resources, onChoice) {
  const hint = element('span', { className: 'hint' })
  const button = element(
    'button',
    { type: 'button', className: 'wallet' },
    element('img', { src: choice.icon || '/icon.svg', alt: '', width: 40, height: 40 }),
    element('span', { className: 'wallet-text' }, element('span', {}, choice.name), hint),
    element('span', { className: 'chevron', ariaHidden: 'true' }),
  )
  button.dataset.testid = `wallet-${choice.id}`
  button.addEventListener('click', () => onChoice(choice))
  byId('wallets').append(element('li', {}, button))
  listed.push({ choice, hint })
  giveHint({ choice, hint }, resources)
}

/**
 * @param {typeof listed[number]} entry
 * @param {readonly string[]} resources
 */
async function giveHint({ choice, hint }, resources) {
  hint.textContent = 'Asks for one signature'
  if (await isSignedIn(choice, resources)) hint.textContent = 'Signed in: no signature needed'
}

/**
 * @param {Choice} choice
 * @param {readonly string[]} resources
 */
async function isSignedIn({ account }, resources) {
  // Nothing is opened to find out.
  const known = await account(true).catch(() => undefined)
  return known !== undefined && DIDSession.hasSessionFor(known, resources)
}
