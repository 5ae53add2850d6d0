import { SessionError } from '../base/errors.js'
import type { AuthMethod, AuthMethodOpts } from '../capability/auth-method.js'
import type { DropInOptions } from './expired-capability.js'

/**
 * Options of `authorize` and `get`, as in did-session 4. `expiresInSecs` takes precedence over
 * `expirationTime`.
 */
export interface AuthOpts {
  domain?: string
  statement?: string
  /** Ignored: the version is always "1". */
  version?: string
  nonce?: string
  requestId?: string
  expirationTime?: string
  resources?: string[]
  expiresInSecs?: number
}

const AUTH_OPTION_NAMES = [
  'domain',
  'statement',
  'nonce',
  'requestId',
  'expirationTime',
  'resources',
  'expiresInSecs',
] as const

/** What a person is asked to sign, and the auth method that asks. */
interface Asking {
  readonly options: DropInOptions
  readonly ask: AuthMethod
}

/**
 * Reads the options of `authorize` and `get`. did-session ignores unknown options, and options that are `undefined` or `null`, but not
 * missing resources: they are a `TypeError`.
 *
 * The auth methods of did-session choose the domain themselves and know no request id, so these two are only passed on: the capability
 * need not have them. The same holds for a statement that is empty, which they leave out.
 */
export function withOptions(authMethod: AuthMethod, authOpts: AuthOpts): Asking {
  if (!(Number(authOpts.resources?.length) > 0))
    throw new TypeError(
      'Required: resource argument option when authorizing: { resources: ["ceramic://*"] } names what the session may do',
    )
  const given = AUTH_OPTION_NAMES.filter((name) => authOpts[name] !== undefined && authOpts[name] !== null)
  const isPassedOn = (name: string): boolean =>
    name === 'domain' || name === 'requestId' || (name === 'statement' && authOpts.statement === '')
  const pick = (names: readonly (keyof AuthOpts)[]): object =>
    Object.fromEntries(names.map((name) => [name, authOpts[name]]))
  const passedOn = pick(given.filter(isPassedOn))
  return {
    options: pick(given.filter((name) => !isPassedOn(name))) as DropInOptions,
    ask: typeof authMethod === 'function' ? asking(authMethod, passedOn) : authMethod,
  }
}

/** Holds a value that an auth method has thrown. It has no message of its own, so that the message of the value is shown. */
class Thrown extends Error {}

function asking(authMethod: AuthMethod, passedOn: object): AuthMethod {
  return async (opts: AuthMethodOpts) => {
    try {
      // What a renewal takes over from the stored session, or a ReCap states, is required of the answer, so it takes precedence.
      return await authMethod({ ...passedOn, ...opts })
    } catch (cause) {
      throw cause instanceof SessionError ? cause : new Thrown('', { cause })
    }
  }
}

/** Settles as the promise does. If an auth method threw, rejects with the same value, on whose code an app may depend. */
export async function asInDIDSession<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    const cause = error instanceof SessionError ? error.cause : undefined
    throw cause instanceof Thrown ? cause.cause : error
  }
}
