/// <reference lib="esnext.disposable" preserve="true" />
import { type AccountInput, accountArgument } from '../base/account.js'
import { isBytes } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { type Clock, systemClock } from '../base/time.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { type Cacao, issuerAccount } from '../capability/cacao.js'
import { assertValidAt } from '../capability/validity.js'
import {
  EXPLAIN_READERS,
  givenAsked,
  givenOptions,
  givenTrusting,
  LISTENER_READERS,
  RESUME_READERS,
  STORE_READERS,
} from '../options/read-options.js'
import type {
  AskedResources,
  AuthorizeOptions,
  DelegateOptions,
  ExplainOptions,
  FromSessionOptions,
  GetOptions,
  ListOptions,
  RenewOptions,
  ResumeOptions,
  SerializeOptions,
  SessionFetchInit,
  SignRequestOptions,
  StoreOptions,
} from '../options/session-options.js'
import { believedPlaceOf, type Place, placeOf } from '../resume/context.js'
import type { SessionSummary } from '../resume/list.js'
import { explain, resume } from '../resume/resume.js'
import type { SessionStatus, Wanted } from '../resume/stored-sessions.js'
import type { HeldSession } from '../store/session-data.js'
import type { SessionRecord } from '../store/store.js'
import { removedKeys } from '../tabs/lifecycle.js'
import type { SessionChange } from '../tabs/session-watch.js'
import type { SessionEventType, SessionListenerOptions } from './events.js'
import { GrantedSession } from './granted-session.js'

const onDemand = () => import('./on-demand.js')
const trustReaders = async () => (await onDemand()).TRUST_READERS
const ignore = (): void => undefined

/**
 * A person signed in, and the key that acts for them: a did:key and a capability (CACAO, CAIP-74) that the
 * person's wallet signed for it. Sessions come from `get`, `load`, `authorize` and `fromSession`.
 *
 * @example
 * const account = await ethereumAccount(window.ethereum)
 * const session = await DIDSession.get(account, ethereumAuth(window.ethereum, account), {
 *   resources: ['https://api.example.com/notes/*'],
 * })
 */
export class DIDSession extends GrantedSession {
  readonly #held: HeldSession
  readonly #now: Clock
  readonly #place: Place | undefined
  readonly #disposal = new AbortController()

  private constructor(held: HeldSession, now: Clock, place?: Place) {
    super(held, now)
    this.#held = held
    this.#now = now
    this.#place = place
    // From now on, signing out in another tab ends this one too.
    if (place) onDemand().then(({ watchOf }) => watchOf(place).follow(recordOf(held)), ignore)
  }

  /**
   * Takes up the account's session, or else has the wallet sign a new one and stores it. Prompts at most once,
   * however many call at a time. The key can't be exported. Rejects with a `SessionError`: `ERR_AUTH_REJECTED`,
   * `ERR_AUTH_FAILED`, `ERR_CAPABILITY_…` (also if the auth method answers something else than it was asked for),
   * `ERR_KEY_UNSUPPORTED`, `ERR_ENVIRONMENT`, or, with a store of the caller's own, `ERR_STORE_…`.
   */
  static async get(account: AccountInput, authMethod: AuthMethod, options: GetOptions): Promise<DIDSession> {
    const { acquire, getOptions, watchOf } = await onDemand()
    const given = getOptions(options)
    const place = believedPlaceOf(given)
    const held = await acquire(place, accountArgument(account), authMethod, given)
    // At once: another tab may sign it out before the next task.
    watchOf(place).follow(recordOf(held))
    return new DIDSession(held, place.now, place)
  }

  /**
   * Takes up a stored session and never prompts; `undefined` if there is none that is valid and covers the
   * resources. Without an account, the session used last: a reload needs no wallet at all. On a server it needs a `store`
   * (`ERR_ENVIRONMENT`), and one that others can write needs `verifiers` and `domains` (`TypeError`).
   *
   * @example
   * const session = (await DIDSession.load()) ?? showLogin()
   */
  static async load(account?: AccountInput, options: ResumeOptions = {}): Promise<DIDSession | undefined> {
    const given = await givenTrusting<ResumeOptions>(options, RESUME_READERS, trustReaders)
    const place = believedPlaceOf(given)
    given.signal?.throwIfAborted()
    const wanted = await wantedOf(place, given)
    const held = await resume(place, account === undefined ? undefined : accountArgument(account), wanted)
    given.signal?.throwIfAborted()
    return held && new DIDSession(held, place.now, place)
  }

  /** Whether `get` would take up a session without a prompt. Always a boolean; ask `explain` for the reason. */
  static async hasSessionFor(
    account: AccountInput,
    resources?: AskedResources,
    options: ExplainOptions = {},
  ): Promise<boolean> {
    const { place, wanted } = await explainable(resources, options)
    return (await explain(place, accountArgument(account), wanted)).status === 'ok'
  }

  /** Why `hasSessionFor` says what it says. Never rejects for what a store does. */
  static async explain(
    account: AccountInput,
    resources?: AskedResources,
    options: ExplainOptions = {},
  ): Promise<SessionStatus> {
    const { place, wanted } = await explainable(resources, options)
    const status = await explain(place, accountArgument(account), wanted)
    if (status.status !== 'none') return status
    const { wasEvicted } = await onDemand()
    return (await wasEvicted(place, accountArgument(account))) ? { status: 'evicted' } : status
  }

  /**
   * Takes up the account's stored session, of several side by side, and makes it the one that `load` without an account
   * gives from now on. Never prompts; `undefined` if there is none.
   */
  static async use(account: AccountInput, options: ResumeOptions = {}): Promise<DIDSession | undefined> {
    return DIDSession.load(accountArgument(account), options)
  }

  /**
   * Calls back when someone has signed in, renewed or signed out, in this tab or another, until the function that it
   * gives is called or the signal aborts. For pages where nobody is signed in yet; a session at hand has `on`.
   *
   * @example
   * DIDSession.onChange(async ({ type }) => { if (type === 'signed-in') show(await DIDSession.load()) })
   */
  static onChange(listener: (change: SessionChange) => void, options: StoreOptions = {}): () => void {
    const given = givenOptions(options, STORE_READERS)
    const place = placeOf(given)
    return listening(listener, [given.signal], ({ until, watchOf }, signals) =>
      until(signals, () => watchOf(place).onChange(listener)),
    )
  }

  /** Every stored session, of every account; with `verifiers`, `domains` or `isRevoked`, those that they accept. */
  static async list(options: ListOptions = {}): Promise<SessionSummary[]> {
    const place = believedPlaceOf(await givenTrusting<ListOptions>(options, STORE_READERS, trustReaders))
    const { listSessions } = await onDemand()
    return listSessions(place)
  }

  /**
   * Signs the account out on this device, in all tabs: its sessions sign no more, at once, and are removed from the store.
   * Rejects with `ERR_STORE_UNAVAILABLE` if the store may still have some.
   */
  static async remove(account: AccountInput, options: StoreOptions = {}): Promise<void> {
    const place = placeOf(givenOptions(options, STORE_READERS))
    const { removeSessions } = await onDemand()
    await removeSessions(place, accountArgument(account))
  }

  /** Has the wallet sign a session that grows from a random seed, so that it can be written to a string. */
  static async authorize(authMethod: AuthMethod, options: AuthorizeOptions): Promise<DIDSession> {
    const { authorize, authorizeOptions } = await onDemand()
    const given = authorizeOptions(options)
    return new DIDSession(await authorize(authMethod, given), given.now ?? systemClock)
  }

  /**
   * The session that `serialize` wrote, here or in did-session 4. An expired one loads too, so that an app can
   * show whose it was: `isExpired` is true and signing is refused. Rejects with `ERR_SESSION_STRING` or
   * `ERR_CAPABILITY_…` if anything else is wrong with it: the wallet's signature too if `verifiers` are given, the site if
   * `domains` are, and that it was revoked if `isRevoked` is. What was encrypted needs its `password`; with another one,
   * `ERR_SESSION_STRING`.
   */
  static async fromSession(serialized: string, options: FromSessionOptions = {}): Promise<DIDSession> {
    const { fromSessionOptions, readSession } = await onDemand()
    const given = fromSessionOptions(options)
    return new DIDSession(await readSession(serialized, given), given.now ?? systemClock)
  }

  /**
   * The session as a string, in the format of did-session 4. Whoever has it can act until the session expires:
   * keep it like a password, or give one: then the string is encrypted (JWE), to be read by `fromSession` with the same
   * password. Throws, or with a password rejects with, `ERR_NOT_SERIALIZABLE` for a key that can't be exported.
   *
   * @example
   * const text = await session.serialize({ password: 'correct horse battery staple' })
   */
  serialize(): string
  serialize(options: SerializeOptions): Promise<string>
  serialize(options?: SerializeOptions): string | Promise<string> {
    if (options !== undefined)
      return onDemand().then((m) => m.writeEncrypted(this.serialize(), m.serializeOptions(options).password))
    if (this.#held.serialize) return this.#held.serialize()
    throw new SessionError(
      'ERR_NOT_SERIALIZABLE',
      "the key can't be exported: DIDSession.authorize makes sessions for strings",
    )
  }

  /**
   * Signs bytes with the session key: ES256 or Ed25519, 64 bytes. Rejects with `ERR_CAPABILITY_EXPIRED`, or with
   * `ERR_SESSION_REMOVED` once the session was signed out in any tab.
   */
  async sign(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    if (!isBytes(bytes)) throw new TypeError('bytes must be a Uint8Array')
    this.#assertNotRemoved()
    assertValidAt(this.#held.cacao, this.#now())
    return this.#held.key.sign(bytes)
  }

  /**
   * A signed copy of the request (RFC 9421): the server sees for whom it is, and nothing of it can be changed or sent
   * again. Valid for 60 seconds. Rejects with `ERR_CAPABILITY_EXPIRED`, unless `onExpired` gives another session.
   */
  async signRequest(request: Request, { onExpired }: SignRequestOptions = {}): Promise<Request> {
    if (onExpired && this.isExpired) return (await onExpired()).signRequest(request)
    this.#assertNotRemoved()
    const { signRequest } = await onDemand()
    return signRequest(request, this.#held, this.#now())
  }

  /**
   * `fetch`, with the request signed by `signRequest`. Takes what `fetch` takes.
   *
   * @example
   * const response = await session.fetch('/api/notes', { method: 'POST', body: 'Buy cacao beans' })
   */
  async fetch(input: RequestInfo | URL, { onExpired, ...init }: SessionFetchInit = {}): Promise<Response> {
    const { requestOf } = await onDemand()
    return fetch(await this.signRequest(await requestOf(input, init), { onExpired }))
  }

  /**
   * Has the wallet sign the session that takes this one's place, with a new key; with `resources`, it may do those
   * besides. Gives the new session. This one works until then; once the new one is kept it goes from the store, and tells
   * its listeners. If the person rejects or anything fails, nothing changes. Another tab that has renewed it just before
   * spares the prompt. Rejects as `get` does.
   *
   * @example
   * session.on('expiring', async () => { session = await session.renew(ethereumAuth(window.ethereum)) })
   */
  async renew(authMethod: AuthMethod, options: RenewOptions = {}): Promise<DIDSession> {
    this.#assertNotRemoved()
    const { renew, renewOptions, watchOf } = await onDemand()
    const held = await renew(this.#held, this.#place, this.#now, authMethod, renewOptions(options))
    if (this.#place) watchOf(this.#place).follow(recordOf(held))
    return new DIDSession(held, this.#now, this.#place)
  }

  /**
   * Lets another key do some of what this session may, for as long or less: a worker's, a backend's, another device's.
   * Nobody is asked, and no secret leaves. The capability is for the auth method with which that key signs in; what it
   * then signs counts as the account's, and ends when this session is revoked. A chain has at most 4 capabilities, the
   * account's own among them. Rejects with `ERR_CAPABILITY_RESOURCES`, `_EXPIRED`, `_NOT_YET_VALID`, or `_INVALID` if the
   * chain would be too long, and with `ERR_SESSION_REMOVED`.
   *
   * @example
   * // In the worker; `ask` is how it asks the page, which answers `session.delegate({ audience, resources })`.
   * const session = await DIDSession.get(account, ({ uri }) => ask(uri, resources), { resources, namespace: 'worker' })
   */
  async delegate(options: DelegateOptions): Promise<Cacao> {
    this.#assertNotRemoved()
    const { delegate, delegateOptions } = await onDemand()
    return delegate(this.#held, delegateOptions(options), this.#now())
  }

  /**
   * Signs this session out, here and in all tabs: its key signs no more, at once. Rejects with `ERR_STORE_UNAVAILABLE` if the
   * store may still have it.
   */
  async remove(): Promise<void> {
    // Before anything else: neither a store that fails nor a page that can't load the rest keeps it signed in.
    removedKeys.add(this.keyDID)
    const { removeSession } = await onDemand()
    await removeSession(this.#place, issuerAccount(this.cacao), this.keyDID)
  }

  /**
   * Signs this session out everywhere: has a server of yours revoke it, by a signed `POST`, and then removes it here. The
   * server does so with `revocation.revoke(caller.cacao)` behind its `requireSession`. Rejects with
   * `ERR_REVOCATION_FAILED` if the server doesn't confirm; the session then stays.
   *
   * @example
   * await session.revoke('/api/sign-out')
   */
  async revoke(url: string | URL, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    const { revokeAt } = await onDemand()
    await revokeAt(url, this, signal)
    await this.remove()
  }

  /**
   * Calls back when the session is about to expire (`leadSecs` before, 300 by default), has expired, was renewed or
   * removed in any tab, or when the person has touched no tab for `idleSecs` (1800 by default). Exact across sleep and
   * hidden tabs: what is due is told as soon as the page is seen again. What is due already is told at once. Ends with
   * the function that it gives, the signal, or `dispose`. Keeps no process alive.
   *
   * @example
   * session.on('expiring', () => showRenewButton(), { leadSecs: 600 })
   * session.on('removed', () => showLogin())
   */
  on(
    type: SessionEventType,
    listener: (event: SessionEvent) => void,
    options: SessionListenerOptions = {},
  ): () => void {
    if (!EVENT_TYPES.includes(type)) throw new TypeError(`type must be one of ${EVENT_TYPES.join(', ')}`)
    const { signal, ...given } = givenOptions(options, LISTENER_READERS)
    const subject = { held: this.#held, now: this.#now, place: this.#place }
    const happened = (successor?: HeldSession): void => {
      const session = successor ? new DIDSession(successor, this.#now, this.#place) : this
      listener({ type, session })
    }
    return listening(listener, [signal, this.#disposal.signal], ({ listenFor }, signals) =>
      listenFor(type, subject, given, signals, happened),
    )
  }

  /** Ends all listening. The session itself goes on. */
  dispose(): void {
    this.#disposal.abort()
  }

  /** The same, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }

  #assertNotRemoved(): void {
    if (!removedKeys.has(this.keyDID)) return
    throw new SessionError(
      'ERR_SESSION_REMOVED',
      'the session was signed out, here or in another tab: sign in again',
    )
  }
}

const EVENT_TYPES: readonly SessionEventType[] = ['expiring', 'expired', 'renewed', 'removed', 'idle']

/** What a session tells its listeners. */
export interface SessionEvent {
  readonly type: SessionEventType
  /** The session to go on with: of `renewed`, the one that has taken this one's place; else this one. */
  readonly session: DIDSession
}

/** Starts listening until a signal aborts or what it gives is called. A page that can't load the rest sees that fail. */
function listening(
  listener: unknown,
  signals: readonly (AbortSignal | undefined)[],
  start: (rest: Awaited<ReturnType<typeof onDemand>>, signals: readonly AbortSignal[]) => void,
): () => void {
  if (typeof listener !== 'function') throw new TypeError('listener must be a function')
  const end = new AbortController()
  const all = [end.signal, ...signals].filter((signal) => signal !== undefined)
  void onDemand().then((rest) => start(rest, all))
  return () => end.abort()
}

async function explainable(
  asked: AskedResources | undefined,
  options: ExplainOptions,
): Promise<{ place: Place; wanted: Wanted }> {
  const given = await givenTrusting<ExplainOptions>(options, EXPLAIN_READERS, trustReaders)
  const place = believedPlaceOf(given)
  return { place, wanted: await wantedOf(place, { ...given, ...givenAsked(asked) }) }
}

/** What a session must be able to do: abilities as the resource that they are in a capability. */
async function wantedOf(
  place: Place,
  { resources = [], abilities, minValiditySecs }: ResumeOptions,
): Promise<Wanted> {
  const isPlain = abilities === undefined
  const list = isPlain ? resources : (await place.onDemand()).askedResources({ resources, abilities })
  return { resources: list, minValiditySecs }
}

function recordOf({
  key,
  cacao,
  persistence,
}: HeldSession): SessionRecord & Pick<HeldSession, 'persistence'> {
  return { account: issuerAccount(cacao), keyDID: key.did, cacao, persistence }
}
