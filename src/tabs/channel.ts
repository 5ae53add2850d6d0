import { onPageResume, unref } from '../base/schedule.js'
import type { Place } from '../session/context.js'
/** What a tab tells the others. The store is the truth: this says when to look at it. */
export interface Notice {
  /** Which store and namespace changed. */
  readonly scope: string
  /** Keys that were signed out. */
  readonly removed?: readonly string[]
  /** An account all of whose sessions were signed out, also those that whoever tells it doesn't know. */
  readonly signedOut?: SignedOut
  /** The account whose sign-in the person has just declined. */
  readonly declined?: string
}

/** Whose sessions were signed out, on which chains, and where. */
export interface SignedOut {
  readonly account: string
  readonly anyChain: boolean
  /** The name of the IndexedDB database in which they are, or would be. */
  readonly database: string
}

const NAME = 'cacao-session'
// How often a page looks by itself where there is no BroadcastChannel.
const POLL_MS = 1000

const listeners = new Set<(notice: Notice | undefined) => void>()
let channel: BroadcastChannel | undefined
let stopListening: (() => void) | undefined

/** What a place is called among tabs. */
export function scopeOf({ stores, namespace }: Pick<Place, 'stores' | 'namespace'>): string {
  return `${stores[0]?.persistence}\n${namespace}`
}

/** Tells the other tabs and workers. */
export function tell(notice: Notice): void {
  open()?.postMessage(notice)
}

/**
 * Calls back for what other tabs and workers tell, and with nothing whenever something may have been missed: after a
 * sleep, or each second where there is no BroadcastChannel.
 */
export function onNotice(listener: (notice: Notice | undefined) => void): () => void {
  listeners.add(listener)
  open()
  stopListening ??= listen()
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    stopListening?.()
    stopListening = undefined
  }
}

function listen(): () => void {
  const mayHaveMissed = (): void => deliver(undefined)
  const stopWaking = onPageResume(mayHaveMissed)
  if (channel) return stopWaking
  const timer = setInterval(mayHaveMissed, POLL_MS)
  unref(timer)
  return () => {
    clearInterval(timer)
    stopWaking()
  }
}

function deliver(notice: Notice | undefined): void {
  for (const listener of [...listeners]) listener(notice)
}

function open(): BroadcastChannel | undefined {
  // Deno's would keep its process alive, whatever one does.
  if (channel || typeof BroadcastChannel === 'undefined' || 'Deno' in globalThis) return channel
  try {
    channel = new BroadcastChannel(NAME)
  } catch {
    // An opaque origin, such as a sandboxed frame's, has none.
    return undefined
  }
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    const notice = noticeOf(data)
    if (notice) deliver(notice)
  }
  unref(channel)
  return channel
}

function noticeOf(data: unknown): Notice | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const { scope, removed, declined, signedOut } = data as { [name in keyof Notice]?: unknown }
  if (typeof scope !== 'string') return undefined
  const keys = Array.isArray(removed) ? removed.filter((key) => typeof key === 'string') : []
  return {
    scope,
    removed: keys,
    ...(isSignedOut(signedOut) && { signedOut }),
    ...(typeof declined === 'string' && { declined }),
  }
}

function isSignedOut(value: unknown): value is SignedOut {
  const { account, anyChain, database } = (value ?? {}) as { [name in keyof SignedOut]?: unknown }
  return typeof account === 'string' && typeof anyChain === 'boolean' && typeof database === 'string'
}
