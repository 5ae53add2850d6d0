import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useEffect,
  useInsertionEffect,
  useMemo,
  useRef,
} from 'react'
import type { SessionStore } from '../store/store.js'
import { LiveSession } from './live-session.js'
import { meaningOf, type SessionOptions, storeOf } from './options.js'
/** Which session is meant: of this store, by options of this meaning. */
export interface Subject {
  readonly store: SessionStore
  readonly meaning: string
  /** The options as they were given last. */
  readonly latest: () => SessionOptions
}

// One for all components of the page that mean the same, for as long as one of them is there or the wallet is being asked.
const live = new WeakMap<SessionStore, Map<string, LiveSession>>()

/** The live session of the subject, if there is one. */
export function findLive({ store, meaning }: Subject): LiveSession | undefined {
  return live.get(store)?.get(meaning)
}

/** The live session of the subject, which all who ask share. */
export function liveSession(subject: Subject): LiveSession {
  const { store, meaning, latest } = subject
  const found = findLive(subject)
  if (found) return found
  const own = live.get(store) ?? new Map<string, LiveSession>()
  live.set(store, own)
  const made: LiveSession = new LiveSession(latest(), () => {
    if (own.get(meaning) === made) own.delete(meaning)
  })
  own.set(meaning, made)
  return made
}

/** What was rendered last. */
export interface Latest<T> {
  readonly current: T
}

/** Keeps what was rendered last, for what is called later. */
export function useLatest<T>(value: T): Latest<T> {
  const latest = useRef(value)
  // Before anyone can click on what was rendered, and, other than a layout effect, of no concern to a server.
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}

/** What a provider hands down: another object only if it means other sessions. */
export interface Provided {
  readonly options: SessionOptions
  /** The same as last rendered: its functions are those to be called. */
  readonly latest: Latest<SessionOptions>
}

export const ProvidedContext: React.Context<Provided | undefined> = createContext<Provided | undefined>(
  undefined,
)

/** What `SessionProvider` takes: the options, and what is inside of it. */
export interface SessionProviderProps extends SessionOptions {
  children?: ReactNode
}

/**
 * Says once what the app's sessions are for, and keeps what is known of them; `useSession` below it needs no options then. A
 * wrong option throws a `TypeError`.
 *
 * @example
 * <SessionProvider resources={['https://api.example.com/notes/*']}>
 *   <App />
 * </SessionProvider>
 */
export function SessionProvider({ children, ...options }: SessionProviderProps): ReactElement {
  const latest = useLatest<SessionOptions>(options)
  const meaning = meaningOf(options)
  const store = storeOf(options)
  // biome-ignore lint/correctness/useExhaustiveDependencies: options that mean the same change nothing.
  const provided = useMemo(() => ({ options, latest }), [meaning, store])
  // What is known stays, though for a while no component may show it.
  useEffect(() => {
    const subject = { store, meaning, latest: () => latest.current }
    return liveSession(subject).subscribe(() => undefined)
  }, [store, meaning, latest])
  return createElement(ProvidedContext.Provider, { value: provided }, children)
}
