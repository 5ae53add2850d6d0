import { type AccountInput, accountArgument, accountDID } from '../base/account.js'
import { isBytes } from '../base/bytes.js'
import { type Clock, systemClock } from '../base/clock.js'
import { SessionError } from '../base/errors.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { type Cacao, issuerAccount } from '../capability/cacao.js'
import { missingResources } from '../capability/resources.js'
import { assertValidAt, expiryTime, validityAt } from '../capability/validity.js'
import type { Persistence } from '../store/store.js'
import type { HeldSession } from './held-session.js'
import type { SessionSummary } from './list.js'
import type {
  AuthorizeOptions,
  FromSessionOptions,
  GetOptions,
  ResumeOptions,
  SessionFetchInit,
  SignRequestOptions,
  StoreOptions,
} from './options.js'
import { resourcesArgument } from './options.js'
import { type Place, placeOf } from './place.js'
import { explain, removeSessions, resume } from './resume.js'
import { expiresAt, type SessionStatus } from './stored-sessions.js'

const onDemand = () => import('./on-demand.js')

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
export class DIDSession {
  readonly #held: HeldSession
  readonly #now: Clock
  readonly #place: Place | undefined

  private constructor(held: HeldSession, now: Clock, place?: Place) {
    this.#held = held
    this.#now = now
    this.#place = place
  }

  /**
   * Takes up the account's session, or else has the wallet sign a new one and stores it. Prompts at most once,
   * however many call at a time. The key can't be exported. Rejects with a `SessionError`: `ERR_AUTH_REJECTED`,
   * `ERR_AUTH_FAILED`, `ERR_CAPABILITY_…`, `ERR_KEY_UNSUPPORTED`, `ERR_ENVIRONMENT`, or, with a store of the
   * caller's own, `ERR_STORE_…`.
   */
  static async get(account: AccountInput, authMethod: AuthMethod, options: GetOptions): Promise<DIDSession> {
    const place = placeOf(options ?? {})
    const { acquire } = await onDemand()
    const held = await acquire(place, accountArgument(account), authMethod, options ?? {})
    return new DIDSession(held, place.now, place)
  }

  /**
   * Takes up a stored session and never prompts; `undefined` if there is none that is valid and covers the
   * resources. Without an account, the session used last: a reload needs no wallet at all.
   *
   * @example
   * const session = (await DIDSession.load()) ?? showLogin()
   */
  static async load(account?: AccountInput, options: ResumeOptions = {}): Promise<DIDSession | undefined> {
    const place = placeOf(options)
    options.signal?.throwIfAborted()
    const wanted = {
      ...options,
      ...(options.resources && { resources: resourcesArgument(options.resources) }),
    }
    const held = await resume(place, account === undefined ? undefined : accountArgument(account), wanted)
    options.signal?.throwIfAborted()
    return held && new DIDSession(held, place.now, place)
  }

  /** Whether `get` would take up a session without a prompt. Always a boolean; ask `explain` for the reason. */
  static async hasSessionFor(
    account: AccountInput,
    resources?: readonly string[] | { resources?: readonly string[] },
    options: StoreOptions & Pick<ResumeOptions, 'verifiers'> = {},
  ): Promise<boolean> {
    return (await DIDSession.explain(account, resources, options)).status === 'ok'
  }

  /** Why `hasSessionFor` says what it says. Never rejects for what a store does. */
  static async explain(
    account: AccountInput,
    resources?: readonly string[] | { resources?: readonly string[] },
    options: StoreOptions & Pick<ResumeOptions, 'verifiers'> = {},
  ): Promise<SessionStatus> {
    const list = Array.isArray(resources)
      ? resources
      : ((resources as { resources?: readonly string[] } | undefined)?.resources ?? [])
    return explain(placeOf(options), accountArgument(account), {
      ...options,
      resources: resourcesArgument(list),
    })
  }

  /** Every stored session, of every account. */
  static async list(options: StoreOptions = {}): Promise<SessionSummary[]> {
    const { listSessions } = await onDemand()
    return listSessions(placeOf(options))
  }

  /** Signs the account out on this device: removes all its sessions. Rejects with `ERR_STORE_UNAVAILABLE`. */
  static async remove(account: AccountInput, options: StoreOptions = {}): Promise<void> {
    await removeSessions(placeOf(options), accountArgument(account))
  }

  /** Has the wallet sign a session that grows from a random seed, so that it can be written to a string. */
  static async authorize(authMethod: AuthMethod, options: AuthorizeOptions): Promise<DIDSession> {
    const { authorize } = await onDemand()
    return new DIDSession(await authorize(authMethod, options ?? {}), options.now ?? systemClock)
  }

  /**
   * The session that `serialize` wrote, here or in did-session 4. An expired one loads too, so that an app can
   * show whose it was: `isExpired` is true and signing is refused. Rejects with `ERR_SESSION_STRING` or
   * `ERR_CAPABILITY_…` if anything else is wrong with it, the wallet's signature too if `verifiers` are given.
   */
  static async fromSession(serialized: string, options: FromSessionOptions = {}): Promise<DIDSession> {
    const { readSession } = await onDemand()
    return new DIDSession(await readSession(serialized, options), options.now ?? systemClock)
  }

  /**
   * The session as a string, in the format of did-session 4. Whoever has it can act until the session expires:
   * keep it like a password. Throws `ERR_NOT_SERIALIZABLE` for a key that can't be exported.
   */
  serialize(): string {
    if (this.#held.serialize) return this.#held.serialize()
    throw new SessionError(
      'ERR_NOT_SERIALIZABLE',
      "the key can't be exported: DIDSession.authorize makes sessions for strings",
    )
  }

  /** The account's DID, such as `did:pkh:eip155:1:0x…`. */
  get id(): string {
    return accountDID(issuerAccount(this.#held.cacao))
  }

  /** The session key's did:key. */
  get keyDID(): string {
    return this.#held.key.did
  }

  /** The capability; frozen. */
  get cacao(): Cacao {
    return this.#held.cacao
  }

  /** What the session may do. */
  get authorizations(): string[] {
    return [...(this.#held.cacao.p.resources ?? [])]
  }

  /** Always true here: there is no session without a capability. As in did-session. */
  get hasSession(): boolean {
    return true
  }

  get isExpired(): boolean {
    return validityAt(this.#held.cacao, this.#now()) === 'expired'
  }

  /** Seconds until the session expires: 0 once it has, `Infinity` if it never does. */
  get expiresInSecs(): number {
    return Math.max(0, (expiryTime(this.#held.cacao) - this.#now()) / 1000)
  }

  /** The same as `expiresInSecs`, by the name that did-session gave it. */
  get expireInSecs(): number {
    return this.expiresInSecs
  }

  /** When the session expires; `undefined` if it never does. */
  get expiresAt(): Date | undefined {
    return expiresAt(this.#held.cacao)
  }

  /** Where the session really is: `memory` means that a reload loses it, `none` that nobody keeps it. */
  get persistence(): Persistence {
    return this.#held.persistence
  }

  /** Whether the session is valid now and covers these resources. */
  isAuthorized(resources?: readonly string[]): boolean {
    const wanted = resources === undefined ? [] : resourcesArgument(resources)
    return (
      validityAt(this.#held.cacao, this.#now()) === 'valid' &&
      missingResources(this.authorizations, wanted).length === 0
    )
  }

  /** Signs bytes with the session key: ES256 or Ed25519, 64 bytes. Rejects with `ERR_CAPABILITY_EXPIRED`. */
  async sign(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    if (!isBytes(bytes)) throw new TypeError('bytes must be a Uint8Array')
    assertValidAt(this.#held.cacao, this.#now())
    return this.#held.key.sign(bytes)
  }

  /**
   * A signed copy of the request (RFC 9421): the server sees for whom it is, and nothing of it can be changed or sent
   * again. Valid for 60 seconds. Rejects with `ERR_CAPABILITY_EXPIRED`, unless `onExpired` gives another session.
   */
  async signRequest(request: Request, { onExpired }: SignRequestOptions = {}): Promise<Request> {
    if (onExpired && this.isExpired) return (await onExpired()).signRequest(request)
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

  /** Removes this session from where it is kept. Rejects with `ERR_STORE_UNAVAILABLE`. */
  async remove(): Promise<void> {
    if (this.#place) await removeSessions(this.#place, issuerAccount(this.#held.cacao), this.keyDID)
  }
}
