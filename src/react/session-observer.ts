import { accountArgument } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { issuerAccount } from '../capability/cacao.js'
import { DIDSession } from '../session/did-session.js'
import { leadSecsOf, listOptions, placeOptions, resumeOptions, type SessionOptions } from './options.js'
import { LOADING, type ObservedState } from './session-state.js'

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

  /** The error for an option that was only found to be wrong while loading. */
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
      // On an insecure page, loading fails for the same reason, and says so.
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
    // A current session stays, and has events of its own.
    if (this.#state.session) return
    if (type !== 'removed') void this.#load()
    else if (this.#state.status === 'signed-out' && this.#state.account === account) this.forget()
  }

  async #load(): Promise<void> {
    this.#loading.abort()
    this.#loading = new AbortController()
    const { signal } = this.#loading
    try {
      if (await this.#resume(signal)) return
      if (!signal.aborted) await this.#findExpired(signal)
    } catch (cause) {
      if (signal.aborted) return
      if (!(cause instanceof SessionError)) this.#optionsError = { cause }
      else if (this.#state.status === 'loading')
        this.#setState({ ...NO_SESSION, status: 'error', account: undefined, error: cause })
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

  // If there is one expired session, its account is part of the state. The list also shows a session that another tab
  // stored before this tab began to listen.
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
