import { chainless } from '../base/account.js'
import { isBrowser } from '../base/environment.js'
import { missingResources } from '../capability/resources.js'
import { isRemoved, markRemoved } from '../key/session-key.js'
import { parseRecord, readLastUsed, readRecords, recordOf } from '../resume/context.js'
import type { LocatedRecord, Persistence, SessionData, SessionRecord, SessionStore } from '../store/store.js'
import { type Notice, type SignedOut, scopeOf, tabChannel } from './channel.js'

/** A change of a stored session, in this tab or another. */
export interface SessionChange {
  readonly type: 'signed-in' | 'renewed' | 'removed'
  /** CAIP-10 id, or a did:key. */
  readonly account: string
  /** The did:key of the session key; for `renewed`, that of the new session. */
  readonly keyDID: string
}

/** The store and namespace that are watched, and the object that all contexts of them share. */
export interface Watched {
  readonly stores: readonly SessionStore[]
  readonly namespace: string
  readonly shared: object
}

const watches = new WeakMap<object, SessionWatch>()

/** The watch of a store and namespace; created at the first call. */
export function watchOf(watched: Watched): SessionWatch {
  const watch = watches.get(watched.shared) ?? new SessionWatch(watched)
  watches.set(watched.shared, watch)
  return watch
}

/** From now on, ends the session in this tab when it is signed out in another one. */
export function follow(watched: Watched, session: SessionData): void {
  watchOf(watched).follow(recordOf(session))
}

/**
 * Knows which sessions are in a store and namespace, and finds out what happened to them by reading the store again: when this tab
 * has changed something, when another tab says so, or when a notice may have been missed. It ends only sessions that are in use in
 * this tab, because a record in the store may name the key of somebody else's session.
 */
export class SessionWatch {
  readonly #stores: readonly SessionStore[]
  readonly #namespace: string
  readonly #known = new Map<string, LocatedRecord>()
  // The keys of the store's sessions that are in use in this tab, and those of them that were signed out.
  readonly #inUse = new Set<string>()
  readonly #ended = new Set<string>()
  // Keys that other tabs have signed out: the notice may arrive after a session was resumed, but before it is followed.
  readonly #removedElsewhere = new Set<string>()
  readonly #listeners = new Set<(change: SessionChange) => void>()
  #queue: Promise<void> = Promise.resolve()
  #hasLooked = false
  // Stores that could not be read so far. A session that is found there later may be old, so it isn't reported as new.
  #neverRead: readonly Persistence[] = []
  #isFollowing = false

  constructor({ stores, namespace }: Watched) {
    this.#stores = stores
    this.#namespace = namespace
  }

  /** Watches a session that is in use in this tab. */
  follow(record: LocatedRecord): void {
    const { keyDID } = record
    if (isRemoved(keyDID)) return
    this.#inUse.add(keyDID)
    if (!this.#known.has(keyDID)) {
      this.#known.set(keyDID, record)
      // It may have been signed out since it was read from the store, before anything here would have noticed.
      if (this.#isFollowing) void this.#look()
    }
    if (this.#removedElsewhere.has(keyDID)) this.end((known) => known.keyDID === keyDID)
    this.#start()
  }

  /** The accounts of the known sessions. They stay known after the browser has evicted them from the store. */
  get accounts(): string[] {
    return this.#present().map(({ account }) => account)
  }

  /** Which stores have known sessions that match; sessions that were signed out count too, because they may still be stored. */
  storesOf(matches: (record: SessionRecord) => boolean): Persistence[] {
    return [...this.#known.values()].filter(matches).map(({ persistence }) => persistence)
  }

  /**
   * Ends the matching sessions that are in use in this tab, and returns their did:keys. Doesn't read the store: a session that was
   * signed out must stop signing even while the store can't be read.
   */
  end(matches: (record: SessionRecord) => boolean): string[] {
    const ending = this.#present().filter((record) => this.#inUse.has(record.keyDID) && matches(record))
    for (const record of ending) {
      this.#ended.add(record.keyDID)
      endSession(record.keyDID, { type: 'removed' })
      this.#emit('removed', record)
    }
    return ending.map(({ keyDID }) => keyDID)
  }

  /** Calls the listener for every change, until the returned function is called. */
  onChange(listener: (change: SessionChange) => void): () => void {
    this.#listeners.add(listener)
    listenedTo.add(this)
    this.#start()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) listenedTo.delete(this)
    }
  }

  /** Handles a notice of another tab; `undefined` means that a notice may have been missed. */
  receive(notice: Notice | undefined): void {
    if (notice && notice.scope !== this.#scope) return
    // In a browser, notices come from this origin only, whose code could sign out anyway, so they are trusted even if the store can't
    // be read. The threads of a server act for different people, so there only the store is trusted.
    if (notice && isBrowser()) {
      const { removed = [], signedOut } = notice
      for (const key of removed) this.#removedElsewhere.add(key)
      this.end((record) => removed.includes(record.keyDID) || this.#isOf(signedOut, record))
    }
    void this.#look(notice?.removed)
  }

  /** Tells the other tabs that this one has just changed the store, and reads it again. */
  async changed(removed: readonly string[] = []): Promise<void> {
    this.tell(removed)
    // If nothing is watched yet, the store will be read when that begins.
    if (this.#isFollowing) await this.#look(removed)
  }

  /** Tells the other tabs which keys were signed out, or that all sessions of an account were. */
  tell(removed: readonly string[], account?: string, anyChain = false): void {
    const database = this.#stores[0]?.database?.name
    const signedOut = account !== undefined && database !== undefined && { account, anyChain, database }
    // A store in memory is this tab's own.
    if (this.#stores.some(({ persistence }) => persistence !== 'memory'))
      tabChannel.tell({ scope: this.#scope, removed, ...(signedOut && { signedOut }) })
  }

  get #scope(): string {
    return scopeOf({ stores: this.#stores, namespace: this.#namespace })
  }

  #present(): LocatedRecord[] {
    return [...this.#known.values()].filter(({ keyDID }) => !this.#ended.has(keyDID))
  }

  #isOf(signedOut: SignedOut | undefined, { account }: SessionRecord): boolean {
    if (!signedOut || signedOut.database !== this.#stores[0]?.database?.name) return false
    return signedOut.anyChain
      ? chainless(account) === chainless(signedOut.account)
      : account === signedOut.account
  }

  #start(): void {
    if (this.#isFollowing) return
    this.#isFollowing = true
    receiveNotices(this)
    void this.#look()
  }

  #look(removed: readonly string[] = []): Promise<void> {
    this.#queue = this.#queue.then(() => this.#lookNow(removed)).catch(() => undefined)
    return this.#queue
  }

  async #lookNow(removed: readonly string[]): Promise<void> {
    // A session that becomes known during the read may have been stored after it. The next read shows whether it is there.
    const before = [...this.#known.values()]
    const { found, unread } = await readRecords(this.#stores, this.#namespace)
    const records = found.flatMap(({ record, store }): LocatedRecord[] => {
      const parsed = parseRecord(record)
      return parsed ? [{ ...parsed, persistence: store.persistence }] : []
    })
    const isFirst = !this.#hasLooked
    const neverRead = this.#neverRead
    this.#hasLooked = true
    this.#neverRead = isFirst ? unread : unread.filter((persistence) => neverRead.includes(persistence))
    // If even the note of the last use is gone, the browser has evicted everything, and nobody signed out.
    const isEmpty = records.length === 0 && before.length > 0
    if (isEmpty && !(await readLastUsed(this.#stores, this.#namespace))) return
    const isGone = ({ keyDID, persistence }: LocatedRecord): boolean =>
      !unread.includes(persistence) && !records.some((record) => record.keyDID === keyDID)
    const gone = before.filter(isGone)
    const isSucceeded = records.length > 0 && gone.length > 0
    const missing = isSucceeded ? await grantsComparison() : missingResources
    const added = records.filter(({ keyDID }) => !this.#known.has(keyDID))
    for (const record of added) this.#known.set(record.keyDID, record)
    const successors = gone.map((record) => {
      this.#known.delete(record.keyDID)
      const isSignedOut = removed.includes(record.keyDID)
      const successor = isSignedOut ? undefined : records.find((other) => succeeds(other, record, missing))
      return this.#lose(record, successor)
    })
    const stay = this.#present().filter((record) => before.includes(record))
    for (const record of added) {
      const isNew = !successors.includes(record) && !stay.some(({ account }) => account === record.account)
      if (!isFirst && !neverRead.includes(record.persistence) && isNew) this.#emit('signed-in', record)
    }
  }

  #lose(record: SessionRecord, successor: SessionRecord | undefined): SessionRecord | undefined {
    // Its end was already reported.
    if (this.#ended.delete(record.keyDID)) return undefined
    if (this.#inUse.delete(record.keyDID))
      endSession(
        record.keyDID,
        successor ? { type: 'renewed', keyDID: successor.keyDID } : { type: 'removed' },
      )
    this.#emit(successor ? 'renewed' : 'removed', successor ?? record)
    return successor
  }

  #emit(type: SessionChange['type'], { account, keyDID }: SessionRecord): void {
    // Each in a microtask: the page sees what a listener throws, and the other listeners are called nevertheless.
    for (const listener of this.#listeners) queueMicrotask(() => listener({ type, account, keyDID }))
  }
}

// A server may have a store for each request, so the channel must not keep a watch alive that is no longer used.
function receiveNotices(watch: SessionWatch): void {
  const held = new WeakRef(watch)
  const stop = tabChannel.onNotice((notice) => held.deref()?.receive(notice))
  // Hermes, React Native's engine, has no FinalizationRegistry. An app there has one store anyway.
  if (!globalThis.FinalizationRegistry) return
  ended ??= new FinalizationRegistry((end) => end())
  ended.register(watch, stop)
}

let ended: FinalizationRegistry<() => void> | undefined
// A watch with listeners stays alive, even if nothing else refers to its store.
const listenedTo = new Set<SessionWatch>()

type MissingGrants = (granted: readonly string[], wanted: readonly string[]) => readonly string[]

// Comparing abilities needs code that most pages never load.
async function grantsComparison(): Promise<MissingGrants> {
  const { missingGrants } = await import('../resume/helpers.js')
  return missingGrants
}

// Whether a session has replaced another one: it is newer, and covers everything that the other one covered.
function succeeds(
  successor: SessionRecord,
  { account, cacao }: SessionRecord,
  missing: MissingGrants,
): boolean {
  const { iat, resources = [] } = successor.cacao.p
  return (
    successor.account === account &&
    Date.parse(iat) >= Date.parse(cacao.p.iat) &&
    missing(resources, cacao.p.resources ?? []).length === 0
  )
}

/** How a session ended. */
export type SessionEnd =
  /** It was signed out, in this tab or another. */
  | { readonly type: 'removed' }
  /** Another session has replaced it. `keyDID` is the did:key of the new one; `session` is set if this tab has it. */
  | { readonly type: 'renewed'; readonly keyDID: string; readonly session?: SessionData }

/** Listeners to the sessions with a key. They are kept by did:key, because two session objects of a page may have the same key. */
export class KeyListeners<Event> {
  readonly #byKey = new Map<string, Set<(event: Event) => void>>()

  /** Adds a listener, and returns a function that removes it. */
  add(keyDID: string, listener: (event: Event) => void): () => void {
    const own = this.#byKey.get(keyDID) ?? new Set()
    this.#byKey.set(keyDID, own.add(listener))
    return () => {
      own.delete(listener)
      if (own.size === 0) this.#byKey.delete(keyDID)
    }
  }

  /** Calls the listeners of the key. */
  notify(keyDID: string, event: Event): void {
    for (const listener of [...(this.#byKey.get(keyDID) ?? [])]) listener(event)
  }
}

/** The listeners to the end of a session. */
export const endListeners: KeyListeners<SessionEnd> = new KeyListeners()

/** Reports to the session objects with this key that the session has ended. */
export function endSession(keyDID: string, end: SessionEnd): void {
  if (end.type === 'removed') markRemoved(keyDID)
  endListeners.notify(keyDID, end)
}
