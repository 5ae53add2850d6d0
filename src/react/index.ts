'use client'

import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  type Ref,
  useContext,
  useEffect,
  useInsertionEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from 'react'
import { optionsKey, type SessionOptions, storeOf } from '../session-state/options.js'
import { LOADING, type SessionActions, type SessionState } from '../session-state/session-state.js'
import { type SharedSession, sharedSession } from '../session-state/shared-session.js'
import { readProps, type SignInButtonProps } from '../sign-in-button/props.js'
import { LOADING_STAGE, SignInDialog } from '../sign-in-button/sign-in-dialog.js'
import { signInView, type ViewElement } from '../sign-in-button/view.js'

export type { SessionOptions, SignInOptions } from '../session-state/options.js'
export type { SessionActions, SessionState, SignIn } from '../session-state/session-state.js'
export type { SignInButtonProps, SignInWords } from '../sign-in-button/props.js'
export type { WalletChoice, WalletSource } from '../wallet/wallets.js'

/** The state of the session, and the actions that a person can take. */
export type UseSession = SessionState & SessionActions

/**
 * Returns the state and the actions of the session. All components with equivalent options share one session: it loads
 * once, the wallet prompts once, and a change in any tab renders all of them again. Each option replaces the provider's
 * option of that name. Without a provider, `resources` or `abilities` is required. The status is `loading` on the
 * server and while hydrating. Throws a `TypeError` for a wrong option.
 *
 * @example
 * const { status, session, signIn, signOut, error } = useSession()
 * if (status === 'signed-in' || status === 'expiring') return <Notes session={session} onLeave={signOut} />
 */
export function useSession(options?: Partial<SessionOptions>): UseSession {
  const session = useSharedSession(options)
  const state = useSyncExternalStore(session.subscribe, () => session.state, getServerSnapshot)
  return useMemo(() => ({ ...state, ...session.actions }), [state, session])
}

const getServerSnapshot = (): SessionState => LOADING

/** The session that the component shares with others. It only changes if the options ask for another session. */
function useSharedSession(options?: Partial<SessionOptions>): SharedSession {
  const context = useContext(SessionContext)
  const own = useLatest(options)
  const merged: SessionOptions = { ...context?.options, ...options }
  const key = optionsKey(merged, 'useSession needs a SessionProvider above it, or')
  const store = storeOf(merged)
  return useMemo(() => {
    const latest = (): SessionOptions => ({ ...context?.latest.current, ...own.current })
    return sharedSession({ store, key, latest })
  }, [context, own, key, store])
}

/** Props of `SessionProvider`: the options, and its children. */
export interface SessionProviderProps extends SessionOptions {
  children?: ReactNode
}

/**
 * Sets the session options of an app, and keeps the state of its session while no component uses it. The components
 * below call `useSession` without options. Throws a `TypeError` for a wrong option.
 *
 * @example
 * <SessionProvider resources={['https://api.example.com/notes/*']}>
 *   <App />
 * </SessionProvider>
 */
export function SessionProvider({ children, ...options }: SessionProviderProps): ReactElement {
  const latest = useLatest<SessionOptions>(options)
  const key = optionsKey(options, 'SessionProvider needs')
  const store = storeOf(options)
  // biome-ignore lint/correctness/useExhaustiveDependencies: options with the same key are equivalent.
  const value = useMemo(() => ({ options, latest }), [key, store])
  // This subscription keeps the state while no component below uses it.
  useEffect(() => {
    const source = { store, key, latest: () => latest.current }
    return sharedSession(source).subscribe(() => undefined)
  }, [store, key, latest])
  return createElement(SessionContext.Provider, { value }, children)
}

/** The value of the context. It only changes if the options ask for other sessions. */
interface SessionContextValue {
  readonly options: SessionOptions
  /** The options of the last render, whose functions are called. */
  readonly latest: Latest<SessionOptions>
}

const SessionContext = createContext<SessionContextValue | undefined>(undefined)

/** A value as it was in the last render. */
interface Latest<T> {
  readonly current: T
}

/** Returns a ref to the value of the last render, for functions that are called later. */
function useLatest<T>(value: T): Latest<T> {
  const latest = useRef(value)
  // This effect runs before a person can click. Unlike a layout effect, it causes no warning on a server.
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}

/**
 * A button with which a person signs in with a wallet or passkey of theirs, and signs out. It also takes the options of
 * `useSession`, which can be left out below a `SessionProvider`. It has no style: import
 * `cacao-session/sign-in-button.css`, or write a style for its classes. Throws a `TypeError` for a wrong prop.
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
