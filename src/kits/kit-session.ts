import { type AccountInput, accountArgument, chainless } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { toHex } from '../base/hex.js'
import { booleanOption, countOption, type ReadersOf, readOptions, setting } from '../base/options.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { SESSION_READERS } from '../options/read-grant-options.js'
import type { GetOptions } from '../options/session-options.js'
import { DIDSession } from '../session/did-session.js'
import { placeOptions, resumeOptions, type SessionOptions } from '../session-state/options.js'
import { SessionController, signInRequest } from '../session-state/session-controller.js'
import { type EthereumAuthOptions, ethereumAuth } from '../wallet/ethereum/index.js'
import type { EthereumRPCs } from '../wallet/ethereum/rpc.js'
import { rpcArgument } from '../wallet/ethereum/verifiers.js'

/**
 * Options of `rainbowKitAuth` and `appKitAuth`: those of `DIDSession.get`, and of `ethereumAuth` the RPCs that check the signatures of
 * contract accounts, and how the address is written.
 */
export interface KitOptions extends Omit<GetOptions, 'signal'>, KitEthereumOptions {}

type KitEthereumOptions = Pick<EthereumAuthOptions, 'rpc' | 'rpcTimeoutMs' | 'lowerCaseAddress'>

/** Whether somebody is signed in, in the words of RainbowKit. */
export type KitStatus = 'loading' | 'unauthenticated' | 'authenticated'

/** What an app has of the session that the buttons of a wallet kit sign in. Each function can be handed on by itself. */
export interface KitAuth {
  /** `loading` until the store has been read once, which begins with the first listener; always on a server. */
  getStatus(): KitStatus
  /** The session; `undefined` if nobody is signed in, or it isn't known yet. */
  getSession(): DIDSession | undefined
  /** Why the last sign-in or sign-out failed; kits themselves only say that it did. */
  getError(): SessionError | undefined
  /** Calls back after each change, in this tab or another, until the function that it gives is called. */
  subscribe(listener: () => void): () => void
  /**
   * Says which account the wallet shows: a CAIP-10 id. A session of another account then isn't used any more, but stays stored;
   * one of this account that is stored is taken up, without a prompt. Without an account, as for a wallet that is locked,
   * nothing changes: a session needs no wallet.
   */
  setAccount(account: AccountInput | undefined): void
}

/** A text that the kit has the wallet sign, and what waits for the signature. */
interface PendingSignature {
  readonly text: Promise<string>
  readonly answer: (signature: string) => void
  readonly session: Promise<DIDSession | undefined>
  readonly end: () => void
}

const NONCE_BYTES = 12

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
 * The session of a page whose wallet is asked by somebody else: a kit first wants the text, and later brings the signature. Nothing
 * is read or listened to before an app or a kit asks, so that it can be made on a server, too.
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
  #leave = (): void => undefined
  #pending: (PendingSignature & { readonly signs: string | undefined }) | undefined

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

  /** The site that signs in, if the app has named it. */
  get domain(): string | undefined {
    return this.#options.domain
  }

  /** A nonce for the next sign-in: the app's, or a random one. */
  async nonce(): Promise<string> {
    const { nonce } = this.#options
    const own = typeof nonce === 'function' ? await nonce() : nonce
    return own ?? toHex(crypto.getRandomValues(new Uint8Array(NONCE_BYTES)))
  }

  /**
   * Begins to sign in and gives the text for the wallet. A sign-in that was waiting for its signature ends: the kit asks
   * again after the person has said no, of which it tells nobody. Rejects if there is nothing to sign, because a stored session of
   * the account has been taken up.
   */
  async textToSign(account: string, nonce?: string): Promise<string> {
    const who = accountArgument(account)
    this.#setAccount(who)
    this.#pending?.end()
    const pending = { ...this.#begin(who, nonce), signs: undefined as string | undefined }
    this.#pending = pending
    const text = await pending.text
    pending.signs = text
    return text
  }

  /** Ends the sign-in with the wallet's signature over its text. Rejects with a `SessionError` if it signs nobody in. */
  async signed(text: string, signature: string): Promise<DIDSession> {
    const pending = this.#pending
    if (pending?.signs !== text)
      throw new SessionError(
        'ERR_AUTH_FAILED',
        'no sign-in waits for this signature, because the page was loaded anew or has asked again since: sign in again',
      )
    this.#pending = undefined
    pending.answer(signature)
    const session = await pending.session
    if (session) return session
    throw this.#state?.error ?? endedError()
  }

  /** The session of an account, which becomes that of the page; `undefined` if none is stored, or the store can't be read. */
  async sessionOf(account: string): Promise<DIDSession | undefined> {
    const own = this.#state?.session
    if (own?.isAuthorized() && this.#isSame(own.account, account)) return own
    const found = await DIDSession.load(account, resumeOptions(this.#options)).catch((error: unknown) => {
      if (error instanceof SessionError) return undefined
      throw error
    })
    // Without one, a session of another account may stay in use: the app decides about that by `setAccount`.
    if (!found && this.#controller) return undefined
    this.#setAccount(account)
    this.#open()
    await this.#loaded()
    return found && this.#state?.session
  }

  /** Signs out who is signed in, and ends a sign-in. Says whether the store did its part. */
  async signOut(): Promise<boolean> {
    return this.#open().signOut(this.#ownOptions)
  }

  /** Signs an account out, whether or not its session is that of the page. */
  async remove(account: string): Promise<void> {
    await DIDSession.remove(account, placeOptions(this.#options))
  }

  get #state(): SessionController['state'] | undefined {
    return this.#controller?.state
  }

  // Only the first load counts as one. RainbowKit closes its dialogs when `loading` ends, also the one in which somebody has just
  // connected a wallet and is about to sign in.
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
    // Each subscription has its own function, because one listener may subscribe twice.
    const own = (): void => listener()
    this.#listeners.add(own)
    this.#open()
    return () => void this.#listeners.delete(own)
  }

  #setAccount(input: AccountInput | undefined): void {
    if (input === undefined) return
    const account = accountArgument(input)
    const present = this.#state?.account ?? this.#account
    if (present !== undefined && this.#isSame(present, account)) return
    this.#account = account
    if (!this.#controller) return
    this.#pending?.end()
    this.#leave()
    this.#controller = undefined
    this.#open()
    this.#tell()
  }

  #isSame(one: string, other: string): boolean {
    const [a, b] = [accountArgument(one), accountArgument(other)]
    return this.#options.anyChain ? chainless(a) === chainless(b) : a === b
  }

  #open(): SessionController {
    if (this.#controller) return this.#controller
    const controller = new SessionController(this.#ownOptions, () => undefined)
    this.#controller = controller
    this.#leave = controller.subscribe(() => this.#tell())
    return controller
  }

  #tell(): void {
    if (!this.#isLoading) this.#hasLoaded = true
    // Each in a task of its own: the page sees what a listener throws, and the sign-in goes on.
    for (const listener of [...this.#listeners])
      queueMicrotask(() => {
        if (this.#listeners.has(listener)) listener()
      })
  }

  #loaded(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#isLoading) return
        this.#listeners.delete(look)
        resolve()
      }
      this.#listeners.add(look)
      look()
    })
  }

  #begin(account: string, nonce: string | undefined): PendingSignature {
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
      const authMethod: AuthMethod = async (opts) => (await this.#authMethod(account, sign))(opts)
      const options = { signal: controller.signal, ...(nonce !== undefined && { nonce }) }
      session = this.#open().signIn(this.#options, signInRequest(account, authMethod, options))
      session.then(
        (stored) => reject(stored ? signedInError(account) : (this.#state?.error ?? endedError())),
        reject,
      )
    })
    return { text, answer, session, end: () => controller.abort() }
  }

  /** An auth method whose wallet is the kit: it hands on the text, and waits. */
  async #authMethod(account: string, sign: (text: string) => Promise<string>): Promise<AuthMethod> {
    const [namespace, , address = ''] = account.split(':')
    if (namespace === 'eip155') {
      const signer = { address, signMessage: ({ message }: { message: string }) => sign(message) }
      return ethereumAuth(signer, account, this.#ethereum)
    }
    if (namespace === 'solana') {
      const { solanaAuth } = await import('../wallet/solana/index.js')
      const signMessage = (message: Uint8Array): Promise<string> => sign(new TextDecoder().decode(message))
      return solanaAuth({ publicKey: address, signMessage }, account)
    }
    throw new SessionError(
      'ERR_AUTH_FAILED',
      `an account of ${namespace} can't sign in here: choose one of Ethereum or Solana`,
    )
  }
}

function endedError(): SessionError {
  return new SessionError(
    'ERR_AUTH_FAILED',
    'the sign-in was ended before the wallet answered: sign in again',
  )
}

function signedInError(account: string): SessionError {
  return new SessionError(
    'ERR_AUTH_FAILED',
    `there is nothing to sign, because ${account} is signed in already`,
  )
}
