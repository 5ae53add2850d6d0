'use client'

export type { SessionOptions, SignInOptions } from './options.js'
export { SessionProvider, type SessionProviderProps } from './provider.js'
export type { SessionActions, SessionState, SignIn } from './session-state.js'
export { type UseSession, useSession } from './use-session.js'
