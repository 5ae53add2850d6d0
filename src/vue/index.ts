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
  // A ref or a store of Vue's leaves a session as it is, and these types say so.
  interface RefUnwrapBailTypes {
    cacaoSession: DIDSession
  }
}

/** The state of the session as refs, and the actions that a person can take. */
export interface UseSession extends SessionActions {
  /** All of the state in one object: switch on `state.value.status`, and TypeScript knows when there is a session. */
  readonly state: ComputedRef<SessionState>
  readonly status: ComputedRef<SessionState['status']>
  readonly session: ComputedRef<DIDSession | undefined>
  /** A CAIP-10 id, or a did:key. */
  readonly account: ComputedRef<string | undefined>
  /** Why the last action failed. */
  readonly error: ComputedRef<SessionError | undefined>
  /** Whether the wallet is being asked to renew the session. */
  readonly isRenewing: ComputedRef<boolean>
}

/** Options as Vue passes them: an object, a ref to one, or a getter that depends on other state. */
export type ReactiveSessionOptions = MaybeRefOrGetter<Partial<SessionOptions>>

/** What a component hands down to those below it. */
interface Provided {
  readonly read: () => Partial<SessionOptions>
  /** Called when a component below is mounted: from then on the state of the session is kept, even while none is. */
  readonly keep: () => void
}
const PROVIDED: InjectionKey<Provided> = Symbol('cacao-session')
const PROVIDER = 'sessionPlugin or provideSession'

/**
 * Returns the session, which all components with equivalent options share: it loads once, the wallet asks once, and any
 * change, in any tab, updates the refs. Options given here replace those of `sessionPlugin` and `provideSession`, one by
 * one. Without these they must have `resources` or `abilities`. The status is `loading` on the server and until the
 * component is mounted. Throws a `TypeError` for a wrong option.
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
 * Sets the session options of the components below the one that calls it, and keeps the state of their session while
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
 * Sets the session options of a whole app.
 *
 * @example
 * createApp(Page).use(sessionPlugin, { resources: ['https://api.example.com/notes/*'] }).mount('#app')
 */
export const sessionPlugin: Plugin<[options: SessionOptions]> = {
  install(app: App, options: SessionOptions) {
    // A wrong option is told of where the app is made, not where it is first used.
    const source = { store: storeOf(options), key: optionsKey(options, 'the plugin'), latest: () => options }
    let leave: (() => void) | undefined
    const keep = (): void => {
      leave ??= sharedSession(source).subscribe(() => undefined)
    }
    app.provide(PROVIDED, { read: () => options, keep })
    // Vue has this from 3.5 on.
    app.onUnmount?.(() => leave?.())
  },
}

/** The session that the component shares with others, for whatever the options are at the time. */
interface ReactiveSession {
  readonly read: () => Partial<SessionOptions>
  readonly shared: ComputedRef<SharedSession>
  readonly state: ComputedRef<SessionState>
  readonly actions: SessionActions
}

function reactiveSession(options: ReactiveSessionOptions): ReactiveSession {
  const provided = hasInjectionContext() ? inject(PROVIDED, undefined) : undefined
  const read = (): Partial<SessionOptions> => ({ ...provided?.read(), ...unwrapped(toValue(options)) })
  const key = computed(() => optionsKey(read(), PROVIDER))
  const store = computed(() => storeOf(read()))
  const shared = computed(() => sharedSession({ store: store.value, key: key.value, latest: read }))
  // Throws here for a wrong option, where the app's own code is at fault.
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
  // Components are mounted in browsers only, and when hydration is done. Outside of them, such as in a store, a server is
  // known by having no document.
  if (getCurrentInstance()) onMounted(start)
  else if (typeof document !== 'undefined') start()

  const state = computed(() => {
    void changes.value
    return isLive.value ? shared.value.state : LOADING
  })
  return { read, shared, state, actions: lateActions(() => shared.value.actions) }
}

/** The actions of the session that the options ask for when they are called. */
function lateActions(actions: () => SessionActions): SessionActions {
  return {
    signIn: (...args: unknown[]) => actions().signIn(...(args as Parameters<SessionActions['signIn']>)),
    signOut: () => actions().signOut(),
    renew: (authMethod, options) => actions().renew(authMethod, options),
    retry: () => actions().retry(),
  }
}

/** The options without Vue's proxies, which objects with private members, such as stores, do not work behind. */
function unwrapped(options: Partial<SessionOptions>): Partial<SessionOptions> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, toRaw(value)]))
}

/** What a sign-in button takes in Vue. A class needs no prop: it falls through to the outermost element. */
export interface VueSignInButtonProps extends Pick<SignInButtonProps, 'wallets' | 'words' | 'beforeSignOut'> {
  /** The options of `useSession`, which are left out where `sessionPlugin` or `provideSession` has them. */
  options?: Partial<SessionOptions> | undefined
}

/**
 * A button with which a person signs in, with whichever wallet or passkey they have, and signs out. It comes without a
 * style: import `cacao-session/sign-in-button.css`, or write one for its classes. Throws a `TypeError` for a wrong prop.
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
