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
 * The state of the session, and the actions that a person can take. Its members are getters, which components, effects
 * and `$derived` react to: read them where they are needed, and do not take the object apart.
 */
export interface UseSession extends SessionActions {
  /** All of the state in one object: switch on `state.status`, and TypeScript knows when there is a session. */
  readonly state: SessionState
  readonly status: SessionState['status']
  readonly session: DIDSession | undefined
  /** A CAIP-10 id, or a did:key. */
  readonly account: string | undefined
  /** Why the last action failed. */
  readonly error: SessionError | undefined
  /** Whether the wallet is being asked to renew the session. */
  readonly isRenewing: boolean
}

/** Options, or a getter of options that depend on other state. */
export type ReactiveSessionOptions = Partial<SessionOptions> | (() => Partial<SessionOptions>)

const OPTIONS = Symbol('cacao-session')
const PROVIDER = 'provideSession'

/**
 * Returns the session, which all components with equivalent options share: it loads once, the wallet asks once, and any
 * change, in any tab, updates what shows it. Options given here replace those of `provideSession`, one by one. Without it
 * they must have `resources` or `abilities`. May be called in components and in `.svelte.ts` modules. The status is
 * `loading` on the server and while hydrating. Throws a `TypeError` for a wrong option.
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
    const [store, key] = [storeOf(read()), optionsKey(read(), PROVIDER)]
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
 * Sets the session options of the components below the one that calls it, such as a layout, and keeps the state of their
 * session while none of them is mounted. Throws a `TypeError` for a wrong option.
 *
 * @example
 * provideSession({ resources: ['https://api.example.com/notes/*'] })
 */
export function provideSession(options: SessionOptions): void {
  const { shared } = liveSession(() => options)
  setContext(OPTIONS, () => options)
  onMount(() => shared.subscribe(() => undefined))
}

/** The options of `provideSession` above the component that is being made; none outside of components. */
function contextOptions(): (() => SessionOptions) | undefined {
  try {
    return getContext(OPTIONS)
  } catch {
    // Modules have no context, and Svelte has no way to ask whether there is one.
    return undefined
  }
}

/** The session that the options ask for, as something that Svelte can react to. */
interface LiveSession {
  readonly store: ReturnType<typeof storeOf>
  readonly key: string
  readonly shared: SharedSession
  readonly state: SessionState
}

function liveSession(read: () => Partial<SessionOptions>): LiveSession {
  const options = read()
  const source = { store: storeOf(options), key: optionsKey(options, PROVIDER), latest: read }
  const shared = sharedSession(source)
  let isLive = false
  // Svelte calls this in browsers only, while something shows the state.
  const track = createSubscriber((update) => {
    // What is known already is shown a moment later, when hydration is done: the server has rendered `loading`.
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

/** What a sign-in button takes in Svelte: the options of `useSession` too, which `provideSession` above it may have. */
export interface SvelteSignInButtonProps extends Omit<SignInButtonProps, 'className'> {
  /** Another class for the outermost element. */
  class?: string | undefined
}

/**
 * A button with which a person signs in, with whichever wallet or passkey they have, and signs out. It comes without a
 * style: import `cacao-session/sign-in-button.css`, or write one for its classes. Throws a `TypeError` for a wrong prop.
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
      // A store of Svelte's hears of changed props.
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
  // A snippet takes the same first argument as a component: where it is to be.
  ;(button as (this: void, internals: unknown) => void)(internals)
  return {}
}

// Svelte passes things of its own too.
function ownProps({ class: className, ...props }: SvelteSignInButtonProps): SignInButtonProps {
  const own = Object.entries(props).filter(([name]) => !name.startsWith('$$'))
  return { ...(Object.fromEntries(own) as unknown as SignInButtonProps), className }
}
