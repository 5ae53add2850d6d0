import { onPageResume, unref } from '../base/schedule.js'
import type { SessionStore } from '../store/store.js'

/** What a tab tells the other tabs. The store has the truth; a notice mainly says when to read it again. */
export interface Notice {
  /** Which store and namespace changed. */
  readonly scope: string
  /** The did:keys of sessions that were signed out. */
  readonly removed?: readonly string[]
  /** An account whose sessions were all signed out, including those that the sending tab doesn't know. */
  readonly signedOut?: SignedOut
  /** The account whose sign-in the person has just declined. */
  readonly declined?: string
}

/** Whose sessions were signed out, on which chains, and where. */
export interface SignedOut {
  readonly account: string
  readonly anyChain: boolean
  /** The name of the IndexedDB database in which they are, or would be if IndexedDB could be used. */
  readonly database: string
}

type NoticeListener = (notice: Notice | undefined) => void

const NAME = 'cacao-session'
// How often a page reads the store where there is no BroadcastChannel.
const POLL_MS = 1000

/** Identifies a store and namespace in the notices of an origin's tabs and workers. */
export function scopeOf({
  stores,
  namespace,
}: {
  readonly stores: readonly SessionStore[]
  readonly namespace: string
}): string {
  return `${stores[0]?.persistence}\n${namespace}`
}

/** The channel between this page and the other tabs and workers of its origin, opened when first used. */
class TabChannel {
  readonly #listeners = new Set<NoticeListener>()
  #channel: BroadcastChannel | undefined
  #stopListening: (() => void) | undefined

  /** Sends a notice to the other tabs and workers. */
  tell(notice: Notice): void {
    this.#open()?.postMessage(notice)
  }

  /**
   * Calls the listener for each notice of another tab or worker, until the returned function is called. Calls it with `undefined`
   * whenever a notice may have been missed: after a sleep, and each second where there is no BroadcastChannel.
   */
  onNotice(listener: NoticeListener): () => void {
    this.#listeners.add(listener)
    this.#open()
    this.#stopListening ??= this.#listen()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#stopListening?.()
      this.#stopListening = undefined
    }
  }

  #listen(): () => void {
    const mayHaveMissed = (): void => this.#deliver(undefined)
    const stopWaking = onPageResume(mayHaveMissed)
    if (this.#channel) return stopWaking
    const timer = setInterval(mayHaveMissed, POLL_MS)
    unref(timer)
    return () => {
      clearInterval(timer)
      stopWaking()
    }
  }

  #deliver(notice: Notice | undefined): void {
    for (const listener of [...this.#listeners]) listener(notice)
  }

  #open(): BroadcastChannel | undefined {
    // Deno is left out, because an open channel keeps the process alive there.
    if (this.#channel || typeof BroadcastChannel === 'undefined' || 'Deno' in globalThis) return this.#channel
    try {
      this.#channel = new BroadcastChannel(NAME)
    } catch {
      // An opaque origin, such as a sandboxed frame's, can't open one.
      return undefined
    }
    this.#channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      const notice = parseNotice(data)
      if (notice) this.#deliver(notice)
    }
    unref(this.#channel)
    return this.#channel
  }
}

/** The page's one channel. */
export const tabChannel: TabChannel = new TabChannel()

function parseNotice(data: unknown): Notice | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const { scope, removed, declined, signedOut } = data as { [name in keyof Notice]?: unknown }
  if (typeof scope !== 'string') return undefined
  return {
    scope,
    removed: Array.isArray(removed) ? removed.filter((key) => typeof key === 'string') : [],
    ...(isSignedOut(signedOut) && { signedOut }),
    ...(typeof declined === 'string' && { declined }),
  }
}

function isSignedOut(value: unknown): value is SignedOut {
  const { account, anyChain, database } = (value ?? {}) as { [name in keyof SignedOut]?: unknown }
  return typeof account === 'string' && typeof anyChain === 'boolean' && typeof database === 'string'
}
