import { type AccountInput, accountArgument, chainless } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { booleanOption, countOption, type ReadersOf, readOptions, setting } from '../base/options.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { SESSION_READERS } from '../options/read-grant-options.js'
import type { GetOptions } from '../options/session-options.js'
import { later } from '../session/client.js'
import { DIDSession } from '../session/did-session.js'
import { placeOptions, resumeOptions, type SessionOptions } from '../session-state/options.js'
import { SessionController, signInRequest } from '../session-state/session-controller.js'
import type { EthereumRPCs } from '../wallet/ethereum/rpc.js'
import { rpcArgument } from '../wallet/ethereum/verifiers.js'
import { type KitEthereumOptions, kitAuthMethod, randomNonce } from './kit-sign-in.js'

/**
 * Options of `rainbowKitAuth` and `appKitAuth`: those of `DIDSession.get`, and three options of `ethereumAuth`: the RPCs that check the
 * signatures of contract accounts (`rpc`, `rpcTimeoutMs`), and how the address is written (`lowerCaseAddress`).
 */
export interface KitOptions extends Omit<GetOptions, 'signal'>, KitEthereumOptions {}

/** Whether somebody is signed in, with the values that RainbowKit uses. */
export type KitStatus = 'loading' | 'unauthenticated' | 'authenticated'

/** The session that a wallet kit's buttons sign in, for the app. The functions need no `this`, so each can be passed on alone. */
export interface KitAuth {
  /** Returns `loading` until the store has been read once, which starts with the first listener. On a server, always `loading`. */
  getStatus(): KitStatus
  /** Returns the session; `undefined` if nobody is signed in, or the store has not been read yet. */
  getSession(): DIDSession | undefined
  /** Returns why the last sign-in or sign-out failed. The kits only show that it failed. */
  getError(): SessionError | undefined
  /** Calls the listener after each change, in this tab or another one. Returns a function that stops that. */
  subscribe(listener: () => void): () => void
  /**
   * Sets the account that the wallet shows: a CAIP-10 id. From then on, only sessions of this account are used, also when another tab
   * signs in with a different one. A session of a different account that was used until now stays stored. A stored session of this
   * account is resumed without a prompt. With `undefined`, as for a locked wallet, nothing changes, because a session needs no wallet.
   */
  setAccount(account: AccountInput | undefined): void
}

/** A sign-in that waits for the wallet's signature. */
interface PendingSignature {
  readonly text: Promise<string>
  readonly answer: (signature: string) => void
  readonly session: Promise<DIDSession | undefined>
  readonly end: () => void
}

/** The readers of `KitOptions`. */
export const KIT_READERS: ReadersOf<KitOptions> = {
  ...SESSION_READERS,
  rpc: setting((rpc) => {
    rpcArgument(rpc)
    return rpc as EthereumRPCs
  }),
  rpcTimeoutMs: setting(countOption),
  lowerCaseAddress: setting(booleanOption),
}

/**
 * The session of a page in which a wallet kit asks the wallet: the kit first requests the text, and later passes the signature. Nothing
 * is read and no event is listened to before the app or the kit calls a method, so that a server can create it too.
 */
export class KitSession {
  /** The part for the app. */
  readonly auth: KitAuth = {
    getStatus: () => this.#status,
    getSession: () => this.#state?.session,
    getError: () => this.#state?.error,
    subscribe: (listener) => this.#subscribe(listener),
    setAccount: (account) => this.#setAccount(account),
  }
  readonly #options: SessionOptions
  readonly #ethereum: KitEthereumOptions
  readonly #listeners = new Set<() => void>()
  #account: string | undefined
  #hasLoaded = false
  #controller: SessionController | undefined
  /** The controller whose session the page had until `setAccount` replaced it, until anything asynchronous happens. */
  #left: SessionController | undefined
  #unsubscribe = (): void => undefined
  /** `givenText` is the text that the kit has got, and to which the signature must belong. */
  #pending: (PendingSignature & { readonly givenText: string | undefined }) | undefined

  /** Throws a `TypeError` that names a wrong option. */
  constructor(options: KitOptions) {
    const {
      rpc,
      rpcTimeoutMs,
      lowerCaseAddress = false,
      ...given
    } = readOptions<KitOptions>(options, KIT_READERS)
    if (!given.resources?.length && given.abilities === undefined)
      throw new TypeError('resources or abilities must name at least one thing that the session may do')
    this.#options = given
    this.#ethereum = { rpc, rpcTimeoutMs, lowerCaseAddress }
  }

  /** The domain to sign in to, if the app has set it. */
  get domain(): string | undefined {
    return this.#options.domain
  }

  /** Returns a nonce for the next sign-in: the app's, or a random one. Rejects with `ERR_AUTH_FAILED` if the app's function fails. */
  async nonce(): Promise<string> {
    const { nonceOf } = await later.signingIn()
    return (await nonceOf(this.#options.nonce)) ?? randomNonce()
  }

  /**
   * Starts a sign-in and returns the text for the wallet. An earlier sign-in that still waits for its signature ends, because a kit does
   * not report that the person said no: it just starts again. Rejects if there is nothing to sign, because a stored session of the
   * account was resumed.
   */
  async startSignIn(account: string, nonce?: string): Promise<string> {
    const id = accountArgument(account)
    this.#setAccount(id)
    this.#pending?.end()
    const pending = { ...this.#beginSignIn(id, nonce), givenText: undefined as string | undefined }
    this.#pending = pending
    const text = await pending.text
    pending.givenText = text
    return text
  }

  /** Completes the sign-in with the wallet's signature over its text. Rejects with a `SessionError` if the sign-in fails. */
  async completeSignIn(text: string, signature: string): Promise<DIDSession> {
    const pending = this.#pending
    if (pending?.givenText !== text)
      throw new SessionError(
        'ERR_AUTH_FAILED',
        'no sign-in waits for this signature, because the page was reloaded or a new sign-in was started: sign in again',
      )
    this.#pending = undefined
    pending.answer(signature)
    const session = await pending.session
    if (session) return session
    throw this.#state?.error ?? endedError()
  }

  /** Resumes an account's session for the page and returns it; `undefined` if none is stored, or the store can't be read. */
  async resumeSession(account: string): Promise<DIDSession | undefined> {
    const current = this.#state?.session
    if (current?.isAuthorized() && this.#isSame(current.account, account)) {
      this.#setAccount(account)
      return current
    }
    const found = await DIDSession.load(account, resumeOptions(this.#options)).catch((error: unknown) => {
      if (error instanceof SessionError) return undefined
      throw error
    })
    // If there is none, a session of a different account may stay in use. The app can change that with `setAccount`.
    if (!found && this.#controller) return undefined
    this.#setAccount(account)
    this.#open()
    await this.#loaded()
    return found && this.#state?.session
  }

  /**
   * Signs out, and ends a sign-in that has started. Returns false if the store failed. Right after `setAccount`, before anything
   * asynchronous, a kit calls this for the same change of accounts: then it signs out the account that the page had before.
   */
  async signOut(): Promise<boolean> {
    return (this.#left ?? this.#open()).signOut(this.#ownOptions)
  }

  /** Signs out an account, also if its session is not the session of the page. */
  async remove(account: string): Promise<void> {
    await DIDSession.remove(account, placeOptions(this.#options))
  }

  get #state(): SessionController['state'] | undefined {
    return this.#controller?.state
  }

  // Reports `loading` only for the first load. RainbowKit closes its dialogs when `loading` ends, also a dialog in which a person has
  // just connected a wallet and is about to sign in.
  get #status(): KitStatus {
    if (this.#state?.session) return 'authenticated'
    return this.#isLoading && !this.#hasLoaded ? 'loading' : 'unauthenticated'
  }

  get #isLoading(): boolean {
    return (this.#state?.status ?? 'loading') === 'loading'
  }

  get #ownOptions(): SessionOptions {
    return { ...this.#options, ...(this.#account !== undefined && { account: this.#account }) }
  }

  #subscribe(listener: () => void): () => void {
    // Each subscription has its own function, because the same listener may be subscribed twice.
    const subscription = (): void => listener()
    this.#listeners.add(subscription)
    this.#open()
    return () => void this.#listeners.delete(subscription)
  }

  #setAccount(input: AccountInput | undefined): void {
    if (input === undefined) return
    const account = accountArgument(input)
    const present = this.#state?.account ?? this.#account
    // Also if it is the same: until now, the page may have shown the session used last, of any account.
    this.#account = account
    if (!this.#controller || (present !== undefined && this.#isSame(present, account))) return
    this.#pending?.end()
    if (this.#state?.session) {
      this.#left ??= this.#controller
      queueMicrotask(() => {
        this.#left = undefined
      })
    }
    this.#reopen()
  }

  #reopen(): void {
    this.#unsubscribe()
    this.#controller = undefined
    this.#open()
    this.#notify()
  }

  #isSame(account: string, other: string): boolean {
    const [a, b] = [accountArgument(account), accountArgument(other)]
    return this.#options.anyChain ? chainless(a) === chainless(b) : a === b
  }

  #open(): SessionController {
    if (this.#controller) return this.#controller
    const controller = new SessionController(this.#ownOptions, () => undefined)
    this.#controller = controller
    this.#unsubscribe = controller.subscribe(() => {
      const found = this.#state?.account
      // It was opened before the account was known, and another tab has signed in with a different one. A kit that learns late of a
      // change of accounts would sign that one out.
      if (found !== undefined && this.#account !== undefined && !this.#isSame(found, this.#account))
        this.#reopen()
      else this.#notify()
    })
    return controller
  }

  #notify(): void {
    if (!this.#isLoading) this.#hasLoaded = true
    // Each listener runs in its own microtask: the page reports an error of a listener, and the sign-in continues.
    for (const listener of [...this.#listeners])
      queueMicrotask(() => {
        if (this.#listeners.has(listener)) listener()
      })
  }

  #loaded(): Promise<void> {
    return new Promise((resolve) => {
      const resolveOnceLoaded = (): void => {
        if (this.#isLoading) return
        this.#listeners.delete(resolveOnceLoaded)
        resolve()
      }
      this.#listeners.add(resolveOnceLoaded)
      resolveOnceLoaded()
    })
  }

  #beginSignIn(account: string, nonce: string | undefined): PendingSignature {
    const controller = new AbortController()
    let answer: PendingSignature['answer'] = () => undefined
    const signature = new Promise<string>((resolve) => {
      answer = resolve
    })
    let session: Promise<DIDSession | undefined> = Promise.resolve(undefined)
    const text = new Promise<string>((resolve, reject) => {
      const sign = (message: string): Promise<string> => {
        resolve(message)
        return signature
      }
      const authMethod: AuthMethod = async (opts) =>
        (await kitAuthMethod(account, sign, this.#ethereum))(opts)
      const options = { signal: controller.signal, ...(nonce !== undefined && { nonce }) }
      session = this.#open().signIn(this.#options, signInRequest(account, authMethod, options))
      session.then(
        (stored) => reject(stored ? signedInError(account) : (this.#state?.error ?? endedError())),
        reject,
      )
    })
    return { text, answer, session, end: () => controller.abort() }
  }
}

function endedError(): SessionError {
  return new SessionError('ERR_AUTH_FAILED', 'the sign-in ended before the wallet answered: sign in again')
}

function signedInError(account: string): SessionError {
  return new SessionError(
    'ERR_AUTH_FAILED',
    `there is nothing to sign, because ${account} is already signed in`,
  )
}
