import { SessionError } from '../base/errors.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { issuerAccount } from '../capability/cacao.js'
import type { RenewOptions } from '../options/session-options.js'
import { DIDSession } from '../session/did-session.js'
import { placeOptions, resumeOptions, type SessionOptions } from './options.js'
import { controllerWith, PendingSignIn, type SignInRequest } from './pending-sign-in.js'
import { SessionObserver } from './session-observer.js'
import { LOADING, type SessionState, stateOf } from './session-state.js'

/**
 * The session of a page, with the actions that a person can take and their outcome as one state. It does not depend on
 * React. It loads and observes the session only while it has listeners.
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

  /** `onUnused` is called when the last listener has left and no prompt of the wallet is pending. */
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

  /** See `SessionActions`, as for the methods below. `options` are those of the component that calls it. */
  async signIn(options: SessionOptions, request: SignInRequest): Promise<DIDSession | undefined> {
    const before = this.#signIn
    if (before?.pending.isFor(request)) return before.result
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
    return result
  }

  async renew(
    { verifiers }: SessionOptions,
    authMethod: AuthMethod,
    options: RenewOptions = {},
  ): Promise<DIDSession | undefined> {
    const { session } = this.#observer
    const controller = controllerWith(options.signal)
    const { signal } = controller
    const renewal = session
      ? session.renew(authMethod, { ...(verifiers && { verifiers }), ...options, signal })
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
      // If it is too late to abort one of them, its session must be stored before it can be removed.
      await Promise.allSettled(pending)
      accounts.add(await this.#accountOf(options))
      for (const account of accounts)
        if (account !== undefined) await DIDSession.remove(account, placeOptions(options))
      const { account: present } = this.#observer.state
      if (present === undefined || accounts.has(present)) this.#observer.forget()
      return true
    } catch (cause) {
      this.#fail(cause)
      return false
    } finally {
      this.#stopIfUnused()
    }
  }

  // Before the session has loaded, and if loading failed, signing out means the account that loading would have found.
  async #accountOf(options: SessionOptions): Promise<string | undefined> {
    const { status, account } = this.#observer.state
    if (status !== 'loading' && status !== 'error') return account
    const session = await DIDSession.load(options.account, resumeOptions(options))
    return session && issuerAccount(session.cacao)
  }

  /** Resolves with the session of an action, or with `undefined`; then `error` says why, unless it was aborted. */
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
      if (!controller.signal.aborted) this.#fail(cause)
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

  #fail(cause: unknown): void {
    if (!(cause instanceof SessionError)) throw cause
    this.#error = cause
    this.#update()
  }

  #update(): void {
    const pending = { isSigningIn: this.#signIn !== undefined, isRenewing: this.#renewals.size > 0 }
    this.#state = stateOf(this.#observer.state, pending, this.#error)
    for (const listener of [...this.#listeners]) listener()
  }

  // While the wallet is being asked, the controller is kept, so that a component that mounts again finds that state.
  #stopIfUnused(): void {
    if (this.#listeners.size > 0) return
    this.#observer.stop()
    this.#isStarted = false
    if (!this.#signIn && this.#renewals.size === 0) this.#onUnused()
  }
}
