'use client'

export type { SessionOptions, SignInOptions } from '../session-state/options.js'
export type { SessionActions, SessionState, SignIn } from '../session-state/session-state.js'
export { SessionProvider, type SessionProviderProps } from './provider.js'
export { type UseSession, useSession } from './use-session.js'
