import { type Clock, clockOption, systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import {
  check,
  type ReadValue,
  readOptions,
  required,
  setting,
  signalOption,
  wrong,
} from '../base/options.js'
import { scheduleAt, unref } from '../base/schedule.js'
import { assertNotRevoked } from '../capability/assertions.js'
import { assertValidAt, type Cacao, chainOf, expiryTime } from '../capability/cacao.js'
import { type Revocation, type RevocationEvent, revocationOption } from '../capability/check-options.js'
import { capabilityIdentity } from '../capability/cid.js'
import { type Caller, storeAsker } from '../http/capability-gate.js'
import { revocationKeys } from '../http/revocation.js'

/** Options of `untilSessionEnds`. */
export interface UntilSessionEndsOptions {
  /**
   * Knows which capabilities were revoked, such as `redisRevocation`. Pass `false` to watch only the expiry on purpose.
   */
  revocation: Revocation | false
  /**
   * Seconds between two checks for a revocation; more than 0, at most 3600, 10 by default. A store with `onRevoked` is
   * also checked as soon as it reports a revocation; the regular checks go on, in case such a report is lost.
   */
  pollSecs?: number
  /**
   * Seconds for which the store may fail to answer; 30 by default. After that, the session counts as ended, because it
   * may have been revoked. Pass `Infinity` to keep the session on purpose.
   */
  maxOutageSecs?: number
  /** Stops watching, for example when the socket has closed. The returned signal then never aborts. */
  signal?: AbortSignal
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

const STORE_TIMEOUT_MS = 2000
const RETRY_MS = 1000

/**
 * Returns a signal that aborts when the caller's session ends. Use it for everything that lives longer than a request:
 * a socket, an event stream, a job. If the session has expired already, the signal is aborted from the start and emits
 * no event, so check `aborted` first. The signal's `reason` is a `SessionError`:
 *
 * - `ERR_CAPABILITY_EXPIRED`, when the capability expires;
 * - `ERR_CAPABILITY_REVOKED`, within `pollSecs` and the time of one answer; at once, if the store reports revocations,
 *   as `memoryRevocation` does, and `redisRevocation` with a `subscriber`;
 * - `ERR_STORE_UNAVAILABLE`, when the store has failed to answer for `maxOutageSecs`; this is noticed within another
 *   `pollSecs` and 3 seconds.
 *
 * The store is called at once, and then once for all sockets of a session. Does not keep a process running. Throws a
 * `TypeError` for wrong options.
 *
 * @example
 * const closed = new AbortController()
 * socket.on('close', () => closed.abort())
 * const ended = untilSessionEnds(caller, { revocation, signal: closed.signal })
 * const close = () => socket.close(4401, ended.reason.code)
 * if (ended.aborted) close() // it has ended already, and the event is not emitted any more
 * else ended.addEventListener('abort', close)
 */
export function untilSessionEnds(
  { cacao }: Pick<Caller, 'cacao'>,
  options: UntilSessionEndsOptions,
): AbortSignal {
  const {
    revocation,
    pollSecs = 10,
    maxOutageSecs = 30,
    signal,
    now = systemClock,
  } = readOptions<GivenOptions>(options, OPTIONS)
  const ended = new AbortController()
  const stops: (() => void)[] = []
  const stop = (): void => {
    for (const each of stops.splice(0)) each()
  }
  const end = (reason: unknown): void => {
    stop()
    ended.abort(reason)
  }
  const endIfExpired = (): void => {
    try {
      assertValidAt(cacao, now(), Number.POSITIVE_INFINITY)
    } catch (error) {
      // Any other error means that the argument is not a caller.
      if (!(error instanceof SessionError)) throw error
      end(error)
    }
  }

  if (signal?.aborted) return ended.signal
  endIfExpired()
  if (ended.signal.aborted) return ended.signal
  signal?.addEventListener('abort', stop, { once: true })
  stops.push(() => signal?.removeEventListener('abort', stop))
  const expiry = expiryTime(cacao)
  if (Number.isFinite(expiry)) stops.push(scheduleAt(now, expiry, endIfExpired))
  if (revocation) stops.push(watchOf(revocation, cacao, pollSecs * 1000, maxOutageSecs * 1000).add(end))
  return ended.signal
}

type End = (reason: SessionError) => void

// One watch for all sockets that use the same store, capability and settings.
const watches = new WeakMap<Revocation, Map<string, RevocationWatch>>()

function watchOf(revocation: Revocation, cacao: Cacao, pollMs: number, outageMs: number): RevocationWatch {
  const ofStore = watches.get(revocation) ?? new Map<string, RevocationWatch>()
  watches.set(revocation, ofStore)
  const id = `${capabilityIdentity(cacao)} ${pollMs} ${outageMs}`
  const watch =
    ofStore.get(id) ?? new RevocationWatch(revocation, cacao, pollMs, outageMs, () => ofStore.delete(id))
  ofStore.set(id, watch)
  return watch
}

/** Checks a store at intervals for the revocation of one capability, as long as the watch has listeners. */
class RevocationWatch {
  readonly #revocation: Revocation
  readonly #cacao: Cacao
  readonly #pollMs: number
  readonly #outageMs: number
  readonly #onIdle: () => void
  readonly #ends = new Set<End>()
  readonly #askStore = storeAsker(STORE_TIMEOUT_MS)
  #unsubscribe: () => void = () => undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #failingSince: number | undefined
  #isChecking = false
  #mustCheckAgain = false

  constructor(revocation: Revocation, cacao: Cacao, pollMs: number, outageMs: number, onIdle: () => void) {
    this.#revocation = revocation
    this.#cacao = cacao
    this.#pollMs = pollMs
    this.#outageMs = outageMs
    this.#onIdle = onIdle
  }

  /** Adds a listener, which is called once when the session has ended. Returns a function that removes the listener. */
  add(end: End): () => void {
    if (this.#ends.size === 0) this.#subscribe()
    this.#ends.add(end)
    // Checked for each new listener, because the session may have been revoked since the last check.
    void this.#check()
    return () => {
      this.#ends.delete(end)
      if (this.#ends.size === 0) this.#stop()
    }
  }

  #subscribe(): void {
    let keys: ReadonlySet<string> | undefined
    Promise.all(chainOf(this.#cacao).map(revocationKeys)).then(
      (links) => {
        keys = new Set(links.flatMap(({ id, accounts }) => [id, ...accounts]))
      },
      () => undefined,
    )
    const onEvent = ({ id, account }: RevocationEvent): void => {
      const named = [id, account].filter((key) => key !== undefined)
      // An event that names nothing may concern this capability.
      if (!keys || named.length === 0 || named.some((key) => keys?.has(key))) void this.#check()
    }
    try {
      const stop: unknown = this.#revocation.onRevoked?.(onEvent)
      if (typeof stop === 'function') this.#unsubscribe = stop as () => void
    } catch (error) {
      console.warn(
        'cacao-session: onRevoked of a revocation store failed, so revocations are only noticed by polling:',
        error,
      )
    }
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#onIdle()
    // An error of the store must neither keep a socket open nor end the process.
    try {
      this.#unsubscribe()
    } catch (error) {
      console.warn('cacao-session: a revocation store failed to remove a listener of onRevoked:', error)
    }
  }

  // Never rejects.
  async #check(): Promise<void> {
    if (this.#isChecking) {
      // The store may have answered the running check before the event that caused this one.
      this.#mustCheckAgain = true
      return
    }
    this.#isChecking = true
    clearTimeout(this.#timer)
    const failure = await this.#failure()
    this.#isChecking = false
    this.#failingSince = failure && (this.#failingSince ?? performance.now())
    if (failure && this.#isOver(failure)) for (const end of [...this.#ends]) end(failure)
    if (this.#ends.size === 0) return
    if (this.#mustCheckAgain) {
      this.#mustCheckAgain = false
      return this.#check()
    }
    this.#timer = setTimeout(
      () => void this.#check(),
      failure ? Math.min(RETRY_MS, this.#pollMs) : this.#pollMs,
    )
    unref(this.#timer)
  }

  #isOver({ code }: SessionError): boolean {
    if (code === 'ERR_CAPABILITY_REVOKED') return true
    const since = this.#failingSince ?? Number.NaN
    return performance.now() - since >= this.#outageMs
  }

  async #failure(): Promise<SessionError | undefined> {
    const isRevoked: Revocation['isRevoked'] = (link) =>
      this.#askStore(() => this.#revocation.isRevoked(link))
    try {
      await assertNotRevoked(this.#cacao, { isRevoked })
      return undefined
    } catch (error) {
      if (error instanceof SessionError) return error
      return new SessionError('ERR_STORE_UNAVAILABLE', 'the revocation store failed', { cause: error })
    }
  }
}

type GivenOptions = {
  [K in keyof Required<UntilSessionEndsOptions>]: undefined extends UntilSessionEndsOptions[K]
    ? UntilSessionEndsOptions[K] | undefined
    : UntilSessionEndsOptions[K]
}

const LONGEST_POLL_SECS = 3600

const pollOption: ReadValue<number> = (value, name) => {
  if (typeof value === 'number' && value > 0 && value <= LONGEST_POLL_SECS) return value
  throw wrong(name, `a number of seconds, more than 0 and at most ${LONGEST_POLL_SECS}`)
}

const outageOption: ReadValue<number> = (value, name) => {
  if (typeof value === 'number' && value >= 0) return value
  throw wrong(name, 'a number of seconds, or Infinity to keep sessions while the store fails')
}

const OPTIONS = {
  revocation: required<Revocation | false>((value, name) =>
    value === false ? false : revocationOption(value, name),
  ),
  pollSecs: setting(pollOption),
  maxOutageSecs: check(outageOption),
  signal: setting(signalOption),
  now: setting(clockOption),
}
