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
 * A session of a person who signed in: a session key (a did:key), and the capability (CACAO, CAIP-74) that the person's wallet
 * signed for it. Get one from `get`, `load`, `use`, `authorize` or `fromSession`.
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
    // In JavaScript nothing is private about a constructor. did-session's takes the parts of a session.
    if (!now) throw new TypeError('DIDSession.get, load or fromSession makes sessions')
    this.#data = data
    this.#now = now
    this.#context = context
    bindMembers(this)
    // From now on, signing out in another tab ends this session too.
    if (context)
      later.tabs().then(
        ({ follow }) => follow(context, data),
        () => undefined,
      )
  }

  /** Resumes the account's stored session, or asks the wallet to sign a new one and stores it. See {@link SessionClient.get}. */
  static get(account: AccountInput, authMethod: AuthMethod, options: GetOptions): Promise<DIDSession> {
    return defaultClient.get(account, authMethod, options)
  }

  /**
   * Resumes the account's stored session, or without an account the session used last. Never prompts. See {@link SessionClient.load}.
   *
   * @example
   * const session = (await DIDSession.load()) ?? showLogin()
   */
  static load(account?: AccountInput, options?: ResumeOptions): Promise<DIDSession | undefined> {
    return defaultClient.load(account, options)
  }

  /** Resumes the account's stored session, and makes it the session used last. See {@link SessionClient.use}. */
  static use(account: AccountInput, options?: ResumeOptions): Promise<DIDSession | undefined> {
    return defaultClient.use(account, options)
  }

  /** Whether `get` would resume a session without a prompt. See {@link SessionClient.hasSessionFor}. */
  static hasSessionFor(
    account: AccountInput,
    resources?: AskedResources,
    options?: ExplainOptions,
  ): Promise<boolean> {
    return defaultClient.hasSessionFor(account, resources, options)
  }

  /** The reason for what `hasSessionFor` returns. See {@link SessionClient.explain}. */
  static explain(
    account: AccountInput,
    resources?: AskedResources,
    options?: ExplainOptions,
  ): Promise<SessionStatus> {
    return defaultClient.explain(account, resources, options)
  }

  /**
   * Calls the listener when someone has signed in, renewed or signed out, in any tab. See {@link SessionClient.onChange}.
   *
   * @example
   * DIDSession.onChange(async ({ type }) => { if (type === 'signed-in') show(await DIDSession.load()) })
   */
  static onChange(listener: (change: SessionChange) => void, options?: StoreOptions): () => void {
    return defaultClient.onChange(listener, options)
  }

  /** All stored sessions, of all accounts. See {@link SessionClient.list}. */
  static list(options?: ListOptions): Promise<SessionSummary[]> {
    return defaultClient.list(options)
  }

  /** Signs the account out on this device, in all tabs. See {@link SessionClient.signOut}. */
  static remove(account: AccountInput, options?: StoreOptions): Promise<void> {
    return defaultClient.signOut(account, options)
  }

  /** Asks the wallet to sign a session that can be serialized: its key is derived from a random seed. Rejects as `get` does. */
  static async authorize(authMethod: AuthMethod, options: AuthorizeOptions): Promise<DIDSession> {
    const { authorize } = await later.signingIn()
    return new DIDSession(await authorize(authMethod, options), options.now ?? systemClock)
  }

  /**
   * Reads a session from the string that `serialize` returned, here or in did-session 4. An encrypted string needs its `password`.
   * An expired session is returned too, so that an app can show whose it was: its `isExpired` is true, and it doesn't sign. Rejects
   * with `ERR_SESSION_STRING` if the string is malformed or the password is wrong, and with `ERR_CAPABILITY_…` if the capability is
   * malformed or fails a check: of the wallet's signature (with `verifiers`), the site (with `domains`) or its revocation (with
   * `revocation`).
   */
  static async fromSession(serialized: string, options: FromSessionOptions = {}): Promise<DIDSession> {
    const { readSession } = await later.signingIn()
    return new DIDSession(await readSession(serialized, options), options.now ?? systemClock)
  }

  /** The account's DID, such as `did:pkh:eip155:1:0x…`, or a did:key. */
  get id(): string {
    return accountDID(this.account)
  }

  /** The account: a CAIP-10 id, such as `eip155:1:0x…`, or a did:key. */
  get account(): string {
    return issuerAccount(this.cacao)
  }

  /** The did:key of the session key. */
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

  /** A copy of `resources`, under the name that did-session uses. */
  get authorizations(): string[] {
    return [...this.resources]
  }

  /** Always true, because every session here has a capability. For compatibility with did-session. */
  get hasSession(): boolean {
    return true
  }

  /** Whether the session has expired. An expired session doesn't sign, and its `isAuthorized` returns false. */
  get isExpired(): boolean {
    return validityAt(this.cacao, this.#now()) === 'expired'
  }

  /** Seconds until the session expires: 0 once it has expired, `Infinity` if it never does. */
  get expiresInSecs(): number {
    return Math.max(0, (expiryTime(this.cacao) - this.#now()) / 1000)
  }

  /** The same as `expiresInSecs`, under the name that did-session uses. */
  get expireInSecs(): number {
    return this.expiresInSecs
  }

  /** When the session expires, or `undefined` if it never does. */
  get expiresAt(): Date | undefined {
    return expiresAt(this.cacao)
  }

  /** Where the session is stored: `memory` means that a reload loses it, `none` that it isn't stored at all. */
  get persistence(): Persistence {
    return this.#data.persistence
  }

  /** Whether `serialize` works. It doesn't for a session whose key can't be exported. */
  get isSerializable(): boolean {
    return this.#data.serialize !== undefined
  }

  /**
   * Whether the session is valid now and its ReCap (ERC-5573) grants the ability for the resource without caveats. Always false for
   * a session that has only plain resources.
   *
   * @example
   * if (session.can('notes/write', 'https://api.example.com/notes')) showEditor()
   */
  can(ability: string, resource: string): boolean {
    return this.isAuthorized() && recapAllows(this.resources.at(-1) ?? '', { ability, resource })
  }

  /** Whether the session is valid now, covers the resources if any are given, and was not signed out. */
  isAuthorized(resources?: readonly string[]): boolean {
    const wanted = resources === undefined ? [] : resourcesArgument(resources)
    return (
      !isRemoved(this.keyDID) &&
      validityAt(this.cacao, this.#now()) === 'valid' &&
      missingResources(this.resources, wanted).length === 0
    )
  }

  /**
   * The session as a string in the format of did-session 4. Whoever has the string can act until the session expires, so keep it as
   * secret as a password. With the option `password`, the string is encrypted (JWE), and `fromSession` needs the same password.
   * Throws `ERR_NOT_SERIALIZABLE` if the key can't be exported; with a password, it rejects with it.
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
   * Signs bytes with the session key. The signature has 64 bytes: ES256 or Ed25519. Rejects with `ERR_CAPABILITY_EXPIRED` or
   * `ERR_CAPABILITY_NOT_YET_VALID` outside of the session's time, and with `ERR_SESSION_REMOVED` once the session was signed out in
   * any tab.
   */
  async sign(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    if (!isBytes(bytes)) throw new TypeError('bytes must be a Uint8Array')
    assertNotRemoved(this.keyDID)
    assertValidAt(this.cacao, this.#now())
    return this.#data.key.sign(bytes)
  }

  /**
   * Returns a signed copy of the request (RFC 9421). From it the server knows who sent the request, and it refuses one that was
   * changed or sent before. The signature is valid for as long as the server accepts it, a minute by default. Nothing is sent, so the
   * request's origin isn't checked. Rejects as `sign` does; the option `onExpired` can return another session for an expired one.
   */
  async signRequest(request: Request, options: SignRequestOptions = {}): Promise<Request> {
    const { signNow } = await later.requests()
    return signNow(request, options, this.#data, this.#now)
  }

  /**
   * Sends the request with `fetch`, signed by `signRequest`. It takes the arguments of `fetch` and can take its place: `new Client({
   * fetch: session.fetch })`. It sends to origins that the session's resources cover and to those of the option `origins`; for any
   * other origin it rejects with `ERR_CAPABILITY_RESOURCES`. It follows at most five redirections within an origin and signs each of
   * these requests; a redirection to another origin is followed without the capability. If the `Date` header of the server's answer
   * shows that this machine's clock is wrong by a day or less, the request is signed with the corrected time and sent once more.
   *
   * @example
   * const response = await session.fetch('/api/notes', { method: 'POST', body: 'Buy cacao beans' })
   */
  async fetch(input: RequestInfo | URL, init: SessionFetchInit = {}): Promise<Response> {
    const { signedFetch } = await later.requests()
    return signedFetch(input, init, this, this.#now)
  }

  /**
   * Keeps a cookie at a server that uses `sessionCookie` (`cacao-session/cookie`), so that the server knows who requests its pages.
   * One tab renews the cookie for all tabs: `leadSecs` before it expires (60 by default), and when the page becomes visible again.
   * The cookie is cleared when the session ends or another account signs in, in any tab; listeners of `removed` are called after
   * that, so they may navigate. A renewed session continues to keep it. Stops with the signal or `dispose`. Rejects with
   * `ERR_COOKIE_FAILED` if the cookie can't be set or another account has signed in since, with `ERR_ENVIRONMENT` outside of pages, and
   * as `sign` does. Failures of later renewals are reported as the event `cookie-failed`, and if the server couldn't be reached, the
   * renewal is tried again.
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
   * Asks the wallet to sign a new session with a new key in place of this one, and returns the new session. With `resources` or
   * `abilities`, the new session has these in addition. This session works until the new one is stored; then it is removed from the
   * store, and its listeners are called. If the person rejects or anything fails, nothing changes. If another tab has just renewed
   * the session, that one is returned without a prompt. Rejects as `get` does.
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
   * Creates a token that proves to one server who is calling, where no request can be signed: in the first message of a socket, its
   * subprotocol, connection parameters or gRPC metadata. The server verifies it with `verifyToken`. Create a token for each use, just
   * before you use it. Rejects with `ERR_CAPABILITY_EXPIRED` or `ERR_CAPABILITY_NOT_YET_VALID`, with `ERR_REQUEST_TOO_LARGE` if the
   * token would be longer than 16,384 characters, and with `ERR_SESSION_REMOVED`.
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
   * Appends a signature to the URL, for what a browser loads by itself: images, videos, downloads, event streams. Whoever has the signed
   * URL can request exactly this URL with GET or HEAD until it expires, after a minute by default. Servers accept it with the option
   * `signedURLs`. It signs for origins that the session's resources cover and for those of the option `origins`; for any other origin
   * it rejects with `ERR_CAPABILITY_RESOURCES`. Otherwise it rejects as `createToken` does.
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
   * Signs a capability with which another key may do all or some of what this session may: the key of a worker, a backend or another
   * device. The person isn't prompted, and no secret is passed on. Return the capability from the auth method with which the other key
   * signs in. The other key then acts for the account until the capability expires, at the latest with this session, or this session
   * is revoked. A chain has at most 4 capabilities, including the one that the account signed. Rejects with `ERR_CAPABILITY_RESOURCES`,
   * `ERR_CAPABILITY_EXPIRED`, `ERR_CAPABILITY_NOT_YET_VALID`, with `ERR_CAPABILITY_INVALID` if the chain would be too long, and with
   * `ERR_SESSION_REMOVED`.
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
   * Signs this session out on this device, in all tabs: its key stops signing at once. Rejects with `ERR_STORE_UNAVAILABLE` if the
   * store may still have the session.
   */
  async remove(): Promise<void> {
    // This comes first, so that the session ends even if the store fails or the code below can't be loaded.
    markRemoved(this.keyDID)
    const { removeSession } = await later.signingIn()
    await removeSession(this.#context, this.account, this.keyDID)
  }

  /**
   * Signs this session out everywhere: sends a signed `POST` with which your server revokes it, and then removes it here. The
   * server's handler, behind `requireSession`, calls `revocation.revoke(caller.cacao)`. Rejects with `ERR_REVOCATION_FAILED` if the
   * server doesn't confirm; the session then stays signed in.
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
   * Calls the listener when the session is about to expire (`leadSecs` before, 300 by default), when it has expired, when it was renewed
   * or removed in any tab, when there was no input in any tab for `idleSecs` (1800 by default), or when `keepCookie` failed. An event
   * that became due while the machine slept or the tab was hidden is reported as soon as the page is visible again, and one that is due
   * already is reported at once. Stops when the returned function is called, the signal aborts, or with `dispose`. It doesn't keep a
   * process alive.
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

  /** Removes all listeners and stops `keepCookie`. The session itself stays signed in. */
  dispose(): void {
    this.#disposal.abort()
  }

  /** The same as `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose()
  }
}

// Outside of the class, because React Native's Babel preset refuses static blocks.
const open = (...args: unknown[]): DIDSession => Reflect.construct(DIDSession, args)
// `inspect.custom` is what `console.log` shows in Node, Deno and Bun. The tag keeps Vue from wrapping a session in a proxy.
Object.defineProperties(DIDSession.prototype, {
  [Symbol.for('nodejs.util.inspect.custom')]: { value: inspected },
  [Symbol.toStringTag]: { value: 'DIDSession' },
})

/** What the listeners of `session.on` are called with. */
export interface SessionEvent {
  readonly type: SessionEventType
  /** The session to continue with: for `renewed`, the new session; otherwise the one that was listened to. */
  readonly session: DIDSession
  /** For `cookie-failed`: what went wrong. */
  readonly error?: SessionError
}

/**
 * Creates a client for the sessions of one store and namespace, with options that apply to all of its calls. An option of a call
 * takes precedence over the client's. `DIDSession.get`, `load` and so on are the methods of a client without options. Throws a
 * `TypeError` that names a wrong option; the values of `verifiers`, `domains` and `revocation` are checked by the first call that
 * uses them.
 *
 * @example
 * const admins = createSessionClient({ namespace: 'admin', domains: ['admin.example.com'] })
 * const session = await admins.load()
 */
export function createSessionClient(options: SessionClientOptions = {}): SessionClient<DIDSession> {
  return new SessionClient<DIDSession>(options, open)
}

const defaultClient = createSessionClient()
