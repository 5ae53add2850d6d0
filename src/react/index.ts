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
 * Returns the session, which all components with equivalent options share: it loads once, the wallet asks once, and any
 * change, in any tab, renders the components again. Options given here replace those of the provider, one by one.
 * Without a provider they must have `resources` or `abilities`. Renders `loading` on the server and while hydrating.
 * Throws a `TypeError` for a wrong option.
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

/** The session that the component shares with others. It only changes if the options ask for another one. */
function useSharedSession(options?: Partial<SessionOptions>): SharedSession {
  const context = useContext(SessionContext)
  const own = useLatest(options)
  const merged: SessionOptions = { ...context?.options, ...options }
  const key = optionsKey(merged, 'a SessionProvider')
  const store = storeOf(merged)
  return useMemo(() => {
    const latest = (): SessionOptions => ({ ...context?.latest.current, ...own.current })
    return sharedSession({ store, key, latest })
  }, [context, own, key, store])
}

/** What `SessionProvider` takes: the options, and its children. */
export interface SessionProviderProps extends SessionOptions {
  children?: ReactNode
}

/**
 * Sets the session options of an app, and keeps the state of its session while no component uses it. Below it,
 * `useSession` needs no options. Throws a `TypeError` for a wrong option.
 *
 * @example
 * <SessionProvider resources={['https://api.example.com/notes/*']}>
 *   <App />
 * </SessionProvider>
 */
export function SessionProvider({ children, ...options }: SessionProviderProps): ReactElement {
  const latest = useLatest<SessionOptions>(options)
  const key = optionsKey(options, 'a SessionProvider')
  const store = storeOf(options)
  // biome-ignore lint/correctness/useExhaustiveDependencies: options with the same key are equivalent.
  const value = useMemo(() => ({ options, latest }), [key, store])
  // Subscribe, so that the state stays while no component below uses it.
  useEffect(() => {
    const source = { store, key, latest: () => latest.current }
    return sharedSession(source).subscribe(() => undefined)
  }, [store, key, latest])
  return createElement(SessionContext.Provider, { value }, children)
}

/** The value of the context. It only changes if the options ask for other sessions. */
interface SessionContextValue {
  readonly options: SessionOptions
  /** The options of the last render, whose functions are the ones to call. */
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
  // This effect runs before anyone can click and, unlike a layout effect, causes no warning on a server.
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}

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
