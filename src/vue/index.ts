export type { SessionOptions, SignInOptions } from '../session-state/options.js'
export type { SessionActions, SessionState, SignIn } from '../session-state/session-state.js'
export type { SignInWords } from '../sign-in-button/words.js'
export type { WalletChoice, WalletSource } from '../wallet/wallets.js'
export { SignInButton, type VueSignInButtonProps } from './sign-in-button.js'
export {
  provideSession,
  type ReactiveSessionOptions,
  sessionPlugin,
  type UseSession,
  useSession,
} from './use-session.js'
