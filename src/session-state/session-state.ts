import { type AccountInput, accountArgument } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { issuerAccount } from '../capability/cacao.js'
import type { RenewOptions } from '../options/session-options.js'
import { DIDSession } from '../session/did-session.js'
import { codeFailure } from './code-failure.js'
import {
  leadSecsOf,
  listOptions,
  placeOptions,
  resumeOptions,
  type SessionOptions,
  type SignInOptions,
} from './options.js'

/** The state of the session. Switch on `status`. */
export type SessionState =
  /** Not loaded yet: on the server, while hydrating, and for a moment after. */
  | State<'loading', { session: undefined; account: undefined; error: undefined }>
  /** `account` is set if its session has expired; `error` says why the last action failed. */
  | State<'signed-out', { session: undefined; account: string | undefined; error: SessionError | undefined }>
  /** The wallet is prompting. A previous session still works in the meantime. */
  | State<
      'signing-in',
      { session: DIDSession | undefined; account: string | undefined; error: undefined; isRenewing: boolean }
    >
  | State<'signed-in' | 'expiring', Held>
  /** The store, or the chain of a contract account, cannot be reached: call `retry`, or sign in. */
  | State<'error', { session: undefined; account: undefined; error: SessionError }>

interface Held {
  session: DIDSession
  account: string
  error: SessionError | undefined
  isRenewing: boolean
}

type State<Status, Rest> = Readonly<
  {
    status: Status
    /** A CAIP-10 id, or a did:key. */
    account: string | undefined
    /** Whether a renewal is pending. */
    isRenewing: boolean
  } & Rest
>

/** The state without pending prompts of the wallet. */
export type ObservedState = Exclude<SessionState, { status: 'signing-in' }>

export const LOADING: ObservedState = {
  status: 'loading',
  session: undefined,
  account: undefined,
  error: undefined,
  isRenewing: false,
}

/** Combines the observed state with the pending prompts of the wallet and the last error. */
export function stateOf(
  observed: ObservedState,
  { isSigningIn, isRenewing }: { isSigningIn: boolean; isRenewing: boolean },
  error: SessionError | undefined,
): SessionState {
  const { session, account } = observed
  // For the person, renewing an expired session is a sign-in.
  if (isSigningIn || (isRenewing && !session))
    return { status: 'signing-in', session, account, error: undefined, isRenewing }
  if (observed.status === 'loading') return observed
  return { ...observed, isRenewing, ...(error && { error }) }
}

/** The account that signs in, and its auth method: what a function that is passed to `signIn` returns. */
export interface SignIn {
  readonly account: AccountInput
  readonly authMethod: AuthMethod
}

/**
 * The actions that a person can take. They are the same functions in every render. If an action fails, it sets `error`
 * instead of throwing, so click handlers need no `catch`. Only a wrong argument rejects, with a `TypeError`.
 */
export interface SessionActions {
  /**
   * Resumes the stored session of the account, or else asks the wallet to sign a new one, and resolves with the
   * session. Resolves with `undefined` if that fails, or if `signal` or `signOut` aborts it. The status then goes
   * back to what it was, and `error` says what failed, unless it was aborted. If you pass a function, the prompt to
   * connect the wallet is part of `signing-in` too. A second call for the same account shares a pending sign-in; a
   * call for another account replaces it.
   *
   * @example
   * signIn(async () => {
   *   const account = await ethereumAccount(window.ethereum)
   *   return { account, authMethod: ethereumAuth(window.ethereum, account) }
   * })
   */
  signIn(find: () => SignIn | Promise<SignIn>, options?: SignInOptions): Promise<DIDSession | undefined>
  signIn(
    account: AccountInput,
    authMethod: AuthMethod,
    options?: SignInOptions,
  ): Promise<DIDSession | undefined>
  /**
   * Signs the account out on this device, in all tabs, and aborts a pending sign-in. If the store fails, the session
   * may still be stored: then this sets `error` and resolves with `false`.
   */
  signOut(): Promise<boolean>
  /**
   * Asks the wallet to sign a new session, which replaces the current session or one that has just expired, and
   * resolves with the new session. The current session works until then. Resolves with `undefined` if that fails;
   * `error` says why. Takes the options of `session.renew`.
   */
  renew(authMethod: AuthMethod, options?: RenewOptions): Promise<DIDSession | undefined>
  /** Loads the session again after status `error`. */
  retry(): void
}

const NO_SESSION = { session: undefined, error: undefined, isRenewing: false } as const

/** Loads the session that the options ask for, observes it in all tabs, and calls `onChange` after each change. */
export class SessionObserver {
  readonly #options: SessionOptions
  readonly #onChange: () => void
  #state: ObservedState = LOADING
  #session: DIDSession | undefined
  #optionsError: { readonly cause: unknown } | undefined
  #listening = new AbortController()
  #loading = new AbortController()
  #observing = new AbortController()

  constructor(options: SessionOptions, onChange: () => void) {
    this.#options = options
    this.#onChange = onChange
  }

  get state(): ObservedState {
    return this.#state
  }

  /** The error for a wrong option that was only found while loading. */
  get optionsError(): { readonly cause: unknown } | undefined {
    return this.#optionsError
  }

  /** The current session, or the one that has expired. */
  get session(): DIDSession | undefined {
    return this.#session
  }

  /** Loads the session, and listens to changes until `stop`. The state stays as it is until loading has finished. */
  start(): void {
    this.#listening = new AbortController()
    const { signal } = this.#listening
    const place = placeOptions(this.#options)
    try {
      DIDSession.onChange(({ type, account }) => this.#handleChange(type, account), { ...place, signal })
    } catch (cause) {
      // On an insecure page, loading fails for the same reason, and reports it.
      if (!(cause instanceof SessionError)) throw cause
    }
    void this.#load()
  }

  stop(): void {
    for (const controller of [this.#listening, this.#loading, this.#observing]) controller.abort()
  }

  /** Loads the session again after an error. */
  retry(): void {
    if (this.#state.status !== 'error') return
    this.#setState(LOADING)
    void this.#load()
  }

  /** Makes this the current session. Returns the object that components already have, if it is the same session. */
  observe(found: DIDSession): DIDSession {
    this.#loading.abort()
    this.#observing.abort()
    this.#observing = new AbortController()
    const { signal } = this.#observing
    const leadSecs = leadSecsOf(this.#options)
    const session = this.#session?.keyDID === found.keyDID ? this.#session : found
    const account = issuerAccount(session.cacao)
    this.#session = session
    const setStatus = (status: 'signed-in' | 'expiring'): void =>
      this.#setState({ status, session, account, error: undefined, isRenewing: false })
    session.on('expiring', () => setStatus('expiring'), { leadSecs, signal })
    session.on('expired', () => this.#setSignedOut(account), { signal })
    session.on('removed', () => this.forget(), { signal })
    session.on('renewed', (event) => this.observe(event.session), { signal })
    setStatus(session.expiresInSecs > leadSecs ? 'signed-in' : 'expiring')
    return session
  }

  /** Forgets the session and its account. */
  forget(): void {
    this.#session = undefined
    this.#setSignedOut(undefined)
  }

  #setSignedOut(account: string | undefined): void {
    this.#loading.abort()
    this.#observing.abort()
    this.#setState({ ...NO_SESSION, status: 'signed-out', account })
  }

  #setState(state: ObservedState): void {
    this.#state = state
    this.#onChange()
  }

  #handleChange(type: 'signed-in' | 'renewed' | 'removed', account: string): void {
    // The current session stays; `observe` listens to its own events.
    if (this.#state.session) return
    if (type !== 'removed') void this.#load()
    else if (this.#state.status === 'signed-out' && this.#state.account === account) this.forget()
  }

  async #load(isSecondTry = false): Promise<void> {
    this.#loading.abort()
    this.#loading = new AbortController()
    const { signal } = this.#loading
    try {
      if (await this.#resume(signal)) return
      if (!signal.aborted) await this.#findExpired(signal)
    } catch (cause) {
      const error = cause instanceof SessionError ? cause : await codeFailure()
      if (signal.aborted) return
      // Perhaps the code could not be loaded at first, but can be now.
      if (!error && !isSecondTry) return this.#load(true)
      if (!error) this.#optionsError = { cause }
      else if (this.#state.status === 'loading')
        this.#setState({ ...NO_SESSION, status: 'error', account: undefined, error })
      this.#onChange()
    }
  }

  async #resume(signal: AbortSignal): Promise<boolean> {
    const session = await DIDSession.load(this.#options.account, { ...resumeOptions(this.#options), signal })
    if (signal.aborted) return false
    if (session) this.observe(session)
    else if (this.#state.status !== 'signed-out')
      this.#setState({ ...NO_SESSION, status: 'signed-out', account: undefined })
    return session !== undefined
  }

  // If all expired sessions belong to one account, that account is part of the state. The list also contains a session
  // that another tab stored before this tab began to listen.
  async #findExpired(signal: AbortSignal): Promise<void> {
    const wanted = this.#options.account
    const all = await DIDSession.list(listOptions(this.#options))
    if (signal.aborted || this.#state.status !== 'signed-out') return
    const sessions = all.filter(({ account }) => wanted === undefined || account === accountArgument(wanted))
    if (sessions.some(({ isExpired }) => !isExpired) && (await this.#resume(signal))) return
    const [account, ...others] = new Set(sessions.map((session) => session.account))
    if (!signal.aborted && account !== undefined && others.length === 0) this.#setSignedOut(account)
  }
}
