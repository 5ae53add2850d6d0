import { accountArgument } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { issuerAccount } from '../capability/cacao.js'
import { DIDSession } from '../session/did-session.js'
import { leadSecsOf, listOptions, placeOptions, resumeOptions, type SessionOptions } from './options.js'
import { type KnownState, LOADING } from './session-state.js'

const nobody = { session: undefined, error: undefined, isRenewing: false } as const

/** Looks for the session that the options mean, and follows what becomes of it in any tab. Tells of whatever it finds out. */
export class FollowedSession {
  readonly #options: SessionOptions
  readonly #tell: () => void
  #known: KnownState = LOADING
  #session: DIDSession | undefined
  #wrongOptions: { readonly cause: unknown } | undefined
  #listening = new AbortController()
  #loading = new AbortController()
  #following = new AbortController()

  constructor(options: SessionOptions, tell: () => void) {
    this.#options = options
    this.#tell = tell
  }

  get known(): KnownState {
    return this.#known
  }

  /** What only loading found to be wrong with the options. */
  get wrongOptions(): { readonly cause: unknown } | undefined {
    return this.#wrongOptions
  }

  /** The session at hand, or the one that has expired. */
  get session(): DIDSession | undefined {
    return this.#session
  }

  /** Looks, and listens until `stop`. What may have changed in between is found again, without a state of its own. */
  start(): void {
    this.#listening = new AbortController()
    const { signal } = this.#listening
    const place = placeOptions(this.#options)
    DIDSession.onChange(({ type, account }) => this.#changed(type, account), { ...place, signal })
    void this.#load()
  }

  stop(): void {
    for (const work of [this.#listening, this.#loading, this.#following]) work.abort()
  }

  /** Looks again. */
  retry(): void {
    if (this.#known.status !== 'error') return
    this.#set(LOADING)
    void this.#load()
  }

  /** Goes on with this session: from now on it is the one that is followed. */
  adopt(found: DIDSession): DIDSession {
    this.#loading.abort()
    this.#following.abort()
    this.#following = new AbortController()
    const { signal } = this.#following
    const leadSecs = leadSecsOf(this.#options)
    // Components that hold one go on with it.
    const session = this.#session?.keyDID === found.keyDID ? this.#session : found
    const account = issuerAccount(session.cacao)
    this.#session = session
    const hold = (status: 'signed-in' | 'expiring'): void =>
      this.#set({ status, session, account, error: undefined, isRenewing: false })
    session.on('expiring', () => hold('expiring'), { leadSecs, signal })
    session.on('expired', () => this.#end(account), { signal })
    session.on('removed', () => this.lose(), { signal })
    session.on('renewed', (event) => this.adopt(event.session), { signal })
    hold(session.expiresInSecs > leadSecs ? 'signed-in' : 'expiring')
    return session
  }

  /** Nobody is signed in any more, and nobody is remembered. */
  lose(): void {
    this.#session = undefined
    this.#end(undefined)
  }

  #end(account: string | undefined): void {
    this.#loading.abort()
    this.#following.abort()
    this.#set({ ...nobody, status: 'signed-out', account })
  }

  #set(known: KnownState): void {
    this.#known = known
    this.#tell()
  }

  #changed(type: 'signed-in' | 'renewed' | 'removed', account: string): void {
    // Whoever is signed in here stays; what becomes of that session, it tells itself.
    if (this.#known.session) return
    if (type !== 'removed') void this.#load()
    else if (this.#known.status === 'signed-out' && this.#known.account === account) this.lose()
  }

  async #load(): Promise<void> {
    this.#loading.abort()
    this.#loading = new AbortController()
    const { signal } = this.#loading
    try {
      if (await this.#find(signal)) return
      if (!signal.aborted) await this.#lookBack(signal)
    } catch (cause) {
      if (signal.aborted) return
      if (!(cause instanceof SessionError)) this.#wrongOptions = { cause }
      else if (this.#known.status === 'loading')
        this.#set({ ...nobody, status: 'error', account: undefined, error: cause })
      this.#tell()
    }
  }

  async #find(signal: AbortSignal): Promise<boolean> {
    const session = await DIDSession.load(this.#options.account, { ...resumeOptions(this.#options), signal })
    if (signal.aborted) return false
    if (session) this.adopt(session)
    else if (this.#known.status !== 'signed-out')
      this.#set({ ...nobody, status: 'signed-out', account: undefined })
    return session !== undefined
  }

  // Another tab may have signed in while this one only began to listen; and whose session has expired is remembered.
  async #lookBack(signal: AbortSignal): Promise<void> {
    const wanted = this.#options.account
    const all = await DIDSession.list(listOptions(this.#options))
    if (signal.aborted || this.#known.status !== 'signed-out') return
    const sessions = all.filter(({ account }) => wanted === undefined || account === accountArgument(wanted))
    if (sessions.some(({ isExpired }) => !isExpired) && (await this.#find(signal))) return
    const [account, ...others] = new Set(sessions.map((session) => session.account))
    if (!signal.aborted && account !== undefined && others.length === 0) this.#end(account)
  }
}
