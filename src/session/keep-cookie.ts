import { abortable } from '../base/abort.js'
import { chainless } from '../base/account.js'
import { type Clock, within } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { readOptions } from '../base/options.js'
import { assertValidAt, type Cacao } from '../capability/cacao.js'
import { timeAt } from '../http/server-clock.js'
import { assertNotRemoved } from '../key/session-key.js'
import { LISTENER_READERS } from '../options/read-options.js'
import type { KeepCookieOptions, SessionListenerOptions } from '../options/session-options.js'
import { readLastUsed, type SessionContext } from '../resume/context.js'
import {
  type CookieNote,
  type CookieOwner,
  clearCookie,
  cookieURL,
  isTransient,
  noteAt,
  setCookie,
  waitForNote,
  withCookieLock,
} from '../store/page-cookie.js'

/** The session whose cookie is kept: a `DIDSession`. */
export interface KeptSession extends CookieOwner {
  readonly account: string
  readonly cacao: Cacao
  readonly expiresAt: Date | undefined
  on(
    type: 'expired' | 'removed' | 'renewed',
    listener: (event: { readonly session: KeptSession }) => void,
    options: Pick<SessionListenerOptions, 'signal'>,
  ): () => void
  keepCookie(url: string | URL, options: KeepCookieOptions): Promise<void>
}

const DEFAULT_LEAD_SECS = 60
const FIRST_RETRY_MS = 5000
const LAST_RETRY_MS = 300_000
const STORE_TIMEOUT_MS = 1000

/** See `DIDSession.keepCookie`. It stops when `disposal` aborts, as the session's listeners do. */
export async function keepCookie(
  session: KeptSession,
  url: string | URL,
  options: KeepCookieOptions,
  { context, now, disposal }: { context: SessionContext | undefined; now: Clock; disposal: AbortSignal },
): Promise<void> {
  const { leadSecs = DEFAULT_LEAD_SECS, signal } = readOptions<KeepCookieOptions>(options, {
    leadSecs: LISTENER_READERS.leadSecs,
    signal: LISTENER_READERS.signal,
  })
  const target = cookieURL(url)
  const tabs = await import('../tabs/index.js')
  for (const given of [signal, disposal]) given?.throwIfAborted()
  assertValidAt(session.cacao, now())
  const keeper = new CookieKeeper(session, target, leadSecs, now, context, tabs)
  const life = new AbortController()
  tabs.until([disposal, signal], () => () => {
    const { reason } = signal?.aborted ? signal : disposal
    life.abort(reason)
    keeper.stop(reason)
  })
  // What stops this keeper also stops those of the sessions that continue this one.
  keeper.listen({ ...options, signal: life.signal })
  await keeper.start()
}

/** Keeps one session's cookie at one URL, until the session ends or `stop` is called. */
class CookieKeeper {
  readonly #session: KeptSession
  readonly #url: URL
  readonly #leadSecs: number
  readonly #now: Clock
  readonly #context: SessionContext | undefined
  readonly #tabs: typeof import('../tabs/index.js')
  readonly #end = new AbortController()
  #stopWaiting = (): void => undefined
  #failures = 0
  #isWorking = false
  #isKept = false
  // The server may set the cookie even if its answer is not awaited any more.
  #isAsking = false
  #successor: Promise<void> | undefined

  constructor(
    session: KeptSession,
    url: URL,
    leadSecs: number,
    now: Clock,
    context: SessionContext | undefined,
    tabs: typeof import('../tabs/index.js'),
  ) {
    this.#session = session
    this.#url = url
    this.#leadSecs = leadSecs
    this.#now = now
    this.#context = context
    this.#tabs = tabs
  }

  stop(reason?: unknown): void {
    this.#end.abort(reason)
    this.#stopWaiting()
  }

  /** Sets the cookie even if the browser seems to have one: only the server knows whether that is still valid. */
  async start(): Promise<void> {
    const before = noteAt(this.#url)
    try {
      await this.#renew((note) => this.#isOwn(note) && note.until !== before?.until)
    } catch (error) {
      // The session may have been renewed or have ended meanwhile, in any tab.
      if (this.#successor) return this.#successor
      assertNotRemoved(this.#session.keyDID)
      assertValidAt(this.#session.cacao, this.#now())
      throw error
    }
  }

  /** Reacts to what happens to the session in any tab, and to the page being shown again. */
  listen(options: KeepCookieOptions): void {
    const { signal } = this.#end
    const clear = (reason?: SessionError): void => void this.#clear(reason)
    this.#session.on('removed', () => clear(), { signal })
    this.#session.on('expired', () => clear(), { signal })
    this.#session.on(
      'renewed',
      ({ session }) => {
        this.#successor = session.keepCookie(this.#url, options)
        // If it ends before its cookie replaces this one, only this keeper knows whose cookie there is.
        this.#successor.catch((error: unknown) => {
          if (error instanceof SessionError && !isTransient(error)) void this.#clear()
        })
        this.stop()
      },
      { signal },
    )
    const look = (): void => void this.#look()
    // While renewals fail, the next attempt waits for its time.
    const seen = (): void => {
      if (this.#failures === 0) look()
    }
    this.#tabs.until([signal], () => {
      const { account } = this.#session
      const stops = [
        this.#tabs.onPageResume(seen),
        this.#context &&
          this.#tabs.watchOf(this.#context).onChange((change) => {
            if (change.type === 'signed-in' && chainless(change.account) !== chainless(account))
              clear(otherAccount())
          }),
      ]
      globalThis.addEventListener('online', look)
      return () => {
        for (const stop of stops) stop?.()
        globalThis.removeEventListener('online', look)
      }
    })
  }

  /** Renews the cookie if it is due, and schedules the next renewal. */
  async #look(): Promise<void> {
    if (this.#isWorking || this.#end.signal.aborted) return
    this.#isWorking = true
    if (await this.#isOtherAccountCurrent()) return this.#clear(otherAccount())
    await this.#renew((note) => !this.#isOwn(note) || this.#dueAt(note) > this.#now()).catch(() => undefined)
  }

  async #renew(isEnough: (note: CookieNote) => boolean): Promise<void> {
    const { signal } = this.#end
    this.#isWorking = true
    this.#stopWaiting()
    try {
      // Another tab may hold the lock for as long as its request takes.
      const note = await abortable(
        withCookieLock(this.#url, async () => {
          // That tab may have renewed it just now. The first cookie is not waited for, because the app is waiting.
          const isFound = (note?: CookieNote): note is CookieNote => note !== undefined && isEnough(note)
          const current = this.#isKept ? await waitForNote(this.#url, isFound) : noteAt(this.#url)
          if (isFound(current)) return current
          if (await this.#isOtherAccountCurrent()) void this.#clear(otherAccount())
          else this.#isAsking = true
          return setCookie(this.#session, this.#url, signal)
        }),
        signal,
      )
      this.#isKept = true
      this.#failures = 0
      this.#wait(this.#dueAt(note))
    } catch (error) {
      if (signal.aborted) throw signal.reason
      if (isTransient(error)) this.#wait(this.#nextTry())
      else this.stop(error)
      if (error instanceof SessionError) this.#tabs.tellCookieFailed(this.#session.keyDID, error)
      throw error
    } finally {
      this.#isWorking = false
      this.#isAsking = false
    }
  }

  #wait(time: number): void {
    this.#stopWaiting()
    if (this.#end.signal.aborted || time === Number.POSITIVE_INFINITY) return
    this.#stopWaiting = this.#tabs.scheduleAt(this.#now, time, () => void this.#look())
  }

  #isOwn({ keyDID }: CookieNote): boolean {
    return keyDID === this.#session.keyDID
  }

  /**
   * When the cookie is due for renewal: never, if it lasts as long as the session. A cookie of another session, such as the one that
   * replaced this one, is renewed by that session.
   */
  #dueAt(note: CookieNote): number {
    const { expiresAt } = this.#session
    const isLast = expiresAt && note.until >= Math.floor(expiresAt.getTime() / 1000)
    if (this.#isOwn(note) && isLast) return Number.POSITIVE_INFINITY
    const ahead = timeAt(this.#url.origin, this.#now) - this.#now()
    const lead = this.#isOwn(note) ? Math.min(this.#leadSecs, note.secs / 2) : 0
    return (note.until - lead) * 1000 - ahead
  }

  #nextTry(): number {
    return this.#now() + Math.min(FIRST_RETRY_MS * 2 ** this.#failures++, LAST_RETRY_MS)
  }

  /** Whether another account has become the one used last. */
  async #isOtherAccountCurrent(): Promise<boolean> {
    if (!this.#context) return false
    // Not for long, because other tabs may wait for the lock meanwhile.
    const reading = readLastUsed(this.#context.stores, this.#context.namespace)
    const last = await within(STORE_TIMEOUT_MS, reading).catch(() => undefined)
    const { account } = this.#session
    return last?.account !== undefined && chainless(last.account) !== chainless(account)
  }

  /** Stops, and asks the server to clear the cookie. Tries again until the server has, or the browser no longer has the cookie. */
  async #clear(reason?: SessionError): Promise<void> {
    const { keyDID } = this.#session
    const unseen = this.#isAsking ? keyDID : undefined
    this.stop(reason)
    try {
      await clearCookie(this.#url, [keyDID], unseen)
    } catch (error) {
      if (error instanceof SessionError) this.#tabs.tellCookieFailed(keyDID, error)
      if (isTransient(error)) this.#tabs.scheduleAt(this.#now, this.#nextTry(), () => void this.#clear())
    }
  }
}

function otherAccount(): SessionError {
  return new SessionError(
    'ERR_COOKIE_FAILED',
    'the session cookie was not set: another account has signed in',
  )
}
