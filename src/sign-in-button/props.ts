import { functionOption, wrong } from '../base/options.js'
import type { DIDSession } from '../session/did-session.js'
import type { SessionOptions } from '../session-state/options.js'
import type { WalletSource } from '../wallet/wallets.js'
import { type SignInWords, signInWords } from './words.js'

/**
 * What a sign-in button takes: where it finds wallets, what it says, and the options of `useSession`, which are left out
 * where a provider has them.
 */
export interface SignInButtonProps extends Partial<SessionOptions> {
  /** What a person can sign in with: `[ethereumWallets(), passkeys()]`. */
  wallets: readonly WalletSource[]
  /** Other words than the English ones. */
  words?: Partial<SignInWords> | undefined
  /**
   * Called when the person signs out, while the session still works: to tell a server, by `session.revoke(url)`. The
   * session is removed from this device when the promise settles, even if it rejects.
   */
  beforeSignOut?: ((session: DIDSession) => unknown) | undefined
  /** Another class for the outermost element. */
  className?: string | undefined
}

/** The props as the button reads them: its own, checked, and apart from them the options of the session. */
export interface ReadProps {
  readonly wallets: readonly WalletSource[]
  readonly words: SignInWords
  readonly beforeSignOut: ((session: DIDSession) => unknown) | undefined
  readonly className: string | undefined
  readonly options: Partial<SessionOptions>
}

/** Reads the props of a button. Throws a `TypeError` that names the wrong one. */
export function readProps(props: SignInButtonProps): ReadProps {
  const { wallets, words, beforeSignOut, className, ...options } = props
  const isSource = (source: unknown): boolean =>
    typeof (source as Partial<WalletSource> | null)?.find === 'function'
  if (!Array.isArray(wallets) || wallets.length === 0 || !wallets.every(isSource))
    throw wrong('wallets', 'a list such as [ethereumWallets(), passkeys()]')
  for (const { help } of wallets)
    if (help !== undefined && !isURL(help)) throw wrong("the help of a wallet's source", 'a whole URL')
  if (beforeSignOut !== undefined)
    functionOption('a function that takes the session')(beforeSignOut, 'beforeSignOut')
  if (className !== undefined && typeof className !== 'string') throw wrong('className', 'a text')
  return { wallets, words: signInWords(words), beforeSignOut, className, options }
}

function isURL(text: string): boolean {
  try {
    return new URL(text).hostname !== ''
  } catch {
    return false
  }
}
