/// <reference lib="esnext.disposable" preserve="true" />
import { type AccountInput, accountDID } from '../base/account.js'
import { type Clock, systemClock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import { isBytes, readOptions } from '../base/options.js'
import type { AuthMethod } from '../capability/auth-method.js'
import {
  assertValidAt,
  type Cacao,
  expiresAt,
  expiryTime,
  issuerAccount,
  validityAt,
} from '../capability/cacao.js'
import { missingResources, recapAllows } from '../capability/resources.js'
import { assertNotRemoved, isRemoved, markRemoved } from '../key/session-key.js'
import { LISTENER_READERS, resourcesArgument, SESSION_EVENT_TYPES } from '../options/read-options.js'
import type {
  AskedResources,
  AuthorizeOptions,
  CreateTokenOptions,
  DelegateOptions,
  ExplainOptions,
  FromSessionOptions,
  GetOptions,
  KeepCookieOptions,
  ListOptions,
  RenewOptions,
  ResumeOptions,
  RevokeOptions,
  SerializeOptions,
  SessionEventType,
  SessionFetchInit,
  SessionListenerOptions,
  SignRequestOptions,
  SignURLOptions,
  StoreOptions,
} from '../options/session-options.js'
import type { SessionContext } from '../resume/context.js'
import type { SessionSummary } from '../resume/list.js'
import type { SessionStatus } from '../resume/resume.js'
import type { Persistence, SessionData } from '../store/store.js'
import type { Outcome } from '../tabs/session-events.js'
import type { SessionChange } from '../tabs/session-watch.js'
import { bindMembers, later, listening, SessionClient, type SessionClientOptions } from './client.js'

const ignore = (): void => undefined
function inspected(
  this: DIDSession,
  _depth: unknown,
  options: object,
  inspect: (value: object, options: object) => string,
): string {
  const { account, expiresAt, persistence } = this
  return `DIDSession ${inspect({ account, expiresAt, persistence }, options)}`
}

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
  readonly #data: SessionData
  readonly #now: Clock
  readonly #context: SessionContext | undefined
  readonly #disposal = new AbortController()

  private constructor(data: SessionData, now: Clock, context?: SessionContext) {
    this.#data = data
    this.#now = now
    this.#context = context
    bindMembers(this)
    // From now on, signing out in another tab ends this one too.
    if (context) later.tabs().then(({ follow }) => follow(context, data), ignore)
  }

  /** Takes up the account's session, or has the wallet sign a new one and stores it. See {@link SessionClient.get}. */
  static get(account: AccountInput, authMethod: AuthMethod, options: GetOptions): Promise<DIDSession> {
    return defaultClient.get(account, authMethod, options)
  }

  /**
   * Takes up a stored session, without an account the one used last, and never prompts. See {@link SessionClient.load}.
   *
   * @example
   * const session = (await DIDSession.load()) ?? showLogin()
   */
  static load(account?: AccountInput, options?: ResumeOptions): Promise<DIDSession | undefined> {
    return defaultClient.load(account, options)
  }

  /** Takes up the account's stored session, and makes it the one used last. See {@link SessionClient.use}. */
  static use(account: AccountInput, options?: ResumeOptions): Promise<DIDSession | undefined> {
    return defaultClient.use(account, options)
  }

  /** Whether `get` would take up a session without a prompt. See {@link SessionClient.hasSessionFor}. */
  static hasSessionFor(
    account: AccountInput,
    resources?: AskedResources,
    options?: ExplainOptions,
  ): Promise<boolean> {
    return defaultClient.hasSessionFor(account, resources, options)
  }

  /** Why `hasSessionFor` says what it says. See {@link SessionClient.explain}. */
  static explain(
    account: AccountInput,
    resources?: AskedResources,
    options?: ExplainOptions,
  ): Promise<SessionStatus> {
    return defaultClient.explain(account, resources, options)
  }

  /**
   * Calls back when someone has signed in, renewed or signed out, in any tab. See {@link SessionClient.onChange}.
   *
   * @example
   * DIDSession.onChange(async ({ type }) => { if (type === 'signed-in') show(await DIDSession.load()) })
   */
  static onChange(listener: (change: SessionChange) => void, options?: StoreOptions): () => void {
    return defaultClient.onChange(listener, options)
  }

  /** Every stored session, of every account. See {@link SessionClient.list}. */
  static list(options?: ListOptions): Promise<SessionSummary[]> {
    return defaultClient.list(options)
  }

  /** Signs the account out on this device, in all tabs. See {@link SessionClient.signOut}. */
  static remove(account: AccountInput, options?: StoreOptions): Promise<void> {
    return defaultClient.signOut(account, options)
  }

  /** Has the wallet sign a session that grows from a random seed, so that it can be written to a string. */
  static async authorize(authMethod: AuthMethod, options: AuthorizeOptions): Promise<DIDSession> {
    const { authorize } = await later.signingIn()
    return new DIDSession(await authorize(authMethod, options), options.now ?? systemClock)
  }

  /**
   * The session that `serialize` wrote, here or in did-session 4. An expired one loads too, so that an app can
   * show whose it was: `isExpired` is true and signing is refused. Rejects with `ERR_SESSION_STRING` or
   * `ERR_CAPABILITY_…` if anything else is wrong with it: the wallet's signature too if `verifiers` are given, the site if
   * `domains` are, and that it was revoked if a `revocation` is. An encrypted one needs its `password`; with another one it
   * rejects with `ERR_SESSION_STRING`.
   */
  static async fromSession(serialized: string, options: FromSessionOptions = {}): Promise<DIDSession> {
    const { readSession } = await later.signingIn()
    return new DIDSession(await readSession(serialized, options), options.now ?? systemClock)
  }

  /** The account's DID, such as `did:pkh:eip155:1:0x…`. */
  get id(): string {
    return accountDID(this.account)
  }

  /** The account: a CAIP-10 id, such as `eip155:1:0x…`, or a did:key. */
  get account(): string {
    return issuerAccount(this.cacao)
  }

  /** The session key's did:key. */
  get keyDID(): string {
    return this.#data.key.did
  }

  /** The capability; frozen. */
  get cacao(): Cacao {
    return this.#data.cacao
  }

  /** The resources that the capability covers. */
  get resources(): readonly string[] {
    return this.cacao.p.resources ?? []
  }

  /** A copy of `resources`, by the name that did-session gave them. */
  get authorizations(): string[] {
    return [...this.resources]
  }

  /** Always true: there is no session without a capability. As in did-session. */
  get hasSession(): boolean {
    return true
  }

  /** Whether the session's time is over: it then signs no more, and `isAuthorized` is false. */
  get isExpired(): boolean {
    return validityAt(this.cacao, this.#now()) === 'expired'
  }

  /** Seconds until the session expires: 0 once it has, `Infinity` if it never does. */
  get expiresInSecs(): number {
    return Math.max(0, (expiryTime(this.cacao) - this.#now()) / 1000)
  }

  /** The same as `expiresInSecs`, by the name that did-session gave it. */
  get expireInSecs(): number {
    return this.expiresInSecs
  }

  /** When the session expires; `undefined` if it never does. */
  get expiresAt(): Date | undefined {
    return expiresAt(this.cacao)
  }

  /** Where the session really is: `memory` means that a reload loses it, `none` that nothing stores it. */
  get persistence(): Persistence {
    return this.#data.persistence
  }

  /** Whether `serialize` can write the session to a string: not if its key can't be exported. */
  get isSerializable(): boolean {
    return this.#data.serialize !== undefined
  }

  /**
   * Whether the session is valid now and has this ability (ReCap) with the resource, without caveats. False for a session
   * with plain resources only.
   *
   * @example
   * if (session.can('notes/write', 'https://api.example.com/notes')) showEditor()
   */
  can(ability: string, resource: string): boolean {
    return this.isAuthorized() && recapAllows(this.resources.at(-1) ?? '', { ability, resource })
  }

  /** Whether the session is valid now, covers these resources, and was not removed. */
  isAuthorized(resources?: readonly string[]): boolean {
    const wanted = resources === undefined ? [] : resourcesArgument(resources)
    return (
      !isRemoved(this.keyDID) &&
      validityAt(this.cacao, this.#now()) === 'valid' &&
      missingResources(this.resources, wanted).length === 0
    )
  }

  /**
   * The session as a string, in the format of did-session 4. Whoever has it can act until the session expires:
   * keep it like a password, or give a `password`: then the string is encrypted (JWE), and `fromSession` reads it with the
   * same one. Throws `ERR_NOT_SERIALIZABLE`, or rejects with it if a password is given, for a key that can't be exported.
   *
   * @example
   * const text = await session.serialize({ password: 'correct horse battery staple' })
   */
  serialize(): string
  serialize(options: SerializeOptions): Promise<string>
  serialize(options?: SerializeOptions): string | Promise<string> {
    if (options !== undefined)
      return later.signingIn().then(({ encrypted }) => encrypted(this.serialize(), options))
    const { serialize } = this.#data
    if (serialize) return serialize()
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
    assertNotRemoved(this.keyDID)
    assertValidAt(this.cacao, this.#now())
    return this.#data.key.sign(bytes)
  }

  /**
   * A signed copy of the request (RFC 9421). The server sees who sends it, and nothing of it can be changed or sent again. It
   * is valid for as long as the server says, a minute by default. Sends nothing, and so doesn't look at where the request goes.
   * Rejects with `ERR_CAPABILITY_EXPIRED`, unless `onExpired` gives another session. Can be called apart from the session.
   */
  async signRequest(request: Request, options: SignRequestOptions = {}): Promise<Request> {
    const { onExpired, capabilityHeader } = options
    if (onExpired && this.isExpired) return (await onExpired()).signRequest(request, { capabilityHeader })
    assertNotRemoved(this.keyDID)
    const { signNow } = await later.requests()
    return signNow(request, this.#data, this.#now, capabilityHeader)
  }

  /**
   * `fetch`, with the request signed by `signRequest`. Takes what `fetch` takes, and can be handed on as one: `new Client({ fetch:
   * session.fetch })`. Goes to origins that the session's resources cover, and to those of the option `origins`; for any other it rejects
   * with `ERR_CAPABILITY_RESOURCES`. Follows redirections within an origin, at most five, with a new signature each; to another origin it
   * goes on without the capability. If the server's `Date` shows that this machine's clock is wrong, by a day at most, the request is
   * signed once more.
   *
   * @example
   * const response = await session.fetch('/api/notes', { method: 'POST', body: 'Buy cacao beans' })
   */
  async fetch(input: RequestInfo | URL, init: SessionFetchInit = {}): Promise<Response> {
    const { signedFetch } = await later.requests()
    return signedFetch(input, init, this, this.#now)
  }

  /**
   * Keeps a cookie at a server with `sessionCookie` (`cacao-session/cookie`), for the pages that the browser navigates to: sets
   * it, renews it `leadSecs` before it ends (60 by default) and when the page is seen again, one tab for all, and clears it when
   * the session ends or another account signs in, in any tab: before `removed` is told, so that a listener may go to the next
   * page. A renewed session goes on with it. Ends with the signal, or `dispose`. Rejects with `ERR_COOKIE_FAILED` if it can't be
   * set, with `ERR_ENVIRONMENT` where there is no page, and as `sign` does. If the server can't be reached it goes on trying;
   * failures are told as `cookie-failed`.
   *
   * @example
   * await session.keepCookie('/session')
   */
  async keepCookie(url: string | URL, options: KeepCookieOptions = {}): Promise<void> {
    assertNotRemoved(this.keyDID)
    const { keepCookie } = await later.signingIn()
    const how = { context: this.#context, now: this.#now, disposal: this.#disposal.signal }
    await keepCookie(this, url, options, how)
  }

  /**
   * Has the wallet sign the session that takes this one's place, with a new key; with `resources`, it may use those
   * besides. Gives the new session. This one works until the new one is stored, and then goes from the store and tells its
   * listeners. If the person rejects or anything fails, nothing changes. If another tab has renewed it just before, nobody is
   * asked. Rejects as `get` does.
   *
   * @example
   * session.on('expiring', async () => { session = await session.renew(ethereumAuth(window.ethereum)) })
   */
  async renew(authMethod: AuthMethod, options: RenewOptions = {}): Promise<DIDSession> {
    assertNotRemoved(this.keyDID)
    const since = Date.now()
    const { renew } = await later.signingIn()
    const data = await renew(this.#data, this.#context, this.#now, authMethod, options, since)
    return new DIDSession(data, this.#now, this.#context)
  }

  /**
   * A token that says to one server who is there, for what can carry no signed request: the first message of a socket, its subprotocol,
   * connection parameters, metadata of gRPC. The server verifies it with `verifyToken`. Make one for each use, just before it. Rejects
   * with `ERR_CAPABILITY_EXPIRED` or `_NOT_YET_VALID`, with `ERR_REQUEST_TOO_LARGE` if it would be longer than 16,384 characters, and
   * with `ERR_SESSION_REMOVED`.
   *
   * @example
   * const token = await session.createToken({ audience: 'wss://api.example.com/live' })
   * const socket = new WebSocket('wss://api.example.com/live', ['notes.v1', token])
   */
  async createToken(options: CreateTokenOptions): Promise<string> {
    assertNotRemoved(this.keyDID)
    const { createToken } = await later.requests()
    return createToken(this.#data, options, this.#now)
  }

  /**
   * The URL with a signature at its end, for what a browser loads by itself: images, films, downloads, event streams. Whoever has it can
   * get exactly this URL with GET or HEAD until it expires, a minute by default; servers take it with the option `signedURLs`. Signs for
   * origins that the session's resources cover, and for those of the option `origins`; for others it rejects with
   * `ERR_CAPABILITY_RESOURCES`, and otherwise as `createToken` does.
   *
   * @example
   * image.src = await session.signURL('/api/photos/1.jpg')
   */
  async signURL(url: string | URL, options: SignURLOptions = {}): Promise<string> {
    assertNotRemoved(this.keyDID)
    const { signURL } = await later.requests()
    return signURL(this.#data, url, options, this.#now)
  }

  /**
   * Lets another key do some of what this session may, for as long or less: a worker's, a backend's, another device's.
   * The person isn't asked, and no secret leaves. The capability is for the auth method with which that key signs in; what it
   * then signs counts as the account's, and ends when this session is revoked. A chain has at most 4 capabilities, including
   * the account's own. Rejects with `ERR_CAPABILITY_RESOURCES`, `_EXPIRED`, `_NOT_YET_VALID`, or `_INVALID` if the chain
   * would be too long, and with `ERR_SESSION_REMOVED`.
   *
   * @example
   * // In the worker; `ask` is how it asks the page, which answers `session.delegate({ audience, resources })`.
   * const session = await DIDSession.get(account, ({ uri }) => ask(uri, resources), { resources, namespace: 'worker' })
   */
  async delegate(options: DelegateOptions): Promise<Cacao> {
    assertNotRemoved(this.keyDID)
    const { delegate } = await later.signingIn()
    return delegate(this.#data, options, this.#now())
  }

  /**
   * Signs this session out, here and in all tabs: its key signs no more, at once. Rejects with `ERR_STORE_UNAVAILABLE` if the
   * store may still have it.
   */
  async remove(): Promise<void> {
    // This comes first: the session ends even if the store fails, or the page can't load the code below.
    markRemoved(this.keyDID)
    const { removeSession } = await later.signingIn()
    await removeSession(this.#context, this.account, this.keyDID)
  }

  /**
   * Signs this session out everywhere: has a server of yours revoke it, by a signed `POST`, and then removes it here. The
   * server does so with `revocation.revoke(caller.cacao)` behind its `requireSession`. Rejects with
   * `ERR_REVOCATION_FAILED` if the server doesn't confirm; the session then stays.
   *
   * @example
   * await session.revoke('/api/sign-out')
   */
  async revoke(url: string | URL, options: RevokeOptions = {}): Promise<void> {
    const { revokeAt } = await later.signingIn()
    await revokeAt(url, this, options)
    await this.remove()
  }

  /**
   * Calls back when the session is about to expire (`leadSecs` before, 300 by default), has expired, was renewed or removed in any tab,
   * when there was no input in any tab for `idleSecs` (1800 by default), or when `keepCookie` failed. Exact across sleep and hidden tabs:
   * what is due is told as soon as the page is seen again, and at once if it is due already. Ends with the function that it gives, the
   * signal, or `dispose`. Keeps no process alive.
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
    if (!SESSION_EVENT_TYPES.includes(type))
      throw new TypeError(`type must be one of ${SESSION_EVENT_TYPES.join(', ')}`)
    const { signal, ...given } = readOptions(options, LISTENER_READERS)
    const subject = { data: this.#data, now: this.#now, context: this.#context, load: later.helpers }
    const happened = ({ successor, error }: Outcome = {}): void => {
      const session = successor ? new DIDSession(successor, this.#now, this.#context) : this
      listener({ type, session, ...(error && { error }) })
    }
    return listening(listener, [signal, this.#disposal.signal], async (signals) => {
      const { listenFor } = await later.tabs()
      listenFor(type, subject, given, signals, happened)
    })
  }

  /** Ends all listening. The session itself goes on. */
  dispose(): void {
    this.#disposal.abort()
  }

  /** The same, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}

// Neither is in a static block of the class, which React Native's Babel preset refuses.
const open = (data: SessionData, now: Clock, context?: SessionContext): DIDSession =>
  Reflect.construct(DIDSession, [data, now, context])
// What `console.log` shows in Node, Deno and Bun; and a name, because Vue puts no proxy before what has one of its own.
Object.defineProperties(DIDSession.prototype, {
  [Symbol.for('nodejs.util.inspect.custom')]: { value: inspected },
  [Symbol.toStringTag]: { value: 'DIDSession' },
})

/** What a session tells its listeners. */
export interface SessionEvent {
  readonly type: SessionEventType
  /** The session to go on with: for `renewed`, the one that has taken this one's place; else this one. */
  readonly session: DIDSession
  /** For `cookie-failed`: what went wrong. */
  readonly error?: SessionError
}

/**
 * The sessions of one store and namespace, with options that are given once. `DIDSession.get`, `load` and so on are those of a
 * client without options. An option of a call takes the place of the client's. Throws a `TypeError` that names an option that is
 * wrong. What `verifiers`, `domains` and `revocation` must be is looked at by the first call that asks them.
 *
 * @example
 * const admins = createSessionClient({ namespace: 'admin', domains: ['admin.example.com'] })
 * const session = await admins.load()
 */
export function createSessionClient(options: SessionClientOptions = {}): SessionClient<DIDSession> {
  return new SessionClient<DIDSession>(options, open)
}

const defaultClient = createSessionClient()
