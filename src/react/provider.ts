import { createContext, createElement, type ReactElement, type ReactNode, useEffect, useMemo } from 'react'
import { liveSession } from './live-sessions.js'
import { meaningOf, type SessionOptions, storeOf } from './options.js'
import { type Latest, useLatest } from './use-latest.js'

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
