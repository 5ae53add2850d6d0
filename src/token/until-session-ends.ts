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

/** How it is learned that a session has ended. */
export interface UntilSessionEndsOptions {
  /** Says which capabilities were revoked, such as `redisRevocation`; `false` to look at the expiry only, on purpose. */
  revocation: Revocation | false
  /**
   * Seconds between two questions to the store; 10 by default, at most 3600. A store that tells of revocations (`onRevoked`) is asked at
   * once when it does, and so often besides, in case a message was lost.
   */
  pollSecs?: number
  /**
   * Seconds for which the store may fail to answer; 30 by default. Then the session counts as ended, because nobody knows whether it
   * was revoked. `Infinity` to go on, on purpose.
   */
  maxOutageSecs?: number
  /** Stops the watching, such as when the socket has closed. The signal that was returned then never aborts. */
  signal?: AbortSignal
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

const STORE_TIMEOUT_MS = 2000
const RETRY_MS = 1000

/**
 * A signal that aborts when the caller's session ends, for what lives longer than a request: a socket, an event stream, a job. Its
 * `reason` is a `SessionError`: `ERR_CAPABILITY_EXPIRED` at the time that the capability says; `ERR_CAPABILITY_REVOKED` within `pollSecs`
 * and the time of one answer, or at once if the store tells of revocations, as `memoryRevocation` does, and `redisRevocation` with a
 * `subscriber`; `ERR_STORE_UNAVAILABLE` when the store has failed to answer for `maxOutageSecs`, which is noticed within `pollSecs` and 3
 * seconds. The store is asked at once, and then once for all sockets of a session. Keeps no process alive. Throws a `TypeError` for wrong
 * options.
 *
 * @example
 * const closed = new AbortController()
 * socket.on('close', () => closed.abort())
 * const ended = untilSessionEnds(caller, { revocation, signal: closed.signal })
 * ended.addEventListener('abort', () => socket.close(4401, ended.reason.code))
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

// One watch for all sockets that ask the same store about the same capability in the same way.
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

/** Asks a store again and again whether a capability was revoked, for as long as somebody wants to know. */
class RevocationWatch {
  readonly #revocation: Revocation
  readonly #cacao: Cacao
  readonly #pollMs: number
  readonly #outageMs: number
  readonly #onIdle: () => void
  readonly #ends = new Set<End>()
  readonly #askStore = storeAsker(STORE_TIMEOUT_MS)
  #stopListening: () => void = () => undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #failingSince: number | undefined
  #isAsking = false
  #askAgain = false

  constructor(revocation: Revocation, cacao: Cacao, pollMs: number, outageMs: number, onIdle: () => void) {
    this.#revocation = revocation
    this.#cacao = cacao
    this.#pollMs = pollMs
    this.#outageMs = outageMs
    this.#onIdle = onIdle
  }

  /** Calls back once when the session has ended. Returns a function that ends the interest. */
  add(end: End): () => void {
    if (this.#ends.size === 0) this.#listen()
    this.#ends.add(end)
    // For each newcomer, because it may have been revoked since the last question.
    void this.#ask()
    return () => {
      this.#ends.delete(end)
      if (this.#ends.size === 0) this.#stop()
    }
  }

  #listen(): void {
    let keys: ReadonlySet<string> | undefined
    Promise.all(chainOf(this.#cacao).map(revocationKeys)).then(
      (links) => {
        keys = new Set(links.flatMap(({ id, accounts }) => [id, ...accounts]))
      },
      () => undefined,
    )
    const onEvent = ({ id, account }: RevocationEvent): void => {
      const named = [id, account].filter((key) => key !== undefined)
      // What it doesn't name may be this one.
      if (!keys || named.length === 0 || named.some((key) => keys?.has(key))) void this.#ask()
    }
    this.#stopListening = this.#revocation.onRevoked?.(onEvent) ?? this.#stopListening
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#stopListening()
    this.#onIdle()
  }

  // Never rejects.
  async #ask(): Promise<void> {
    if (this.#isAsking) {
      // The answer that is under way may be older than what gave rise to this question.
      this.#askAgain = true
      return
    }
    this.#isAsking = true
    clearTimeout(this.#timer)
    const failure = await this.#failure()
    this.#isAsking = false
    this.#failingSince = failure && (this.#failingSince ?? performance.now())
    if (failure && this.#isOver(failure)) for (const end of [...this.#ends]) end(failure)
    if (this.#ends.size === 0) return
    if (this.#askAgain) {
      this.#askAgain = false
      return this.#ask()
    }
    this.#timer = setTimeout(
      () => void this.#ask(),
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
  throw wrong(name, 'a number of seconds, or Infinity to go on without an answer')
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
