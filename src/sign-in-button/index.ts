import { wrong } from '../base/options.js'
import { optionsKey, type SessionOptions, storeOf } from '../session-state/options.js'
import { sharedSession } from '../session-state/shared-session.js'
import { readProps, type SignInButtonProps } from './props.js'
import { showIn } from './render.js'
import { SignInDialog } from './sign-in-dialog.js'

export type { SessionOptions } from '../session-state/options.js'
export type { WalletChoice, WalletSource } from '../wallet/wallets.js'
export type { SignInButtonProps, SignInWords } from './props.js'

/** Options of `mountSignInButton`: the props of a button, and all options of its session. */
export type MountSignInButtonOptions = SignInButtonProps & SessionOptions

/**
 * Adds a sign-in button to an element of a page that uses no framework. Returns a function that removes the button.
 * Throws a `TypeError` for a wrong option, or if `target` is not an element.
 *
 * @example
 * mountSignInButton(document.body, { resources: ['https://api.example.com/notes/*'], wallets: [ethereumWallets()] })
 */
export function mountSignInButton(target: Element, options: MountSignInButtonOptions): () => void {
  // `querySelector` returns null if the page does not have the element yet.
  if (typeof (target as Partial<Element> | null)?.append !== 'function')
    throw wrong('target', 'an element of the page, such as document.body')
  const props = readProps(options)
  const source = {
    store: storeOf(props.options),
    key: optionsKey(props.options, 'mountSignInButton needs'),
    latest: () => props.options,
  }
  const dialog = new SignInDialog(sharedSession(source), () => props)
  const root = target.ownerDocument.createElement('div')
  target.append(root)
  const { leave } = showIn(root, dialog, () => props)
  return () => {
    leave()
    root.remove()
  }
}
