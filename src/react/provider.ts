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
import { optionsKey, type SessionOptions, storeOf } from '../session-state/options.js'
import { sharedSession } from '../session-state/shared-session.js'

/** What `SessionProvider` takes: the options, and its children. */
export interface SessionProviderProps extends SessionOptions {
  children?: ReactNode
}

/**
 * Sets the session options of an app, and keeps the state of its session while no component uses it. Below it,
 * `useSession` needs no options. Throws a `TypeError` for a wrong option.
 *
 * @example
 * <SessionProvider resources={['https://api.example.com/notes/*']}>
 *   <App />
 * </SessionProvider>
 */
export function SessionProvider({ children, ...options }: SessionProviderProps): ReactElement {
  const latest = useLatest<SessionOptions>(options)
  const key = optionsKey(options, 'a SessionProvider')
  const store = storeOf(options)
  // biome-ignore lint/correctness/useExhaustiveDependencies: options with the same key are equivalent.
  const value = useMemo(() => ({ options, latest }), [key, store])
  // Subscribe, so that the state stays while no component below uses it.
  useEffect(() => {
    const source = { store, key, latest: () => latest.current }
    return sharedSession(source).subscribe(() => undefined)
  }, [store, key, latest])
  return createElement(SessionContext.Provider, { value }, children)
}

/** The value of the context. It only changes if the options ask for other sessions. */
export interface SessionContextValue {
  readonly options: SessionOptions
  /** The options of the last render, whose functions are the ones to call. */
  readonly latest: Latest<SessionOptions>
}

export const SessionContext: React.Context<SessionContextValue | undefined> = createContext<
  SessionContextValue | undefined
>(undefined)

/** A value as it was in the last render. */
export interface Latest<T> {
  readonly current: T
}

/** Returns a ref to the value of the last render, for functions that are called later. */
export function useLatest<T>(value: T): Latest<T> {
  const latest = useRef(value)
  // This effect runs before anyone can click and, unlike a layout effect, causes no warning on a server.
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}
