import { abortable } from '../base/abort.js'
import { type AccountInput, accountArgument } from '../base/account.js'
import { type AuthMethod, authError } from '../capability/auth-method.js'
import { DIDSession } from '../session/did-session.js'
import type { SessionOptions, SignInOptions } from './options.js'
import type { SignIn } from './session-state.js'
/** What `signIn` was called with: an account and its auth method, or a function that finds them. */
export interface SignInRequest {
  /** Whose sign-in it is, unless only the function will say. */
  readonly account: string | undefined
  readonly find: () => SignIn | Promise<SignIn>
  readonly options: SignInOptions
}

/** Reads the arguments of `signIn`. Throws a `TypeError` for an account that is none. */
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

/** A sign-in that is under way: from finding the wallet until its session is kept. */
export class SignInFlight {
  readonly controller: AbortController
  readonly session: Promise<DIDSession>
  #account: string | undefined

  /** It begins once all of these are over, whatever becomes of them. */
  constructor(options: SessionOptions, request: SignInRequest, before: readonly Promise<unknown>[]) {
    this.#account = request.account
    this.controller = controllerWith(request.options.signal)
    this.session = this.#signIn(options, request, before)
  }

  /** Whether it is what this request asks for: what only a function knows is taken to be. Not if it was given up. */
  answers({ account }: SignInRequest): boolean {
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
    const { account, authMethod } = await abortable(found(request.find), signal)
    this.#account = accountArgument(account)
    return DIDSession.get(this.#account, authMethod, { ...options, ...request.options, signal })
  }
}

/** A controller that is aborted when the signal is. Aborting it ends the listening. */
export function controllerWith(signal: AbortSignal | undefined): AbortController {
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true, signal: controller.signal })
  return controller
}

// Whatever fails there is the wallet's to say, as it would be while it signs.
async function found(find: SignInRequest['find']): Promise<SignIn> {
  let signIn: unknown
  try {
    signIn = await find()
  } catch (cause) {
    throw authError(cause)
  }
  if (typeof signIn === 'object' && signIn !== null && 'account' in signIn) return signIn as SignIn
  throw new TypeError('the function given to signIn must give an account and an authMethod')
}
