import { abortable } from '../base/abort.js'
import { type AccountInput, accountArgument } from '../base/account.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { DIDSession } from '../session/did-session.js'
import type { SessionOptions, SignInOptions } from './options.js'
import type { SignIn } from './session-state.js'

/** The arguments of `signIn`: an account and its auth method, or a function that returns them. */
export interface SignInRequest {
  /** The account, unless it is only known once the function returns. */
  readonly account: string | undefined
  readonly find: () => SignIn | Promise<SignIn>
  readonly options: SignInOptions
}

/** A sign-in that has begun and whose session is not stored yet. */
export class PendingSignIn {
  readonly controller: AbortController
  readonly session: Promise<DIDSession>
  #account: string | undefined

  /** It starts once all the promises in `before` are settled. */
  constructor(options: SessionOptions, request: SignInRequest, before: readonly Promise<unknown>[]) {
    this.#account = request.account
    this.controller = controllerWith(request.options.signal)
    this.session = this.#signIn(options, request, before)
  }

  /**
   * Whether a request can share this sign-in: it is for the same account, or its account is not known yet. A sign-in
   * that was aborted cannot be shared.
   */
  isFor({ account }: SignInRequest): boolean {
    if (this.controller.signal.aborted) return false
    return account === undefined || account === this.#account
  }

  async #signIn(
    { account: _, leadSecs: __, ...options }: SessionOptions,
    request: SignInRequest,
    before: readonly Promise<unknown>[],
  ): Promise<DIDSession> {
    const { signal } = this.controller
    if (before.length > 0) await abortable(Promise.allSettled(before), signal)
    const { account, authMethod } = await abortable(findSignIn(request.find), signal)
    this.#account = accountArgument(account)
    return DIDSession.get(this.#account, authMethod, { ...options, ...request.options, signal })
  }
}

/** Calls the function of a request. Its errors are converted like those of a wallet that fails to sign. */
async function findSignIn(find: SignInRequest['find']): Promise<SignIn> {
  let signIn: unknown
  try {
    signIn = await find()
  } catch (cause) {
    const { authError } = await import('../capability/auth-method.js')
    throw authError(cause)
  }
  if (typeof signIn === 'object' && signIn !== null && 'account' in signIn) return signIn as SignIn
  throw new TypeError('the function that is passed to signIn must return { account, authMethod }')
}

/** Reads the arguments of `signIn`. Throws a `TypeError` if the account is malformed. */
export function signInRequest(
  first: AccountInput | SignInRequest['find'],
  second?: AuthMethod | SignInOptions,
  third?: SignInOptions,
): SignInRequest {
  if (typeof first === 'function')
    return {
      account: undefined,
      find: first as SignInRequest['find'],
      options: { ...(second as SignInOptions) },
    }
  const account = accountArgument(first)
  return { account, find: () => ({ account, authMethod: second as AuthMethod }), options: { ...third } }
}

/** Makes a controller that is aborted together with the signal. Aborting it removes its listener from the signal. */
export function controllerWith(signal: AbortSignal | undefined): AbortController {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true, signal: controller.signal })
  return controller
}
