'use client'

export type { SessionActions, SignIn } from './actions.js'
export type { SessionOptions, SignInOptions } from './options.js'
export { SessionProvider, type SessionProviderProps } from './provider.js'
export type { SessionState } from './state.js'
export { type UseSession, useSession } from './use-session.js'
