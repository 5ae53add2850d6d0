import { type Component, createRawSnippet, getContext, onMount, setContext } from 'svelte'
import { createSubscriber } from 'svelte/reactivity'
import { toStore } from 'svelte/store'
import type { SessionError } from '../base/errors.js'
import type { DIDSession } from '../session/did-session.js'
import { optionsKey, type SessionOptions, storeOf } from '../session-state/options.js'
import { LOADING, type SessionActions, type SessionState } from '../session-state/session-state.js'
import { type SharedSession, sharedSession } from '../session-state/shared-session.js'
import { readProps, type SignInButtonProps } from '../sign-in-button/props.js'
import { renderToHTML, showIn } from '../sign-in-button/render.js'
import { SignInDialog } from '../sign-in-button/sign-in-dialog.js'
import { signInView } from '../sign-in-button/view.js'

export type { SessionOptions, SignInOptions } from '../session-state/options.js'
export type { SessionActions, SessionState, SignIn } from '../session-state/session-state.js'
export type { SignInWords } from '../sign-in-button/props.js'
export type { WalletChoice, WalletSource } from '../wallet/wallets.js'

/**
 * The state of the session, and the actions that a person can take. Components, effects and `$derived` react to its
 * getters: read them where you need them, and do not destructure the object.
 */
export interface UseSession extends SessionActions {
  /** The whole state in one object. If you switch on `state.status`, TypeScript knows whether there is a session. */
  readonly state: SessionState
  readonly status: SessionState['status']
  readonly session: DIDSession | undefined
  /** A CAIP-10 id, or a did:key. */
  readonly account: string | undefined
  /** Why the last action failed. */
  readonly error: SessionError | undefined
  /** Whether a renewal is pending. */
  readonly isRenewing: boolean
}

/** Options, or a getter of options that depend on other state. */
export type ReactiveSessionOptions = Partial<SessionOptions> | (() => Partial<SessionOptions>)

const OPTIONS = Symbol('cacao-session')
const MISSING = 'useSession needs provideSession above it, or'

/**
 * Returns the state and the actions of the session. All components with equivalent options share one session: it loads
 * once, the wallet prompts once, and a change in any tab updates the components. Each option replaces the option of
 * that name that `provideSession` set. Without it, `resources` or `abilities` is required. Can be called in components
 * and in `.svelte.ts` modules. The status is `loading` on the server and while hydrating. Throws a `TypeError` for a
 * wrong option.
 *
 * @example
 * const session = useSession()
 */
export function useSession(options: ReactiveSessionOptions = {}): UseSession {
  const provided = contextOptions()
  const read = (): Partial<SessionOptions> => ({
    ...provided?.(),
    ...(typeof options === 'function' ? options() : options),
  })
  let current = liveSession(read)
  const live = (): LiveSession => {
    const [store, key] = [storeOf(read()), optionsKey(read(), MISSING)]
    if (store !== current.store || key !== current.key) current = liveSession(read)
    return current
  }
  const actions = (): SessionActions => live().shared.actions
  return {
    get state() {
      return live().state
    },
    get status() {
      return live().state.status
    },
    get session() {
      return live().state.session
    },
    get account() {
      return live().state.account
    },
    get error() {
      return live().state.error
    },
    get isRenewing() {
      return live().state.isRenewing
    },
    signIn: (...args: unknown[]) => actions().signIn(...(args as Parameters<SessionActions['signIn']>)),
    signOut: () => actions().signOut(),
    renew: (authMethod, options) => actions().renew(authMethod, options),
    retry: () => actions().retry(),
  }
}

/**
 * Sets the session options for all components below the calling component, such as a layout, and keeps the state of
 * their session while none of them is mounted. Throws a `TypeError` for a wrong option.
 *
 * @example
 * provideSession({ resources: ['https://api.example.com/notes/*'] })
 */
export function provideSession(options: SessionOptions): void {
  const { shared } = liveSession(() => options)
  setContext(OPTIONS, () => options)
  onMount(() => shared.subscribe(() => undefined))
}

/**
 * The options that `provideSession` set above the component that is being created; `undefined` outside of components.
 */
function contextOptions(): (() => SessionOptions) | undefined {
  try {
    return getContext(OPTIONS)
  } catch {
    // Outside of components `getContext` throws, and Svelte has no function to check for a context.
    return undefined
  }
}

/** The session that the options ask for, with a `state` that Svelte reacts to. */
interface LiveSession {
  readonly store: ReturnType<typeof storeOf>
  readonly key: string
  readonly shared: SharedSession
  readonly state: SessionState
}

function liveSession(read: () => Partial<SessionOptions>): LiveSession {
  const options = read()
  const source = { store: storeOf(options), key: optionsKey(options, MISSING), latest: read }
  const shared = sharedSession(source)
  let isLive = false
  // Svelte calls this only in browsers, while a component shows the state.
  const track = createSubscriber((update) => {
    // Show the state only after hydration, because the server has rendered `loading`.
    queueMicrotask(() => {
      isLive = true
      update()
    })
    return shared.subscribe(update)
  })
  return {
    ...source,
    shared,
    get state() {
      track()
      return isLive ? shared.state : LOADING
    },
  }
}

/** Props of the sign-in button in Svelte, with the options of `useSession`, which `provideSession` may set instead. */
export interface SvelteSignInButtonProps extends Omit<SignInButtonProps, 'className'> {
  /** A class that is added to the outermost element. */
  class?: string | undefined
}

/**
 * A button with which a person signs in with a wallet or passkey of theirs, and signs out. It has no style: import
 * `cacao-session/sign-in-button.css`, or write a style for its classes. Throws a `TypeError` for a wrong prop.
 *
 * @example
 * mount(SignInButton, { target: document.body, props: { wallets: [ethereumWallets(), passkeys()] } })
 */
export const SignInButton: Component<SvelteSignInButtonProps> = (internals, props) => {
  const provided = contextOptions()
  const read = (): ReturnType<typeof readProps> => readProps({ ...provided?.(), ...ownProps(props) })
  const dialogOf = (): SignInDialog => new SignInDialog(liveSession(() => read().options).shared, read)
  const first = dialogOf()
  const button = createRawSnippet(() => ({
    render: () => renderToHTML(signInView(first.stage, read().words, first, read().className)),
    setup(root) {
      let shown = { key: '', leave: (): void => undefined, show: (): void => undefined }
      // A Svelte store is updated when the props change.
      const stop = toStore(read).subscribe((now) => {
        const { key } = liveSession(() => now.options)
        if (key === shown.key) return shown.show()
        shown.leave()
        shown = { key, ...showIn(root, dialogOf(), read) }
      })
      return () => {
        stop()
        shown.leave()
      }
    },
  }))
  // A snippet takes the same first argument as a component: its place in the document.
  ;(button as (this: void, internals: unknown) => void)(internals)
  return {}
}

// Svelte also passes props of its own, which begin with `$$`.
function ownProps({ class: className, ...props }: SvelteSignInButtonProps): SignInButtonProps {
  const own = Object.entries(props).filter(([name]) => !name.startsWith('$$'))
  return { ...(Object.fromEntries(own) as unknown as SignInButtonProps), className }
}
