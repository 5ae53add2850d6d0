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

/** What `createSessionClient` takes: where sessions are stored, and what is believed of them. */
export interface SessionClientOptions extends Omit<StoreOptions, 'signal'>, TrustOptions {}

// What is trusted is read by each call that asks for it, together with the call's own options.
const readLater = check<never>((value) => value as never)
const { signal: _, ...PLACE_READERS } = STORE_READERS
const CLIENT_READERS: ReadersOf<SessionClientOptions> = {
  ...PLACE_READERS,
  verifiers: readLater,
  domains: readLater,
  revocation: readLater,
}

/** Makes the session that an app works with. */
export type OpenSession<Session> = (data: SessionData, now: Clock, context: SessionContext) => Session

let loadedRequests: typeof import('./requests.js') | undefined

/** What a page loads by use, once it knows who is signed in. */
export const later = {
  tabs: (): Promise<typeof import('../tabs/index.js')> => import('../tabs/index.js'),
  // Kept, because in Node each `import()` takes as long as a tenth of a signature.
  requests: async (): Promise<typeof import('./requests.js')> =>
    (loadedRequests ??= await import('./requests.js')),
  signingIn: (): Promise<typeof import('./signing-in.js')> => {
    // It will need these too, and the one need not wait for the other.
    later.tabs().catch(() => undefined)
    return import('./signing-in.js')
  },
  helpers: (): Promise<typeof import('../resume/helpers.js')> => import('../resume/helpers.js'),
}
const readTrust = async () => (await later.helpers()).TRUST_READERS

/**
 * The sessions of one store and namespace. Every method also takes the options of the client, for one call; a `TypeError`
 * names an option that is wrong.
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
   * Takes up the account's session, or else has the wallet sign a new one and stores it. Prompts at most once,
   * however many call at a time. The key can't be exported. Rejects with a `SessionError`: `ERR_AUTH_REJECTED`,
   * `ERR_AUTH_FAILED`, `ERR_CAPABILITY_…` (also if the auth method answers something else than it was asked for),
   * `ERR_KEY_UNSUPPORTED`, `ERR_ENVIRONMENT`, or, with a store of the caller's own, `ERR_STORE_…`.
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
   * Takes up a stored session and never prompts; `undefined` if there is none that is valid and covers the resources. Without
   * an account, the session used last, so that a reload needs no wallet at all. Rejects with `ERR_ENVIRONMENT` outside of
   * browsers without a `store`, and with a `TypeError` for a store that others can write without `verifiers` and `domains`.
   */
  async load(account?: AccountInput, options: ResumeOptions = {}): Promise<Session | undefined> {
    const given = await givenTrusting<ResumeOptions>(this.#with(options), RESUME_READERS, readTrust)
    const context = await trustingContext(given, later.helpers)
    given.signal?.throwIfAborted()
    const wanted = await wantedOf(given)
    const data = await resume(
      context,
      account === undefined ? undefined : accountArgument(account),
      wanted,
      later.helpers,
    )
    given.signal?.throwIfAborted()
    return data && this.#open(data, context.now, context)
  }

  /**
   * Takes up the account's stored session, of several accounts side by side, and makes it the one that `load` without an
   * account gives from now on. Never prompts; `undefined` if there is none.
   */
  async use(account: AccountInput, options: ResumeOptions = {}): Promise<Session | undefined> {
    return this.load(accountArgument(account), options)
  }

  /** Whether `get` would take up a session without a prompt. Always a boolean; `explain` gives the reason. */
  async hasSessionFor(
    account: AccountInput,
    resources?: AskedResources,
    options: ExplainOptions = {},
  ): Promise<boolean> {
    const given = await givenTrusting<ExplainOptions>(this.#with(options), EXPLAIN_READERS, readTrust)
    const context = await trustingContext(given, later.helpers)
    const wanted = await wantedOf({ ...given, ...givenAsked(resources) })
    const { assessments } = await look(context, accountArgument(account), wanted, later.helpers, false)
    return assessments.some(({ session }) => session)
  }

  /** Why `hasSessionFor` says what it says. Never rejects because of what a store does. */
  async explain(
    account: AccountInput,
    resources?: AskedResources,
    options: ExplainOptions = {},
  ): Promise<SessionStatus> {
    const { explain } = await later.signingIn()
    return explain(account, resources, this.#with(options))
  }

  /**
   * Calls back when someone has signed in, renewed or signed out, in this tab or another, until the function that it gives is
   * called or the signal aborts. For pages where nobody is signed in yet; a session has `on`.
   */
  onChange(listener: (change: SessionChange) => void, options: StoreOptions = {}): () => void {
    const given = readOptions(this.#withStore(options), STORE_READERS)
    const context = contextOf(given)
    return listening(listener, [given.signal], async (signals) => {
      const { listenForChanges } = await later.tabs()
      listenForChanges(context, signals, listener)
    })
  }

  /** Every stored session, of every account; with `verifiers`, `domains` or `revocation`, those that they accept. */
  async list(options: ListOptions = {}): Promise<SessionSummary[]> {
    const { listSessions } = await later.signingIn()
    return listSessions(this.#with(options))
  }

  /**
   * Signs the account out on this device, in all tabs: its sessions sign no more, at once, and are removed from the store.
   * Rejects with `ERR_STORE_UNAVAILABLE` if the store may still have some.
   */
  async signOut(account: AccountInput, options: StoreOptions = {}): Promise<void> {
    const { signOut } = await later.signingIn()
    await signOut(account, this.#withStore(options))
  }

  // A setting that is `undefined` in a call is left out of it.
  #with<T>(options: T, client: SessionClientOptions = this.#options): T {
    if (Object.keys(client).length === 0) return options
    const given: StoreOptions = copiedOptions(options)
    const { now = client.now, anyChain = client.anyChain } = given
    return { ...client, ...given, now, anyChain } as T
  }

  // What is believed of a session doesn't matter to those who sign it out.
  #withStore(options: StoreOptions): StoreOptions {
    const { verifiers: _, domains: __, revocation: ___, ...own } = this.#options
    return this.#with(options, own)
  }
}

/**
 * Starts to listen, until one of the signals aborts or the function that it gives is called. A failure to load the code is
 * reported to the page as an unhandled rejection.
 */
export function listening(
  listener: unknown,
  signals: readonly (AbortSignal | undefined)[],
  start: (signals: readonly AbortSignal[]) => Promise<void>,
): () => void {
  if (typeof listener !== 'function') throw new TypeError('listener must be a function')
  const end = new AbortController()
  void start([end.signal, ...signals].filter((signal) => signal !== undefined))
  return () => end.abort()
}

/** What a session must be able to do, with abilities as the resource that they are in a capability. */
function wantedOf({ resources = [], abilities, minValiditySecs }: ResumeOptions): Wanted | Promise<Wanted> {
  if (abilities === undefined) return { resources, minValiditySecs }
  return later.signingIn().then(({ askedResources }) => ({
    resources: askedResources({ resources, abilities }),
    minValiditySecs,
  }))
}

/**
 * Binds all methods and getters of an object's class to the object. They can then be handed on by themselves, and work on a proxy
 * that Vue or another framework puts around the object: that has none of the object's private fields. They aren't enumerable, so
 * the object's copies, clones and JSON stay as they are.
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
