import { type Clock, systemClock } from '../base/clock.js'
import { SessionError } from '../base/errors.js'
import { within } from '../base/timeout.js'
import type { Ability } from '../capability/abilities.js'
import { DEFAULT_CLOCK_SKEW_SECS } from '../capability/validity.js'
import type { Verifiers } from '../capability/verify-signature.js'
import { type VerifyKeySignature, verifyKeySignature } from '../key/verify.js'
import { MAX_AGE_SECS } from './profile.js'
import { memoryReplay, type ReplayStore } from './replay.js'
import type { RevocationStore } from './revocation.js'

/** What a signed request must be to be accepted. `R` is the server's own kind of request. */
export interface VerifyRequestOptions<R = Request> {
  /** What the wallet entries give: `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /**
   * The host, with its port unless that is the scheme's own, by which clients reach this server: `api.example.com`.
   * Several if it has several names. Never taken from the request, whose sender could write anything there.
   */
  authority: string | readonly string[]
  /** The domains, with their ports, of the sites whose sign-ins are accepted. */
  domains: readonly string[]
  /** Resources that the capability must cover, for every request or for each. */
  resources?: readonly string[] | ((request: R) => readonly string[] | Promise<readonly string[]>)
  /** What the capability must allow (ReCap): one ability with one resource, for every request or for each. */
  ability?: Ability | ((request: R) => Ability | Promise<Ability>)
  /** Where used requests are remembered. Without it, a captured request can be sent again until it expires. */
  replay?: ReplayStore | false
  /** Which capabilities were revoked. */
  revocation?: Pick<RevocationStore, 'isRevoked'>
  /** Seconds that a request may be old, and that it may be valid for; 60 by default. */
  maxAgeSecs?: number
  /** Seconds by which a client's clock may run ahead; 300 by default. */
  clockSkewSecs?: number
  /** Bytes that a body may have; 1,048,576 by default. */
  maxBodyBytes?: number
  /** Milliseconds that the replay and the revocation store may take; 2000 by default. */
  storeTimeoutMs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
  /** What verifies a session key's signature; WebCrypto by default. On Node, `verifyWithNodeCrypto` is faster. */
  verifyKeySignature?: VerifyKeySignature
}

/** `requestVerifier`. */
export interface RequestVerifierOptions<R = Request> extends VerifyRequestOptions<R> {
  /** Where used requests are remembered; this process's memory by default. `false` only where a second time does no harm. */
  replay?: ReplayStore | false
  /** Capabilities whose wallet signature needn't be checked anew; 10,000 by default, 0 to check each time. */
  cacheSize?: number
}

const DEFAULT_BODY_BYTES = 1_048_576

/** What a verifier goes by: options that were checked, with their defaults. */
export interface VerifierSettings<R>
  extends Required<
      Omit<RequestVerifierOptions<R>, 'authority' | 'resources' | 'ability' | 'revocation' | 'storeTimeoutMs'>
    >,
    Pick<RequestVerifierOptions<R>, 'resources' | 'ability' | 'revocation'> {
  readonly authorities: readonly string[]
  /** Asks a store; rejects with `ERR_STORE_UNAVAILABLE` if it doesn't say yes or no in time. */
  readonly ask: (question: () => boolean | Promise<boolean>) => Promise<boolean>
}

/** Asks a store, and waits so long. What is neither yes nor no is a store that can't be asked. */
function storeQuestion(timeoutMs: number): VerifierSettings<never>['ask'] {
  return async (ask: () => boolean | Promise<boolean>): Promise<boolean> => {
    let answer: unknown
    let cause: unknown
    try {
      const asked = ask()
      answer = typeof asked === 'boolean' ? asked : await within(timeoutMs, asked)
    } catch (error) {
      cause = error
    }
    if (typeof answer === 'boolean') return answer
    throw new SessionError(
      'ERR_STORE_UNAVAILABLE',
      `a store gave no answer within ${timeoutMs} ms`,
      cause === undefined ? undefined : { cause },
    )
  }
}

/** The options with their defaults. Throws a `TypeError` that names the wrong one. */
export function settingsOf<R>(options: RequestVerifierOptions<R>): VerifierSettings<R> {
  const { verifiers, domains, resources, ability, revocation, now = systemClock } = options
  if (typeof verifiers !== 'object' || verifiers === null)
    throw new TypeError('verifiers must be an object, such as ethereumVerifiers() gives')
  if (
    !Array.isArray(domains) ||
    domains.length === 0 ||
    !domains.every((domain) => typeof domain === 'string')
  )
    throw new TypeError('domains must be sites: ["app.example.com"]')
  const areListed = Array.isArray(resources) && resources.every((resource) => typeof resource === 'string')
  if (resources !== undefined && typeof resources !== 'function' && !areListed)
    throw new TypeError('resources must be an array of URIs or a function')
  if (ability !== undefined && typeof ability !== 'function' && typeof ability?.resource !== 'string')
    throw new TypeError('ability must be { ability, resource } or a function')
  const replay = options.replay ?? memoryReplay({ now })
  if (replay !== false && typeof replay.use !== 'function')
    throw new TypeError('replay must be a store, such as memoryReplay() gives')
  if (revocation !== undefined && typeof revocation.isRevoked !== 'function')
    throw new TypeError('revocation must be a store, such as memoryRevocation() gives')
  return {
    verifiers,
    authorities: authoritiesOf(options.authority),
    domains,
    ...(resources && { resources }),
    ...(ability && { ability }),
    ...(revocation && { revocation }),
    replay,
    now,
    maxAgeSecs: quantity(options, 'maxAgeSecs', MAX_AGE_SECS),
    clockSkewSecs: quantity(options, 'clockSkewSecs', DEFAULT_CLOCK_SKEW_SECS),
    maxBodyBytes: quantity(options, 'maxBodyBytes', DEFAULT_BODY_BYTES),
    cacheSize: quantity(options, 'cacheSize', 10_000),
    verifyKeySignature: options.verifyKeySignature ?? verifyKeySignature,
    ask: storeQuestion(quantity(options, 'storeTimeoutMs', 2000)),
  }
}

function quantity<Name extends string>(
  options: { readonly [K in Name]?: number },
  name: Name,
  otherwise: number,
): number {
  const value: unknown = options[name] ?? otherwise
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value
  throw new TypeError(`${name} must be a finite number, and not negative`)
}

function authoritiesOf(authority: unknown): string[] {
  const list: unknown[] = Array.isArray(authority) ? authority : [authority]
  const isGood = (value: unknown): value is string =>
    typeof value === 'string' && ['https', 'http'].some((scheme) => hostOf(`${scheme}://${value}`) === value)
  if (list.length > 0 && list.every(isGood)) return list
  throw new TypeError('authority must be the host that clients name: "api.example.com"')
}

// As browsers write it: lower case, punycode, without the scheme's own port.
function hostOf(url: string): string | undefined {
  try {
    return new URL(url).host
  } catch {
    return undefined
  }
}
