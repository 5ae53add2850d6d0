import {
  type App,
  type ComputedRef,
  computed,
  type DefineSetupFnComponent,
  defineComponent,
  getCurrentInstance,
  h,
  hasInjectionContext,
  type InjectionKey,
  inject,
  type MaybeRefOrGetter,
  onMounted,
  onUpdated,
  type Plugin,
  provide,
  shallowRef,
  toRaw,
  toValue,
  type VNode,
  watch,
} from 'vue'
import type { SessionError } from '../base/errors.js'
import type { DIDSession } from '../session/did-session.js'
import { optionsKey, type SessionOptions, storeOf } from '../session-state/options.js'
import { LOADING, type SessionActions, type SessionState } from '../session-state/session-state.js'
import { type SharedSession, sharedSession } from '../session-state/shared-session.js'
import { readProps, type SignInButtonProps } from '../sign-in-button/props.js'
import { LOADING_STAGE, SignInDialog } from '../sign-in-button/sign-in-dialog.js'
import { signInView, type ViewElement } from '../sign-in-button/view.js'

export type { SessionOptions, SignInOptions } from '../session-state/options.js'
export type { SessionActions, SessionState, SignIn } from '../session-state/session-state.js'
export type { SignInWords } from '../sign-in-button/props.js'
export type { WalletChoice, WalletSource } from '../wallet/wallets.js'

declare module '@vue/reactivity' {
  // Refs and stores of Vue do not wrap a session. This makes the types say the same.
  interface RefUnwrapBailTypes {
    cacaoSession: DIDSession
  }
}

/** The state of the session as refs, and the actions that a person can take. */
export interface UseSession extends SessionActions {
  /**
   * The whole state in one object. If you switch on `state.value.status`, TypeScript knows whether there is a session.
   */
  readonly state: ComputedRef<SessionState>
  readonly status: ComputedRef<SessionState['status']>
  readonly session: ComputedRef<DIDSession | undefined>
  /** A CAIP-10 id, or a did:key. */
  readonly account: ComputedRef<string | undefined>
  /** Why the last action failed. */
  readonly error: ComputedRef<SessionError | undefined>
  /** Whether a renewal is pending. */
  readonly isRenewing: ComputedRef<boolean>
}

/** Options as Vue passes them: an object, a ref to one, or a getter that depends on other state. */
export type ReactiveSessionOptions = MaybeRefOrGetter<Partial<SessionOptions>>

/** What a component provides to the components below it. */
interface Provided {
  readonly read: () => Partial<SessionOptions>
  /**
   * Called when a component below is mounted. From then on the session's state is kept, even while no component is
   * mounted.
   */
  readonly keep: () => void
}
const PROVIDED: InjectionKey<Provided> = Symbol('cacao-session')
const MISSING = 'useSession needs sessionPlugin or provideSession above it, or'

/**
 * Returns the state and the actions of the session. All components with equivalent options share one session: it loads
 * once, the wallet prompts once, and a change in any tab updates the refs. Each option replaces the option of that name
 * that `sessionPlugin` or `provideSession` set. Without these, `resources` or `abilities` is required. The status is
 * `loading` on the server and until the component is mounted. Throws a `TypeError` for a wrong option.
 *
 * @example
 * const { status, session, signIn, signOut, error } = useSession()
 */
export function useSession(options: ReactiveSessionOptions = {}): UseSession {
  const { state, actions } = reactiveSession(options)
  return {
    state,
    status: computed(() => state.value.status),
    session: computed(() => state.value.session),
    account: computed(() => state.value.account),
    error: computed(() => state.value.error),
    isRenewing: computed(() => state.value.isRenewing),
    ...actions,
  }
}

/**
 * Sets the session options for all components below the calling component, and keeps the state of their session while
 * none of them is mounted. Throws a `TypeError` for a wrong option.
 *
 * @example
 * provideSession({ resources: ['https://api.example.com/notes/*'] })
 */
export function provideSession(options: MaybeRefOrGetter<SessionOptions>): void {
  const { read } = reactiveSession(options)
  provide(PROVIDED, { read, keep: () => undefined })
}

/**
 * Sets the session options of a whole app. Throws a `TypeError` for a wrong option.
 *
 * @example
 * createApp(Page).use(sessionPlugin, { resources: ['https://api.example.com/notes/*'] }).mount('#app')
 */
export const sessionPlugin: Plugin<[options: SessionOptions]> = {
  install(app: App, options: SessionOptions) {
    // This throws for a wrong option when the app is created, not when the session is first used.
    const key = optionsKey(options, 'sessionPlugin needs')
    const source = { store: storeOf(options), key, latest: () => options }
    let leave: (() => void) | undefined
    const keep = (): void => {
      leave ??= sharedSession(source).subscribe(() => undefined)
    }
    app.provide(PROVIDED, { read: () => options, keep })
    // Vue has `onUnmount` from version 3.5.
    app.onUnmount?.(() => leave?.())
  },
}

/** The session that the component shares with others, for the current options. */
interface ReactiveSession {
  readonly read: () => Partial<SessionOptions>
  readonly shared: ComputedRef<SharedSession>
  readonly state: ComputedRef<SessionState>
  readonly actions: SessionActions
}

function reactiveSession(options: ReactiveSessionOptions): ReactiveSession {
  const provided = hasInjectionContext() ? inject(PROVIDED, undefined) : undefined
  const read = (): Partial<SessionOptions> => ({ ...provided?.read(), ...unwrapped(toValue(options)) })
  const key = computed(() => optionsKey(read(), MISSING))
  const store = computed(() => storeOf(read()))
  const shared = computed(() => sharedSession({ store: store.value, key: key.value, latest: read }))
  // Throws now for a wrong option, so that the stack trace shows the app's code.
  void shared.value

  const isLive = shallowRef(false)
  const changes = shallowRef(0)
  const start = (): void => {
    isLive.value = true
    provided?.keep()
    watch(
      shared,
      (session, _, onCleanup) => {
        onCleanup(
          session.subscribe(() => {
            changes.value += 1
          }),
        )
      },
      { immediate: true, flush: 'sync' },
    )
  }
  // Components are mounted only in browsers, after hydration. Outside of components, such as in a store, a server is
  // recognised by its lack of a document.
  if (getCurrentInstance()) onMounted(start)
  else if (typeof document !== 'undefined') start()

  const state = computed(() => {
    void changes.value
    return isLive.value ? shared.value.state : LOADING
  })
  return { read, shared, state, actions: lateActions(() => shared.value.actions) }
}

/** Actions that look up the session when they are called, because the options may change. */
function lateActions(actions: () => SessionActions): SessionActions {
  return {
    signIn: (...args: unknown[]) => actions().signIn(...(args as Parameters<SessionActions['signIn']>)),
    signOut: () => actions().signOut(),
    renew: (authMethod, options) => actions().renew(authMethod, options),
    retry: () => actions().retry(),
  }
}

/** The options without Vue's proxies, because a proxy breaks objects with private members, such as stores. */
function unwrapped(options: Partial<SessionOptions>): Partial<SessionOptions> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, toRaw(value)]))
}

/** Props of the sign-in button in Vue. A class needs no prop: Vue adds it to the outermost element. */
export interface VueSignInButtonProps extends Pick<SignInButtonProps, 'wallets' | 'words' | 'beforeSignOut'> {
  /** The options of `useSession`, which can be left out if `sessionPlugin` or `provideSession` sets them. */
  options?: Partial<SessionOptions> | undefined
}

/**
 * A button with which a person signs in with a wallet or passkey of theirs, and signs out. It has no style: import
 * `cacao-session/sign-in-button.css`, or write a style for its classes. Throws a `TypeError` for a wrong prop.
 *
 * @example
 * h(SignInButton, { wallets: [ethereumWallets(), passkeys()] })
 */
export const SignInButton: DefineSetupFnComponent<VueSignInButtonProps> = /* @__PURE__ */ defineComponent(
  (props: VueSignInButtonProps) => {
    const read = computed(() => readProps({ ...props.options, ...props }))
    const { shared } = reactiveSession(() => props.options ?? {})
    const dialog = computed(() => new SignInDialog(shared.value, () => read.value))
    const root = shallowRef<Element>()
    const stage = shallowRef(LOADING_STAGE)
    onMounted(() => {
      watch(
        dialog,
        (shown, _, onCleanup) => {
          const show = (): void => {
            stage.value = shown.stage
          }
          const leave = shown.subscribe(show)
          const detach = root.value && shown.attach(root.value)
          onCleanup(() => {
            leave()
            detach?.()
          })
          show()
        },
        { immediate: true, flush: 'post' },
      )
    })
    onUpdated(() => dialog.value.update())
    return () => rendered(signInView(stage.value, read.value.words, dialog.value), { ref: root })
  },
  { name: 'SignInButton', props: ['wallets', 'words', 'beforeSignOut', 'options'] },
)

function rendered({ tag, key, attributes, onClick, children }: ViewElement, extra?: object): VNode {
  const content = children.map((child) => (typeof child === 'string' ? child : rendered(child)))
  return h(tag, { key, ...attributes, ...(onClick && { onClick }), ...extra }, content)
}
