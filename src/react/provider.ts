import { createContext, createElement, type ReactElement, type ReactNode, useMemo } from 'react'
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
 * Says once what the app's sessions are for; `useSession` below it needs no options then.
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
  return createElement(ProvidedContext.Provider, { value: provided }, children)
}
