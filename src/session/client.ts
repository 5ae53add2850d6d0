import { type AccountInput, accountArgument } from '../base/account.js'
import type { Clock } from '../base/environment.js'
import { check, copiedOptions, type ReadersOf, readOptions } from '../base/options.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { EXPLAIN_READERS, givenAsked, RESUME_READERS, STORE_READERS } from '../options/read-options.js'
import type {
  AskedResources,
  ExplainOptions,
  GetOptions,
  ListOptions,
  ResumeOptions,
  StoreOptions,
  TrustOptions,
} from '../options/session-options.js'
import { contextOf, type SessionContext } from '../resume/context.js'
import type { SessionSummary } from '../resume/list.js'
import {
  givenTrusting,
  look,
  resume,
  type SessionStatus,
  trustingContext,
  type Wanted,
} from '../resume/resume.js'
import type { SessionData } from '../store/store.js'
import type { SessionChange } from '../tabs/session-watch.js'

/** The options of `createSessionClient`: where sessions are stored, and the checks that stored sessions must pass. */
export interface SessionClientOptions extends Omit<StoreOptions, 'signal'>, TrustOptions {}

// `TrustOptions` are read by each call, together with the call's own options, because their readers load later.
const readLater = check<never>((value) => value as never)
const { signal: _, ...PLACE_READERS } = STORE_READERS
const CLIENT_READERS: ReadersOf<SessionClientOptions> = {
  ...PLACE_READERS,
  verifiers: readLater,
  domains: readLater,
  revocation: readLater,
}

/** Makes the session object that an app uses. */
export type OpenSession<Session> = (data: SessionData, now: Clock, context: SessionContext) => Session

let loadedRequests: typeof import('./requests.js') | undefined

/** The code that a page loads when it first needs it. */
export const later = {
  tabs: (): Promise<typeof import('../tabs/index.js')> => import('../tabs/index.js'),
  // Cached, because in Node each `import()` takes a tenth of the time of a signature.
  requests: async (): Promise<typeof import('./requests.js')> =>
    (loadedRequests ??= await import('./requests.js')),
  signingIn: (): Promise<typeof import('./signing-in.js')> => {
    // Signing in needs `tabs` too, so both are loaded at the same time.
    later.tabs().catch(() => undefined)
    return import('./signing-in.js')
  },
  helpers: (): Promise<typeof import('../resume/helpers.js')> => import('../resume/helpers.js'),
}
const readTrust = async () => (await later.helpers()).TRUST_READERS

/**
 * The sessions of one store and namespace. Every method also takes the client's options, for that call only. A wrong option causes
 * a `TypeError` that names it.
 */
export class SessionClient<Session> {
  readonly #options: SessionClientOptions
  readonly #open: OpenSession<Session>

  constructor(options: SessionClientOptions, open: OpenSession<Session>) {
    this.#options = readOptions(options, CLIENT_READERS)
    this.#open = open
    bindMembers(this)
  }

  /**
   * Resumes the account's stored session, or asks the wallet to sign a new one and stores it. The wallet is asked at most once, even
   * if several calls run at the same time. The session key can't be exported. Rejects with a `SessionError`: `ERR_AUTH_REJECTED`,
   * `ERR_AUTH_FAILED`, `ERR_CAPABILITY_…` (also if the auth method returns a different capability from the one requested),
   * `ERR_KEY_UNSUPPORTED`, `ERR_ENVIRONMENT`, `ERR_SESSION_REMOVED` if another tab signs the account out at the same moment, or, if the
   * caller passed a store, `ERR_STORE_…`.
   *
   * @example
   * const session = await sessions.get(account, auth, { resources: ['https://api.example.com/notes/*'] })
   */
  async get(account: AccountInput, authMethod: AuthMethod, options: GetOptions): Promise<Session> {
    const since = Date.now()
    const { getSession } = await later.signingIn()
    const { data, context } = await getSession(account, authMethod, this.#with(options), since)
    return this.#open(data, context.now, context)
  }

  /**
   * Resumes a stored session, and never prompts. Resolves with `undefined` if no stored session is valid and covers the resources.
   * Without an account, it resumes the session used last, so a reload needs no wallet at all. Rejects with `ERR_ENVIRONMENT` outside
   * of browsers if no `store` is given, and with a `TypeError` if others can write to the store but `verifiers` or `domains` are missing.
   */
  async load(account?: AccountInput, options: ResumeOptions = {}): Promise<Session | undefined> {
    const given = await givenTrusting<ResumeOptions>(this.#with(options), RESUME_READERS, readTrust)
    const context = await trustingContext(given, later.helpers)
    const wanted = await wantedOf(given)
    const owner = account === undefined ? undefined : accountArgument(account)
    const data = await untilAborted(given.signal, () => resume(context, owner, wanted, later.helpers))
    return data && this.#open(data, context.now, context)
  }

  /**
   * Resumes the stored session of one of several accounts, and makes it the session used last, which `load` without an account
   * returns from now on. Never prompts. Resolves with `undefined` if the account has no session.
   */
  async use(account: AccountInput, options?: ResumeOptions): Promise<Session | undefined> {
    return this.load(accountArgument(account), options)
  }

  /** Whether `get` would resume a session without a prompt. Always a boolean; `explain` tells the reason. */
  async hasSessionFor(
    account: AccountInput,
    resources?: AskedResources,
    options: ExplainOptions = {},
  ): Promise<boolean> {
    const given = await givenTrusting<ExplainOptions>(this.#with(options), EXPLAIN_READERS, readTrust)
    const context = await trustingContext(given, later.helpers)
    const wanted = await wantedOf({ ...given, ...givenAsked(resources) })
    const owner = accountArgument(account)
    const { assessments } = await untilAborted(given.signal, () =>
      look(context, owner, wanted, later.helpers, false),
    )
    return assessments.some(({ session }) => session)
  }

  /** The reason for what `hasSessionFor` returns. Never rejects because a store fails. */
  async explain(
    account: AccountInput,
    resources?: AskedResources,
    options: ExplainOptions = {},
  ): Promise<SessionStatus> {
    const { explain } = await later.signingIn()
    return explain(account, resources, this.#with(options))
  }

  /**
   * Calls the listener when someone has signed in, renewed or signed out, in any tab. Stops when the signal aborts or the returned
   * function is called. Use it on pages where nobody may be signed in yet; a session itself has `on`.
   */
  onChange(listener: (change: SessionChange) => void, options: StoreOptions = {}): () => void {
    const given = readOptions(this.#withStore(options), STORE_READERS)
    const context = contextOf(given)
    return listening(listener, [given.signal], async (signals) => {
      const { listenForChanges } = await later.tabs()
      listenForChanges(context, signals, listener)
    })
  }

  /** All stored sessions, of all accounts. With `verifiers`, `domains` or `revocation`, only those that pass these checks. */
  async list(options: ListOptions = {}): Promise<SessionSummary[]> {
    const { listSessions } = await later.signingIn()
    return listSessions(this.#with(options))
  }

  /**
   * Signs the account out on this device, in all tabs: its sessions stop signing at once and are removed from the store.
   * Rejects with `ERR_STORE_UNAVAILABLE` if the store may still have some of them. A signal that aborts ends only the wait for the
   * store.
   */
  async signOut(account: AccountInput, options: StoreOptions = {}): Promise<void> {
    const { signOut } = await later.signingIn()
    await signOut(account, this.#withStore(options))
  }

  // A setting that is `undefined` in a call doesn't replace the client's.
  #with<T>(options: T, client: SessionClientOptions = this.#options): T {
    if (Object.keys(client).length === 0) return options
    const given: StoreOptions = copiedOptions(options)
    const { now = client.now, anyChain = client.anyChain } = given
    return { ...client, ...given, now, anyChain } as T
  }

  // Signing out and listening make no checks, and their options have none.
  #withStore(options: StoreOptions): StoreOptions {
    const { verifiers: _, domains: __, revocation: ___, ...own } = this.#options
    return this.#with(options, own)
  }
}

/**
 * Starts to listen, until one of the signals aborts or the returned function is called. If the code can't be loaded, the page gets
 * an unhandled rejection.
 */
export function listening(
  listener: unknown,
  signals: readonly (AbortSignal | undefined)[],
  start: (signals: readonly (AbortSignal | undefined)[]) => Promise<void>,
): () => void {
  if (typeof listener !== 'function') throw new TypeError('listener must be a function')
  const end = new AbortController()
  void start([end.signal, ...signals])
  return () => end.abort()
}

/** Does the work of a call. Rejects with the reason of its signal as soon as that aborts, even if a store hangs. */
async function untilAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  return signal ? (await later.helpers()).untilAborted(signal, work) : work()
}

/** What a session must be able to do. Abilities are turned into the ReCap resource that a capability has for them. */
async function wantedOf({ resources = [], abilities, minValiditySecs }: ResumeOptions): Promise<Wanted> {
  const asked = abilities && (await later.signingIn()).askedResources({ resources, abilities })
  return { resources: asked ?? resources, minValiditySecs }
}

/**
 * Binds all methods and getters of an object's class to the object. They can then be passed on without the object, and they work
 * through the proxy that Vue or another framework puts around it, which has no access to private fields. The bound members aren't
 * enumerable, so copies, clones and JSON of the object don't contain them.
 */
export function bindMembers(object: object): void {
  const members = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(object))
  for (const [name, member] of Object.entries<PropertyDescriptor>(members)) {
    if (name === 'constructor') continue
    if (member.get) member.get = member.get.bind(object)
    else member.value = member.value.bind(object)
    Object.defineProperty(object, name, member)
  }
}
