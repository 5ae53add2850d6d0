import { abortable } from '../base/abort.js'
import { type AccountInput, accountArgument } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { signalOption } from '../base/options.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { issuerAccount } from '../capability/cacao.js'
import type { RenewOptions } from '../options/session-options.js'
import { DIDSession } from '../session/did-session.js'
import { codeFailure } from './code-failure.js'
import { placeOptions, resumeOptions, type SessionOptions, type SignInOptions } from './options.js'
import { LOADING, SessionObserver, type SessionState, type SignIn, stateOf } from './session-state.js'

/**
 * The session of a page, its actions, and one state that includes the results of the actions. It depends on no
 * framework. It loads and observes the session only while it has listeners.
 */
export class SessionController {
  readonly #observer: SessionObserver
  readonly #onUnused: () => void
  readonly #listeners = new Set<() => void>()
  readonly #signOuts = new Set<Promise<unknown>>()
  readonly #renewals = new Map<AbortController, Promise<unknown>>()
  #signIn: { readonly pending: PendingSignIn; readonly result: Promise<DIDSession | undefined> } | undefined
  #error: SessionError | undefined
  #state: SessionState = LOADING
  #isStarted = false

  /** `onUnused` is called once there are no listeners and no pending prompts of the wallet. */
  constructor(options: SessionOptions, onUnused: () => void) {
    this.#observer = new SessionObserver(options, () => this.#clearError())
    this.#onUnused = onUnused
  }

  /** The same object until something changes. Throws the `TypeError` if loading showed that an option is wrong. */
  get state(): SessionState {
    const { optionsError } = this.#observer
    if (optionsError) throw optionsError.cause
    return this.#state
  }

  subscribe(listener: () => void): () => void {
    // Each subscription has its own function, because one listener may subscribe twice.
    const own = (): void => listener()
    this.#listeners.add(own)
    if (!this.#isStarted) this.#observer.start()
    this.#isStarted = true
    return () => {
      this.#listeners.delete(own)
      // StrictMode and hot reload unsubscribe and subscribe again within one task.
      queueMicrotask(() => this.#stopIfUnused())
    }
  }

  // `SessionActions` describes the actions. `options` are the options of the component that calls the action.
  async signIn(options: SessionOptions, request: SignInRequest): Promise<DIDSession | undefined> {
    const { signal } = request.options
    if (signal !== undefined) signalOption(signal, 'signal')
    const before = this.#signIn
    if (before?.pending.isFor(request)) return before.pending.resultFor(signal, before.result)
    if (signal?.aborted) return undefined
    before?.pending.controller.abort()
    // Wait for a sign-in that can no longer be aborted, and for sign-outs.
    const pending = new PendingSignIn(options, request, [
      ...(before ? [before.result] : []),
      ...this.#signOuts,
    ])
    const result = this.#settle(pending.session, pending.controller, () => {
      if (this.#signIn?.pending === pending) this.#signIn = undefined
    })
    this.#signIn = { pending, result }
    this.#clearError()
    return pending.resultFor(signal, result)
  }

  async renew(
    { verifiers, nonce }: SessionOptions,
    authMethod: AuthMethod,
    options: RenewOptions = {},
  ): Promise<DIDSession | undefined> {
    const { session } = this.#observer
    const controller = controllerWith(options.signal)
    const { signal } = controller
    const renewal = session
      ? session.renew(authMethod, {
          ...(verifiers && { verifiers }),
          // A server that chooses the nonces expects a new one in the new capability.
          ...(typeof nonce === 'function' && { nonce }),
          ...options,
          signal,
        })
      : Promise.reject(
          new SessionError('ERR_SESSION_REMOVED', 'there is no session to renew: sign in to get a new one'),
        )
    const result = this.#settle(renewal, controller, () => this.#renewals.delete(controller))
    this.#renewals.set(controller, result)
    this.#clearError()
    return result
  }

  async signOut(options: SessionOptions): Promise<boolean> {
    const signingOut = this.#removeSessions(options)
    this.#signOuts.add(signingOut)
    return signingOut.finally(() => this.#signOuts.delete(signingOut))
  }

  retry(): void {
    this.#observer.retry()
  }

  async #removeSessions(options: SessionOptions): Promise<boolean> {
    const accounts = new Set([this.#observer.state.account])
    const pending = [this.#signIn?.result, ...this.#renewals.values()]
    this.#signIn?.pending.controller.abort()
    for (const controller of this.#renewals.keys()) controller.abort()
    this.#error = undefined
    try {
      // If it is too late to abort an action, its session must be stored before it can be removed.
      await Promise.allSettled(pending)
      accounts.add(await this.#accountOf(options))
      for (const account of accounts)
        if (account !== undefined) await DIDSession.remove(account, placeOptions(options))
      const { account: present } = this.#observer.state
      if (present === undefined || accounts.has(present)) this.#observer.forget()
      return true
    } catch (cause) {
      await this.#fail(cause)
      return false
    } finally {
      this.#stopIfUnused()
    }
  }

  // While the session is not loaded, or if loading failed, sign out the account that loading would have found.
  async #accountOf(options: SessionOptions): Promise<string | undefined> {
    const { status, account } = this.#observer.state
    if (status !== 'loading' && status !== 'error') return account
    const checked = resumeOptions(options)
    const { verifiers: _, domains: __, revocation: ___, ...unchecked } = checked
    // A check that can't be made, because a chain is down, must not keep anyone from signing out.
    const session = await DIDSession.load(options.account, checked).catch((cause: unknown) =>
      DIDSession.load(options.account, unchecked).catch(() => Promise.reject(cause)),
    )
    return session && issuerAccount(session.cacao)
  }

  /** Resolves with the session of an action, or with `undefined` if it failed. Sets `error`, unless it was aborted. */
  async #settle(
    action: Promise<DIDSession>,
    controller: AbortController,
    done: () => unknown,
  ): Promise<DIDSession | undefined> {
    try {
      const session = await action
      done()
      return this.#observer.observe(session)
    } catch (cause) {
      done()
      if (!controller.signal.aborted) await this.#fail(cause)
      return undefined
    } finally {
      this.#update()
      // Removes the listener from the caller's signal.
      controller.abort()
      this.#stopIfUnused()
    }
  }

  #clearError(): void {
    this.#error = undefined
    this.#update()
  }

  async #fail(cause: unknown): Promise<void> {
    const error = cause instanceof SessionError ? cause : await codeFailure()
    if (!error) throw cause
    this.#error = error
    this.#update()
  }

  #update(): void {
    const pending = { isSigningIn: this.#signIn !== undefined, isRenewing: this.#renewals.size > 0 }
    this.#state = stateOf(this.#observer.state, pending, this.#error)
    for (const listener of [...this.#listeners]) listener()
  }

  // While a prompt is pending, the controller is kept, so that a component that mounts again finds its state.
  #stopIfUnused(): void {
    if (this.#listeners.size > 0) return
    this.#observer.stop()
    this.#isStarted = false
    if (!this.#signIn && this.#renewals.size === 0) this.#onUnused()
  }
}

/** The arguments of `signIn`: an account and its auth method, or a function that returns them. */
export interface SignInRequest {
  /** The account; `undefined` until the function returns it. */
  readonly account: string | undefined
  readonly find: () => SignIn | Promise<SignIn>
  readonly options: SignInOptions
}

/** A sign-in whose session is not stored yet. */
export class PendingSignIn {
  readonly controller: AbortController = new AbortController()
  readonly session: Promise<DIDSession>
  #account: string | undefined
  #callers = 0

  /** The sign-in starts once all promises in `before` are settled. */
  constructor(options: SessionOptions, request: SignInRequest, before: readonly Promise<unknown>[]) {
    this.#account = request.account
    this.session = this.#signIn(options, request, before)
  }

  /**
   * Whether a request can share this sign-in: the request is for the same account, or its account is not known yet. An
   * aborted sign-in cannot be shared.
   */
  isFor({ account }: SignInRequest): boolean {
    if (this.controller.signal.aborted) return false
    return account === undefined || account === this.#account
  }

  /**
   * The result for one of the callers that share the sign-in. It is `undefined` once the caller's own signal is
   * aborted. When the last caller has left, the sign-in is aborted; if it was too late for that, the result is the
   * session.
   */
  async resultFor<T>(
    signal: AbortSignal | undefined,
    result: Promise<T | undefined>,
  ): Promise<T | undefined> {
    this.#callers++
    const leave = (): void => {
      this.#callers--
      if (this.#callers === 0) this.controller.abort(signal?.reason)
    }
    // Listen before the first await: no new request may share a sign-in that nobody waits for.
    signal?.addEventListener('abort', leave, { once: true, signal: this.controller.signal })
    if (signal?.aborted) leave()
    try {
      return await abortable(result, signal)
    } catch (cause) {
      if (!signal?.aborted) throw cause
      return this.controller.signal.aborted ? result : undefined
    }
  }

  async #signIn(
    { account: _, leadSecs: __, ...options }: SessionOptions,
    request: SignInRequest,
    before: readonly Promise<unknown>[],
  ): Promise<DIDSession> {
    const { signal } = this.controller
    if (before.length > 0) await abortable(Promise.allSettled(before), signal)
    const { account, authMethod } = await abortable(findSignIn(request.find), signal)
    this.#account = accountArgument(account)
    return DIDSession.get(this.#account, authMethod, { ...options, ...request.options, signal })
  }
}

/** Calls the function of a request. Its errors are converted like those of a wallet that fails to sign. */
async function findSignIn(find: SignInRequest['find']): Promise<SignIn> {
  let signIn: unknown
  try {
    signIn = await find()
  } catch (cause) {
    const { authError } = await import('../capability/auth-method.js')
    throw authError(cause)
  }
  if (typeof signIn === 'object' && signIn !== null && 'account' in signIn) return signIn as SignIn
  throw new TypeError('the function that is passed to signIn must return { account, authMethod }')
}

/** Reads the arguments of `signIn`. Throws a `TypeError` if the account is malformed. */
export function signInRequest(
  first: AccountInput | SignInRequest['find'],
  second?: AuthMethod | SignInOptions,
  third?: SignInOptions,
): SignInRequest {
  if (typeof first === 'function')
    return {
      account: undefined,
      find: first as SignInRequest['find'],
      options: { ...(second as SignInOptions) },
    }
  const account = accountArgument(first)
  return { account, find: () => ({ account, authMethod: second as AuthMethod }), options: { ...third } }
}

/** Returns a controller that is aborted together with the signal. Aborting it removes its listener from the signal. */
function controllerWith(signal: AbortSignal | undefined): AbortController {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true, signal: controller.signal })
  return controller
}
