import {
  createElement,
  type ReactElement,
  type Ref,
  useEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react'
import { readProps, type SignInButtonProps } from '../sign-in-button/props.js'
import { LOADING_STAGE, SignInDialog } from '../sign-in-button/sign-in-dialog.js'
import { signInView, type ViewElement } from '../sign-in-button/view.js'
import { useLatest } from './provider.js'
import { useSharedSession } from './use-session.js'

/**
 * A button with which a person signs in, with whichever wallet or passkey they have, and signs out. Takes the options of
 * `useSession` too, which a `SessionProvider` above it may have. It comes without a style: import
 * `cacao-session/sign-in-button.css`, or write one for its classes. Throws a `TypeError` for a wrong prop.
 *
 * @example
 * <SignInButton wallets={[ethereumWallets(), passkeys()]} />
 */
export function SignInButton(props: SignInButtonProps): ReactElement {
  const read = readProps(props)
  const latest = useLatest(read)
  const session = useSharedSession(read.options)
  const dialog = useMemo(() => new SignInDialog(session, () => latest.current), [session, latest])
  const stage = useSyncExternalStore(
    dialog.subscribe,
    () => dialog.stage,
    () => LOADING_STAGE,
  )
  const root = useRef<Element>(null)
  useEffect(() => (root.current ? dialog.attach(root.current) : undefined), [dialog])
  useEffect(() => dialog.update())
  return rendered(signInView(stage, read.words, dialog, read.className), root)
}

// Two of the view's attributes have other names in React.
function rendered(
  { tag, key, attributes, onClick, children }: ViewElement,
  ref?: Ref<Element>,
): ReactElement {
  const { class: className, tabindex: tabIndex, ...rest } = attributes
  return createElement(
    tag,
    { key, ...rest, ...(className && { className }), ...(tabIndex && { tabIndex }), onClick, ref },
    ...children.map((child) => (typeof child === 'string' ? child : rendered(child))),
  )
}
