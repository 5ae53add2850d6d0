import { chainless } from '../base/account.js'
import { isBrowser } from '../base/environment.js'
import { missingResources } from '../capability/resources.js'
import { isRemoved, markRemoved } from '../key/session-key.js'
import { parseRecord, readLastUsed, readRecords, recordOf } from '../resume/context.js'
import type { LocatedRecord, Persistence, SessionData, SessionRecord, SessionStore } from '../store/store.js'
import { type Notice, type SignedOut, scopeOf, tabChannel } from './channel.js'

/** What happened to a stored session, in this tab or another. */
export interface SessionChange {
  readonly type: 'signed-in' | 'renewed' | 'removed'
  /** CAIP-10 id, or a did:key. */
  readonly account: string
  /** The session's key; of `renewed`, the new one's. */
  readonly keyDID: string
}

/** The store and namespace that are watched, and the one object for all that use them. */
export interface Watched {
  readonly stores: readonly SessionStore[]
  readonly namespace: string
  readonly shared: object
}

const watches = new WeakMap<object, SessionWatch>()

/** The watch over a store and namespace, made when first asked for. */
export function watchOf(watched: Watched): SessionWatch {
  const watch = watches.get(watched.shared) ?? new SessionWatch(watched)
  watches.set(watched.shared, watch)
  return watch
}

/** Ends the session, if it is signed out in another tab, here too. */
export function follow(watched: Watched, session: SessionData): void {
  watchOf(watched).follow(recordOf(session))
}

/**
 * Knows which sessions a store and namespace hold, and finds out what happened to them by looking again: whenever this tab
 * changed something, another one says that it did, or something may have been missed. It decides only about keys that are in
 * use here: others that the store names may be somebody else's.
 */
export class SessionWatch {
  readonly #stores: readonly SessionStore[]
  readonly #namespace: string
  readonly #known = new Map<string, LocatedRecord>()
  // The keys of sessions in use here, which are known to be this store's, and those of them that were signed out.
  readonly #inUse = new Set<string>()
  readonly #ended = new Set<string>()
  // Keys that other tabs said were signed out: a session taken up just before is followed only a moment later.
  readonly #toldRemoved = new Set<string>()
  readonly #listeners = new Set<(change: SessionChange) => void>()
  #queue: Promise<void> = Promise.resolve()
  #hasLooked = false
  // Stores that nobody has been able to read yet: what is found there later may be old.
  #unseen: readonly Persistence[] = []
  #isFollowing = false

  constructor({ stores, namespace }: Watched) {
    this.#stores = stores
    this.#namespace = namespace
  }

  /** From now on, this session in use here is told what other tabs do to it. */
  follow(record: LocatedRecord): void {
    const { keyDID } = record
    if (isRemoved(keyDID)) return
    this.#inUse.add(keyDID)
    if (!this.#known.has(keyDID)) this.#known.set(keyDID, record)
    if (this.#toldRemoved.has(keyDID)) this.end((known) => known.keyDID === keyDID)
    this.#start()
  }

  /** The accounts whose sessions are here, as far as is known. They stay known after the browser has thrown them away. */
  get accounts(): string[] {
    return this.#present().map(({ account }) => account)
  }

  /** The stores of the sessions that are meant, as far as is known; also of those that were signed out and may still be there. */
  whereAre(isMeant: (record: SessionRecord) => boolean): Persistence[] {
    return [...this.#known.values()].filter(isMeant).map(({ persistence }) => persistence)
  }

  /**
   * Ends the sessions in use that are meant, whatever the store says, and gives their keys. A session that was signed out
   * must sign no more, even while the store can't be reached.
   */
  end(isMeant: (record: SessionRecord) => boolean): string[] {
    const meant = this.#present().filter((record) => this.#inUse.has(record.keyDID) && isMeant(record))
    for (const record of meant) {
      this.#ended.add(record.keyDID)
      endSession(record.keyDID, { type: 'removed' })
      this.#emit('removed', record)
    }
    return meant.map(({ keyDID }) => keyDID)
  }

  /** Calls back for every change, until the function that it gives is called. */
  onChange(listener: (change: SessionChange) => void): () => void {
    this.#listeners.add(listener)
    listenedTo.add(this)
    this.#start()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) listenedTo.delete(this)
    }
  }

  /** Takes in what another tab tells, or with `undefined` that something may have been missed. */
  heard(notice: Notice | undefined): void {
    if (notice && notice.scope !== this.#scope) return
    // A browser delivers only what this origin sends, which could sign out as well. It is believed, because the store that
    // would show it may be lost. The threads of a server serve different people, so there only the store is believed.
    if (notice && isBrowser()) {
      const { removed = [], signedOut } = notice
      for (const key of removed) this.#toldRemoved.add(key)
      this.end((record) => removed.includes(record.keyDID) || this.#isOf(signedOut, record))
    }
    void this.#look(notice?.removed)
  }

  /** Tells the other tabs that this one has just changed something, and takes it in. */
  async changed(removed: readonly string[] = []): Promise<void> {
    this.tell(removed)
    // Nobody here has asked yet: the first who does has the store read.
    if (this.#isFollowing) await this.#look(removed)
  }

  /** Tells the other tabs which keys were signed out, or that all of an account's were. */
  tell(removed: readonly string[], account?: string, anyChain = false): void {
    const database = this.#stores[0]?.database?.name
    const signedOut = account !== undefined && database !== undefined && { account, anyChain, database }
    // No other tab sees what is in this one's memory.
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
    hearFor(this)
    void this.#look()
  }

  #look(removed?: readonly string[]): Promise<void> {
    this.#queue = this.#queue.then(() => this.#lookNow(removed ?? [])).catch(() => undefined)
    return this.#queue
  }

  async #lookNow(removed: readonly string[]): Promise<void> {
    const { found, unread } = await readRecords(this.#stores, this.#namespace)
    const records = found.flatMap(({ record, store }): LocatedRecord[] => {
      const parsed = parseRecord(record)
      return parsed ? [{ ...parsed, persistence: store.persistence }] : []
    })
    const isFirst = !this.#hasLooked
    const unseen = this.#unseen
    this.#hasLooked = true
    this.#unseen = isFirst ? unread : unread.filter((persistence) => unseen.includes(persistence))
    // If even the note of the last use is gone, the browser has thrown everything away, but nobody signed out.
    const isEmpty = records.length === 0 && this.#known.size > 0
    if (isEmpty && !(await readLastUsed(this.#stores, this.#namespace))) return
    const isGone = ({ keyDID, persistence }: LocatedRecord): boolean =>
      !unread.includes(persistence) && !records.some((record) => record.keyDID === keyDID)
    const isSucceeded = records.length > 0 && [...this.#known.values()].some(isGone)
    const missing = isSucceeded ? await grantsComparison() : missingResources
    const before = [...this.#known.values()]
    const gone = before.filter(isGone)
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
      if (!isFirst && !unseen.includes(record.persistence) && isNew) this.#emit('signed-in', record)
    }
  }

  #lose(record: SessionRecord, successor: SessionRecord | undefined): SessionRecord | undefined {
    // Its end has been told already.
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
    // Each in a task of its own: the page sees what a listener throws, and the others are called all the same.
    for (const listener of this.#listeners) queueMicrotask(() => listener({ type, account, keyDID }))
  }
}

// A server has a store for each request, so listening to the channel must not keep a watch alive that nobody uses any more.
function hearFor(watch: SessionWatch): void {
  const held = new WeakRef(watch)
  const stop = tabChannel.onNotice((notice) => held.deref()?.heard(notice))
  // Hermes, React Native's engine, has none. An app there has one store for one person.
  if (!globalThis.FinalizationRegistry) return
  ended ??= new FinalizationRegistry((end) => end())
  ended.register(watch, stop)
}

let ended: FinalizationRegistry<() => void> | undefined
// A watch that somebody listens to stays alive, even if nothing else of its store does.
const listenedTo = new Set<SessionWatch>()

type MissingGrants = (granted: readonly string[], wanted: readonly string[]) => readonly string[]

// The abilities of one recap may be among those of another. Most pages never need to know.
async function grantsComparison(): Promise<MissingGrants> {
  const { missingGrants } = await import('../resume/helpers.js')
  return missingGrants
}

// A session has taken another one's place if it is younger and can do all that the other could.
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

/** How the life of a session's key ended. */
export type SessionEnd =
  /** It was signed out, in this tab or another. */
  | { readonly type: 'removed' }
  /** Another session has taken its place: that one's key, and the session itself if no store has it. */
  | { readonly type: 'renewed'; readonly keyDID: string; readonly session?: SessionData }

// By did:key, because two sessions of one page may have the same key.
const endListeners = new Map<string, Set<(end: SessionEnd) => void>>()

/** Tells the sessions that have this key that it has ended. */
export function endSession(keyDID: string, end: SessionEnd): void {
  if (end.type === 'removed') markRemoved(keyDID)
  for (const listener of [...(endListeners.get(keyDID) ?? [])]) listener(end)
}

/** Calls back when the key ends, until the function that it gives is called. */
export function onSessionEnd(keyDID: string, listener: (end: SessionEnd) => void): () => void {
  const own = endListeners.get(keyDID) ?? new Set()
  endListeners.set(keyDID, own.add(listener))
  return () => {
    own.delete(listener)
    if (own.size === 0) endListeners.delete(keyDID)
  }
}
