import { chainless } from '../base/account.js'
import { isBrowser } from '../base/environment.js'
import { missingGrants } from '../capability/recap.js'
import type { Place } from '../resume/context.js'
import { parseRecord, readLastUsed, readStores } from '../resume/stored-sessions.js'
import { connectionOf } from '../store/indexeddb-store.js'
import type { Persistence, SessionRecord, SessionStore } from '../store/store.js'
import { type Notice, onNotice, type SignedOut, scopeOf, tell } from './channel.js'
import { removedKeys, settle } from './lifecycle.js'
/** What happened to a stored session, in this tab or another. */
export interface SessionChange {
  readonly type: 'signed-in' | 'renewed' | 'removed'
  /** CAIP-10 id, or a did:key. */
  readonly account: string
  /** The session's key; of `renewed`, the new one's. */
  readonly keyDID: string
}

/** A session that is known to be somewhere. */
interface KnownSession extends SessionRecord {
  readonly persistence: Persistence
}

const watches = new WeakMap<SessionStore, Map<string, Watch>>()

/** The watch over a place: one for each store and namespace. */
export function watchOf(place: Place): Watch {
  const [store] = place.stores
  if (!store) throw new TypeError('no store')
  const own = watches.get(store) ?? new Map<string, Watch>()
  watches.set(store, own)
  const watch = own.get(place.namespace) ?? new Watch(place)
  own.set(place.namespace, watch)
  return watch
}

/**
 * Knows which sessions a place holds, and finds out what has become of them by looking again: whenever this tab changed
 * something, another one says that it did, or something may have been missed. Only of keys that are at hand here does it
 * decide anything: what else the store names may be somebody else's.
 */
class Watch {
  readonly #place: Place
  readonly #known = new Map<string, KnownSession>()
  // The keys of sessions at hand, which have shown that they are the store's, and of those the ones that were signed out.
  readonly #atHand = new Set<string>()
  readonly #ended = new Set<string>()
  // What other tabs said was signed out: a session that was taken up just before is followed only a moment later.
  readonly #toldRemoved = new Set<string>()
  readonly #listeners = new Set<(change: SessionChange) => void>()
  #queue: Promise<void> = Promise.resolve()
  #hasLooked = false
  // Where nobody has been able to look yet: what is found there later may be old.
  #unseen: readonly Persistence[] = []
  #isFollowing = false

  constructor(place: Place) {
    this.#place = place
  }

  /** From now on, what becomes of this session at hand elsewhere is noticed. */
  follow(record: KnownSession): void {
    const { keyDID } = record
    if (removedKeys.has(keyDID)) return
    this.#atHand.add(keyDID)
    if (!this.#known.has(keyDID)) this.#known.set(keyDID, record)
    if (this.#toldRemoved.has(keyDID)) this.end((known) => known.keyDID === keyDID)
    this.#start()
  }

  /** The accounts whose sessions are here, as far as is known; also after the browser has thrown them away. */
  get accounts(): string[] {
    return this.#present().map(({ account }) => account)
  }

  /** Where the sessions that are meant are kept, as far as is known; also those that were signed out and may still be there. */
  whereAre(isMeant: (record: SessionRecord) => boolean): Persistence[] {
    return [...this.#known.values()].filter(isMeant).map(({ persistence }) => persistence)
  }

  /**
   * Ends the sessions at hand that are meant, whatever the store says, and gives their keys. What is signed out must sign no
   * more even while the store is lost.
   */
  end(isMeant: (record: SessionRecord) => boolean): string[] {
    const meant = this.#present().filter((record) => this.#atHand.has(record.keyDID) && isMeant(record))
    for (const record of meant) {
      this.#ended.add(record.keyDID)
      settle(record.keyDID, { type: 'removed' })
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

  /** Takes in what another tab tells, or that something may have been missed. */
  heard(notice: Notice | undefined): void {
    if (notice && notice.scope !== scopeOf(this.#place)) return
    // Whoever speaks on a browser's channel is of this origin, and could sign out as well: it is believed, because the store
    // that would show it may be lost. A server's threads serve different people, so there only the store is.
    if (notice && isBrowser()) {
      const { removed = [], signedOut } = notice
      for (const key of removed) this.#toldRemoved.add(key)
      this.end((record) => removed.includes(record.keyDID) || this.#isOf(signedOut, record))
    }
    void this.#look(notice?.removed)
  }

  /** Takes in what this tab has just changed, and tells the others. */
  async changed(removed: readonly string[] = []): Promise<void> {
    this.tell(removed)
    await this.#look(removed)
  }

  /** Tells the other tabs which keys were signed out, or that all of an account's were. */
  tell(removed: readonly string[], account?: string, anyChain = false): void {
    const { stores } = this.#place
    const database = this.#database
    const signedOut = account !== undefined && database !== undefined && { account, anyChain, database }
    // What is kept in memory is nobody else's.
    if (stores.some(({ persistence }) => persistence !== 'memory'))
      tell({ scope: scopeOf(this.#place), removed, ...(signedOut && { signedOut }) })
  }

  get #database(): string | undefined {
    const [store] = this.#place.stores
    return store && connectionOf(store)?.name
  }

  #present(): KnownSession[] {
    return [...this.#known.values()].filter(({ keyDID }) => !this.#ended.has(keyDID))
  }

  #isOf(signedOut: SignedOut | undefined, { account }: SessionRecord): boolean {
    if (!signedOut || signedOut.database !== this.#database) return false
    return signedOut.anyChain
      ? chainless(account) === chainless(signedOut.account)
      : account === signedOut.account
  }

  #start(): void {
    if (!this.#isFollowing) {
      this.#isFollowing = true
      hearFor(this)
    }
    if (!this.#hasLooked) void this.#look()
  }

  #look(removed?: readonly string[]): Promise<void> {
    this.#queue = this.#queue.then(() => this.#lookNow(removed ?? [])).catch(() => undefined)
    return this.#queue
  }

  async #lookNow(removed: readonly string[]): Promise<void> {
    const { stores, namespace } = this.#place
    const [{ found, unread }, last] = await Promise.all([
      readStores(stores, namespace),
      readLastUsed(stores, namespace),
    ])
    const records = found.flatMap(({ record, store }): KnownSession[] => {
      const parsed = parseRecord(record)
      return parsed ? [{ ...parsed, persistence: store.persistence }] : []
    })
    const isFirst = !this.#hasLooked
    const unseen = this.#unseen
    this.#hasLooked = true
    this.#unseen = isFirst ? unread : unread.filter((persistence) => unseen.includes(persistence))
    // Who can't look somewhere knows no more of it than before; and where even the note of the last use is gone, the browser
    // has thrown everything away, but nobody signed out.
    if (records.length === 0 && !last && this.#known.size > 0) return
    const before = [...this.#known.values()]
    const gone = before.filter(
      ({ keyDID, persistence }) =>
        !unread.includes(persistence) && !records.some((record) => record.keyDID === keyDID),
    )
    const added = records.filter(({ keyDID }) => !this.#known.has(keyDID))
    for (const record of added) this.#known.set(record.keyDID, record)
    const successors = gone.map((record) => {
      this.#known.delete(record.keyDID)
      const isSignedOut = removed.includes(record.keyDID)
      return this.#lose(record, isSignedOut ? undefined : records.find((other) => succeeds(other, record)))
    })
    const stay = this.#present().filter((record) => before.includes(record))
    for (const record of added) {
      const isNew = !successors.includes(record) && !stay.some(({ account }) => account === record.account)
      if (!isFirst && !unseen.includes(record.persistence) && isNew) this.#emit('signed-in', record)
    }
  }

  #lose(record: SessionRecord, successor: SessionRecord | undefined): SessionRecord | undefined {
    // It was told when it was ended.
    if (this.#ended.delete(record.keyDID)) return undefined
    if (this.#atHand.delete(record.keyDID))
      settle(record.keyDID, successor ? { type: 'renewed', keyDID: successor.keyDID } : { type: 'removed' })
    this.#emit(successor ? 'renewed' : 'removed', successor ?? record)
    return successor
  }

  #emit(type: SessionChange['type'], { account, keyDID }: SessionRecord): void {
    // In a task of its own: what a listener throws is for the page to see, and keeps nobody else from hearing.
    for (const listener of this.#listeners) queueMicrotask(() => listener({ type, account, keyDID }))
  }
}

// A server has a store for each request: hearing what others tell keeps no watch that nobody holds any more.
function hearFor(watch: Watch): void {
  const held = new WeakRef(watch)
  const stop = onNotice((notice) => held.deref()?.heard(notice))
  ended ??= new FinalizationRegistry((end) => end())
  ended.register(watch, stop)
}

let ended: FinalizationRegistry<() => void> | undefined
// These are held by the page, even if nothing else of theirs is.
const listenedTo = new Set<Watch>()

// A session takes another one's place if it is younger and can do all that the other could.
function succeeds(successor: SessionRecord, { account, cacao }: SessionRecord): boolean {
  const { iat, resources = [] } = successor.cacao.p
  return (
    successor.account === account &&
    Date.parse(iat) >= Date.parse(cacao.p.iat) &&
    missingGrants(resources, cacao.p.resources ?? []).length === 0
  )
}
