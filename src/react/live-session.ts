import { SessionError } from '../base/errors.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { issuerAccount } from '../capability/cacao.js'
import type { RenewOptions } from '../options/session-options.js'
import { DIDSession } from '../session/did-session.js'
import { FollowedSession } from './followed-session.js'
import { placeOptions, resumeOptions, type SessionOptions } from './options.js'
import { controllerWith, SignInFlight, type SignInRequest } from './pending-sign-in.js'
import { LOADING, type SessionState, stateOf } from './session-state.js'

/**
 * A session as a page lives with it: the one that is followed, and what the person is being asked. Knows nothing of React;
 * looks and listens only while somebody listens to it.
 */
export class LiveSession {
  readonly #followed: FollowedSession
  readonly #onEnd: () => void
  readonly #listeners = new Set<() => void>()
  readonly #signOuts = new Set<Promise<unknown>>()
  readonly #renewals = new Map<AbortController, Promise<unknown>>()
  #signIn: { readonly flight: SignInFlight; readonly result: Promise<DIDSession | undefined> } | undefined
  #error: SessionError | undefined
  #state: SessionState = LOADING
  #isStarted = false

  constructor(options: SessionOptions, onEnd: () => void) {
    this.#followed = new FollowedSession(options, () => this.#begin())
    this.#onEnd = onEnd
  }

  /** The same object until something changes. Throws the `TypeError` for options that only loading found to be wrong. */
  get state(): SessionState {
    const { wrongOptions } = this.#followed
    if (wrongOptions) throw wrongOptions.cause
    return this.#state
  }

  subscribe(listener: () => void): () => void {
    // A function of its own for each, should one listen twice.
    const own = (): void => listener()
    this.#listeners.add(own)
    if (!this.#isStarted) this.#followed.start()
    this.#isStarted = true
    return () => {
      this.#listeners.delete(own)
      // StrictMode and hot reload leave and come back within one task.
      queueMicrotask(() => this.#letGo())
    }
  }

  /** See `SessionActions`; so for what follows. The options are those of the component that asks. */
  async signIn(options: SessionOptions, request: SignInRequest): Promise<DIDSession | undefined> {
    const before = this.#signIn
    if (before?.flight.answers(request)) return before.result
    before?.flight.controller.abort()
    // One that can't be given up any more comes first, and so does signing out.
    const flight = new SignInFlight(options, request, [...(before ? [before.result] : []), ...this.#signOuts])
    const result = this.#outcome(flight.session, flight.controller, () => {
      if (this.#signIn?.flight === flight) this.#signIn = undefined
    })
    this.#signIn = { flight, result }
    this.#begin()
    return result
  }

  async renew(
    { verifiers }: SessionOptions,
    authMethod: AuthMethod,
    options: RenewOptions = {},
  ): Promise<DIDSession | undefined> {
    const { session } = this.#followed
    const controller = controllerWith(options.signal)
    const { signal } = controller
    const renewal = session
      ? session.renew(authMethod, { ...(verifiers && { verifiers }), ...options, signal })
      : Promise.reject(new SessionError('ERR_SESSION_REMOVED', 'there is no session to renew: sign in'))
    const result = this.#outcome(renewal, controller, () => this.#renewals.delete(controller))
    this.#renewals.set(controller, result)
    this.#begin()
    return result
  }

  async signOut(options: SessionOptions): Promise<boolean> {
    const signingOut = this.#endAll(options)
    this.#signOuts.add(signingOut)
    return signingOut.finally(() => this.#signOuts.delete(signingOut))
  }

  async #endAll(options: SessionOptions): Promise<boolean> {
    const accounts = new Set([this.#followed.known.account])
    const underWay = [this.#signIn?.result, ...this.#renewals.values()]
    this.#signIn?.flight.controller.abort()
    for (const controller of this.#renewals.keys()) controller.abort()
    this.#error = undefined
    try {
      // Where it comes too late to give one up, that session must be there before it can go.
      await Promise.allSettled(underWay)
      accounts.add(await this.#accountOf(options))
      for (const account of accounts)
        if (account !== undefined) await DIDSession.remove(account, placeOptions(options))
      const { account: present } = this.#followed.known
      if (present === undefined || accounts.has(present)) this.#followed.lose()
      return true
    } catch (cause) {
      this.#failed(cause)
      return false
    } finally {
      this.#letGo()
    }
  }

  retry(): void {
    this.#followed.retry()
  }

  // Who signs out before anyone has looked, or where that failed, means whoever would have been found.
  async #accountOf(options: SessionOptions): Promise<string | undefined> {
    const { status, account } = this.#followed.known
    if (status !== 'loading' && status !== 'error') return account
    const session = await DIDSession.load(options.account, resumeOptions(options))
    return session && issuerAccount(session.cacao)
  }

  /** What a click handler gets: the session, or nothing, and then `error` says why unless the caller gave it up. */
  async #outcome(
    asked: Promise<DIDSession>,
    controller: AbortController,
    done: () => unknown,
  ): Promise<DIDSession | undefined> {
    try {
      const session = await asked
      done()
      return this.#followed.adopt(session)
    } catch (cause) {
      done()
      if (!controller.signal.aborted) this.#failed(cause)
      return undefined
    } finally {
      this.#update()
      // Ends the listening to the caller's signal.
      controller.abort()
      this.#letGo()
    }
  }

  #begin(): void {
    this.#error = undefined
    this.#update()
  }

  #failed(cause: unknown): void {
    if (!(cause instanceof SessionError)) throw cause
    this.#error = cause
    this.#update()
  }

  #update(): void {
    const asked = { isSigningIn: this.#signIn !== undefined, isRenewing: this.#renewals.size > 0 }
    this.#state = stateOf(this.#followed.known, asked, this.#error)
    for (const listener of [...this.#listeners]) listener()
  }

  // As long as the wallet is being asked, whoever comes back finds that here.
  #letGo(): void {
    if (this.#listeners.size > 0) return
    this.#followed.stop()
    this.#isStarted = false
    if (!this.#signIn && this.#renewals.size === 0) this.#onEnd()
  }
}
