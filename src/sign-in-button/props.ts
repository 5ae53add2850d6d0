import type { SessionError } from '../base/errors.js'
import { functionOption, isPlainObject, wrong } from '../base/options.js'
import type { DIDSession } from '../session/did-session.js'
import type { SessionOptions } from '../session-state/options.js'
import type { WalletSource } from '../wallet/wallets.js'

/**
 * Props of a sign-in button: where it finds wallets, its words, and the options of `useSession`, which can be left out
 * if a provider sets them.
 */
export interface SignInButtonProps extends Partial<SessionOptions> {
  /** The sources of wallets and passkeys: `[ethereumWallets(), passkeys()]`. */
  wallets: readonly WalletSource[]
  /** Words that replace the English ones. */
  words?: Partial<SignInWords> | undefined
  /**
   * Called when the person signs out, while the session still works, for example to call `session.revoke(url)`. When
   * the returned promise settles, the session is removed from this device, even if the promise rejects.
   */
  beforeSignOut?: ((session: DIDSession) => unknown) | undefined
  /** A class that is added to the outermost element. */
  className?: string | undefined
}

/** The checked props of the button, and separately the options of the session, which are not checked yet. */
export interface ReadProps {
  readonly wallets: readonly WalletSource[]
  readonly words: SignInWords
  readonly beforeSignOut: ((session: DIDSession) => unknown) | undefined
  readonly className: string | undefined
  readonly options: Partial<SessionOptions>
}

/** Reads the props of a button. Throws a `TypeError` that names the wrong prop. */
export function readProps(props: SignInButtonProps): ReadProps {
  const { wallets, words, beforeSignOut, className, ...options } = props
  const isSource = (source: unknown): boolean =>
    typeof (source as Partial<WalletSource> | null)?.find === 'function'
  if (!Array.isArray(wallets) || wallets.length === 0 || !wallets.every(isSource))
    throw wrong('wallets', 'a list such as [ethereumWallets(), passkeys()]')
  for (const { help } of wallets)
    if (help !== undefined && !isPageURL(help))
      throw wrong('help of a wallet source', 'a URL that begins with https:// or http://')
  if (beforeSignOut !== undefined)
    functionOption('a function that takes the session')(beforeSignOut, 'beforeSignOut')
  if (className !== undefined && typeof className !== 'string') throw wrong('className', 'a text')
  return { wallets, words: signInWords(words), beforeSignOut, className, options }
}

function isPageURL(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol)
  } catch {
    return false
  }
}

/** The words of the sign-in button. Pass some or all of them as `words`, for example in the language of the page. */
export interface SignInWords {
  /** The button, and the title of its dialog. */
  signIn: string
  /** The button for a person whose session has ended. */
  signInAgain: string
  /** The button while the page waits for the wallet. */
  signingIn: string
  /** Beside the button when the session has ended. */
  ended: string
  /** Beside the button when the session is about to end. */
  endsSoon: string
  /** The button that renews the session with the wallet. */
  renew: string
  signOut: string
  /** The button if the session could not be loaded. */
  retry: string
  /** The title of the dialog when someone is signed in. */
  signedIn: string
  /** Until when the person is signed in. */
  until: (end: Date) => string
  /** In the dialog, while the page looks for wallets. */
  looking: string
  /** In the dialog, if no wallet was found. */
  nothingFound: string
  /** The choice of a wallet that has no name, such as `window.ethereum`. */
  unnamedWallet: string
  /** The link to a page about wallets. */
  findWallet: (host: string) => string
  /** The choice of a passkey that was used in this browser; its name may be empty. */
  knownPasskey: (name: string) => string
  anyPasskey: string
  newPasskey: string
  /** The title of the dialog while the page waits for the wallet of this name. */
  waitingFor: (wallet: string) => string
  /** What the person should do in the meantime. */
  lookAtWallet: string
  lookAtBrowser: string
  cancel: string
  close: string
  /** Why signing in failed: the text for the error, by its `code`. */
  failed: (error: SessionError) => string
}

const FAILURES: Readonly<Record<string, string>> = {
  ERR_AUTH_REJECTED: 'Nothing was signed. Choose again when you are ready.',
  ERR_CAPABILITY_SIGNATURE: 'Another account signed. Choose the right one in your wallet and try again.',
  ERR_ENVIRONMENT: 'This page has no secure connection, or its browser cannot do this.',
  ERR_STORE_UNAVAILABLE: 'This browser does not let the page store anything.',
}

const ENGLISH: SignInWords = {
  signIn: 'Sign in',
  signInAgain: 'Sign in again',
  signingIn: 'Signing in …',
  ended: 'Your session has ended.',
  endsSoon: 'Your session ends soon.',
  renew: 'Stay signed in',
  signOut: 'Sign out',
  retry: 'Try again',
  signedIn: 'Signed in',
  until: (end) => `Until ${end.toLocaleString(undefined, { dateStyle: 'long', timeStyle: 'short' })}`,
  looking: 'Looking for wallets …',
  nothingFound:
    'No wallet was found in this browser. On a phone, open this page in the browser of your wallet.',
  unnamedWallet: 'Browser wallet',
  findWallet: (host) => `Find a wallet at ${host}`,
  knownPasskey: (name) => (name ? `Use the passkey “${name}”` : 'Use the passkey of last time'),
  anyPasskey: 'Use a passkey',
  newPasskey: 'Make a passkey',
  waitingFor: (wallet) => `Waiting for ${wallet}`,
  lookAtWallet: 'Look at your wallet: it asks you to sign in.',
  lookAtBrowser: 'Look at your browser: it asks for your passkey.',
  cancel: 'Cancel',
  close: 'Close',
  failed: ({ code, message }) => FAILURES[code] ?? message,
}

/** Returns all words: the given ones, and English ones for the rest. Throws a `TypeError` that names the wrong word. */
export function signInWords(given: Partial<SignInWords> = {}): SignInWords {
  if (!isPlainObject(given)) throw wrong('words', 'an object such as { signIn: "Anmelden" }')
  for (const [name, word] of Object.entries<unknown>(given)) {
    if (!Object.hasOwn(ENGLISH, name))
      throw new TypeError(
        `unknown word ${JSON.stringify(name)}: the words are ${Object.keys(ENGLISH).join(', ')}`,
      )
    const isFunction = typeof ENGLISH[name as keyof SignInWords] === 'function'
    if (isFunction) functionOption('a function that returns the text')(word, `words.${name}`)
    else if (typeof word !== 'string' || word === '') throw wrong(`words.${name}`, 'a non-empty text')
  }
  return { ...ENGLISH, ...given }
}
