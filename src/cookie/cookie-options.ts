import {
  assertNames,
  booleanOption,
  copiedOptions,
  type ReadValue,
  readOptions,
  setting,
  wrong,
} from '../base/options.js'
import type { Ability } from '../capability/resources.js'
import { possibleURLs } from '../http/incoming-request.js'
import { memoryReplay } from '../http/replay.js'
import { settingsOf, type VerifierSettings } from '../http/verify-options.js'
import { type RequireSessionOptions, readSessionOptions, SESSION_OPTIONS } from '../middleware/guard.js'
import type { NodeRequest } from '../middleware/node-request.js'
import { type CookieStoreOptions, readCookieStoreOptions } from '../store/cookie-format.js'
import type { JarOptions } from './cookie-jar.js'

/** The requests that the handlers of a session cookie accept. */
export type CookieRequest = Request | NodeRequest

/** How a session cookie is written, and which capabilities are accepted: options of `requireSession`, and a few more. */
export interface SessionCookieOptions
  extends Omit<
      RequireSessionOptions<CookieRequest>,
      'resources' | 'ability' | 'maxAgeSecs' | 'check' | 'maxBodyBytes' | 'maxHeldBytes' | 'signedURLs'
    >,
    Pick<CookieStoreOptions, 'secret'> {
  /** The resources that the capability must cover, at least one; or `false` to accept any capability of the account. */
  resources: readonly string[] | false
  /** The ability that the capability must grant for a resource (ReCap). */
  ability?: Ability
  /**
   * Seconds for which the cookie is valid without being renewed; 600 by default, at most 86,400. A thief can use a copied cookie for
   * this long, but can't renew it.
   */
  maxAgeSecs?: number
  /**
   * The cookie's name after `__Host-`; `cacao-session` by default. Apps on different ports of one host share their cookies, so give
   * each app a different name.
   */
  name?: string
  /**
   * Whether the cookie has `Secure` and `__Host-`; true by default. Set it to `false` for development on this machine without TLS,
   * where Safari would not keep the cookie. `false` is refused for any other authority.
   */
  secure?: boolean
}

/** The options after they were read. */
export interface CookieSettings {
  readonly jar: JarOptions
  readonly maxAgeSecs: number
  readonly guard: RequireSessionOptions<CookieRequest>
  readonly checks: Omit<VerifierSettings<CookieRequest>, 'resources' | 'ability'>
  readonly resources: readonly string[] | false
  readonly ability: Ability | undefined
  /** The header that answers to signed requests name in `Vary`. */
  readonly vary: string
}

const DEFAULT_MAX_AGE_SECS = 600
const MAX_AGE_LIMIT_SECS = 86_400

const maxAgeOption: ReadValue<number> = (value, name) => {
  if (Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= MAX_AGE_LIMIT_SECS)
    return value as number
  throw wrong(
    name,
    `a whole number of seconds from 1 to ${MAX_AGE_LIMIT_SECS}, because a stolen cookie is valid for this long`,
  )
}

const nameOption: ReadValue<string> = (value, name) => {
  if (typeof value === 'string' && /^[-\w]{1,64}$/.test(value)) return value
  throw wrong(name, 'up to 64 letters, digits, "-" and "_": "my-app"')
}

const OWN_OPTIONS = {
  maxAgeSecs: setting(maxAgeOption),
  name: setting(nameOption),
  secure: setting(booleanOption),
}

// These options have no meaning for a cookie: its request needs no body, is verified once, and is never a signed URL.
const { check: _, maxBodyBytes: __, maxHeldBytes: ___, signedURLs: ____, ...GUARD_OPTIONS } = SESSION_OPTIONS
// Used only to check the names; the values are read below.
const COOKIE_OPTIONS: Readonly<Record<keyof SessionCookieOptions, unknown>> = {
  secret: true,
  ...GUARD_OPTIONS,
  ...OWN_OPTIONS,
}

/** Reads the options of `sessionCookie`. Throws a `TypeError` that names the wrong one. */
export function cookieSettings(options: SessionCookieOptions): CookieSettings {
  const all = copiedOptions(options)
  assertNames(all, COOKIE_OPTIONS)
  const { secret, maxAgeSecs: secs, name: bareName, secure: isSecure, ...given } = all
  const {
    maxAgeSecs = DEFAULT_MAX_AGE_SECS,
    name = 'cacao-session',
    secure = true,
  } = readOptions(
    { maxAgeSecs: secs, name: bareName, secure: isSecure } as Readonly<Record<string, unknown>>,
    OWN_OPTIONS as never,
  ) as { maxAgeSecs?: number; name?: string; secure?: boolean }
  for (const option of ['resources', 'ability'])
    if (typeof given[option] === 'function')
      throw new TypeError(
        `${option} can't be a function, because the cookie is the same for all pages: check the caller's capability in the page that needs more`,
      )
  const withReplay = Object.hasOwn(given, 'replay') ? given : { ...given, replay: replayFor(given['now']) }
  const guard = withReplay as unknown as RequireSessionOptions<CookieRequest>
  const { verifier, vary } = readSessionOptions(guard)
  const { resources, ability, ...checks } = settingsOf(verifier)
  if (!secure && !isOnThisMachine(checks))
    throw new TypeError('secure can be false only for authorities of this machine, such as "localhost:3000"')
  const fullName = secure ? `__Host-${name}` : name
  const { secrets } = readCookieStoreOptions({ secret, prefix: fullName, secure } as CookieStoreOptions)
  return {
    jar: { name: fullName, secure, secrets },
    maxAgeSecs,
    guard,
    checks,
    resources: resources as CookieSettings['resources'],
    ability: ability as CookieSettings['ability'],
    vary,
  }
}

// Both handlers share one store, so that a request can't be replayed from one to the other.
const replayFor = (now: unknown): ReturnType<typeof memoryReplay> =>
  memoryReplay(typeof now === 'function' ? { now: now as () => number } : {})

function isOnThisMachine(address: {
  readonly authorities: readonly string[]
  readonly basePath: string
}): boolean {
  return address.authorities.every((authority) =>
    possibleURLs(
      { target: '/', isEncrypted: false, hosts: [] },
      { authorities: [authority], basePath: '' },
    ).every(({ protocol }) => protocol === 'http:'),
  )
}
