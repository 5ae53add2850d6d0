import { SessionError } from '../base/errors.js'
import {
  check,
  copiedOptions,
  functionOption,
  type OptionReaders,
  type ReadValue,
  readOptions,
  required,
  secondsOption,
  setting,
  textsOption,
  wrong,
} from '../base/options.js'
import { type Clock, clockOption, systemClock, within } from '../base/time.js'
import type { Ability } from '../capability/abilities.js'
import {
  abilityOption,
  assertHost,
  type DelegationOptions,
  type Domains,
  delegationOption,
  domainsOption,
  verifiersOption,
} from '../capability/check-options.js'
import { givenResources, resourcesOption } from '../capability/resources.js'
import { DEFAULT_CLOCK_SKEW_SECS } from '../capability/validity.js'
import type { Verifiers } from '../capability/verify-signature.js'
import { type VerifyKeySignature, verifyKeySignature } from '../key/verify.js'
import type { IncomingRequest } from './incoming-request.js'
import { memoryReplay, type ReplayStore } from './replay.js'
import type { RevocationStore } from './revocation.js'
import { MAX_AGE_SECS } from './signature-profile.js'

/**
 * Says of each request what is asked for. `url` is the verified one: the configured authority, and the path and query that
 * were signed; a web standard `request` has it too.
 */
export type OfRequest<R, T> = (request: R, url: URL) => T | Promise<T>

/** Resources that a capability must cover, at least one; or `false`, on purpose, for any. */
export type WantedResources = readonly string[] | false

/** What a signed request must be to be accepted. `R` is the server's own kind of request. */
export interface VerifyRequestOptions<R = Request> {
  /** What the wallet entries give: `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /**
   * The host, with its port unless that is the scheme's own, by which clients reach this server: `api.example.com`.
   * Several if it has several names. Never taken from the request, whose sender could write anything there.
   */
  authority: string | readonly string[]
  /**
   * The domains, with their ports, of the sites whose sign-ins are accepted; or a function that says `true` of one, such as
   * for preview deployments.
   */
  domains: Domains
  /**
   * Resources that the capability must cover, for every request or for each: at least one. `false` accepts a capability for
   * anything, even for nothing on this server: only where it is enough to know who is calling.
   */
  resources: WantedResources | OfRequest<R, WantedResources>
  /** What the capability must allow (ReCap): one ability with one resource, for every request or for each. */
  ability?: Ability | OfRequest<R, Ability>
  /**
   * Accept capabilities that a session's key delegated, too, up to so many links. Refused by default: whoever can use a
   * session's key for a moment can delegate to a key of their own.
   */
  delegation?: DelegationOptions | false
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
  /**
   * Requests of one capability that may be remembered against replay at a time; 100,000 by default. More are refused
   * (`ERR_REQUEST_LIMIT`), so that one caller can't fill the store for all.
   */
  maxLiveRequests?: number
  /** Bytes of bodies that may be held for one capability while they arrive; 16 times `maxBodyBytes` by default. */
  maxHeldBytes?: number
}

const DEFAULT_BODY_BYTES = 1_048_576
const DEFAULT_HELD_BODIES = 16

/** What a verifier goes by: options that were read, with their defaults. */
export interface VerifierSettings<R> {
  readonly verifiers: Verifiers
  readonly authorities: readonly string[]
  readonly domains: Domains
  readonly resources: RequestVerifierOptions<R>['resources']
  readonly ability: RequestVerifierOptions<R>['ability']
  readonly delegation: DelegationOptions | false
  readonly replay: ReplayStore | false
  readonly revocation: RequestVerifierOptions<R>['revocation']
  readonly maxAgeSecs: number
  readonly clockSkewSecs: number
  readonly maxBodyBytes: number
  readonly maxHeldBytes: number
  readonly maxLiveRequests: number
  readonly cacheSize: number
  readonly now: Clock
  readonly verifyKeySignature: VerifyKeySignature
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
  const {
    authority,
    delegation = false,
    now = systemClock,
    replay = memoryReplay({ now }),
    maxAgeSecs = MAX_AGE_SECS,
    clockSkewSecs = DEFAULT_CLOCK_SKEW_SECS,
    maxBodyBytes = DEFAULT_BODY_BYTES,
    maxHeldBytes = DEFAULT_HELD_BODIES * maxBodyBytes,
    maxLiveRequests = 100_000,
    cacheSize = 10_000,
    storeTimeoutMs = 2000,
    verifyKeySignature: verify = verifyKeySignature,
    ...others
  } = readOptions(options, REQUEST_OPTIONS as OptionReaders<GivenOptions<R>>)
  return {
    ...others,
    authorities: authority,
    delegation,
    now,
    replay,
    maxAgeSecs,
    clockSkewSecs,
    maxBodyBytes,
    maxHeldBytes,
    maxLiveRequests,
    cacheSize,
    verifyKeySignature: verify,
    ask: storeQuestion(storeTimeoutMs),
  }
}

type GivenOptions<R> = {
  [K in keyof Required<RequestVerifierOptions<R>>]: K extends 'authority'
    ? readonly string[]
    : undefined extends RequestVerifierOptions<R>[K]
      ? RequestVerifierOptions<R>[K] | undefined
      : RequestVerifierOptions<R>[K]
}

/** One that is the same for all requests, or a function of each. */
function ofRequest<T>(read: ReadValue<T>): ReadValue<T | OfRequest<never, T>> {
  return (value, name) => (typeof value === 'function' ? (value as OfRequest<never, T>) : read(value, name))
}

const authorityOption: ReadValue<readonly string[]> = (value, name) => {
  const form = 'the host that clients name, "api.example.com", or a list of such'
  const list = textsOption(form)(typeof value === 'string' ? [value] : value, name)
  if (list.length === 0) throw wrong(name, form)
  for (const host of list) assertHost(host, name)
  return list
}

/** Resources that a request needs, or `false` for any. Absence is an error: nothing may be open by being forgotten. */
const wantedOption: ReadValue<WantedResources> = (value, name) => {
  if (value === undefined)
    throw new TypeError(
      `${name} is missing: name what a capability must cover, ["https://api.example.com/notes/*"], give a function of the request, or false for any on purpose`,
    )
  return value === false ? false : resourcesOption(value, name)
}

/** The same as a function of a request gives them. */
export const givenWanted: ReadValue<WantedResources> = (value, name) =>
  value === false ? false : givenResources(value, name)

/** What has a method of this name. */
function storeOption<T>(method: string, example: string): ReadValue<T> {
  return (value, name) => {
    const store = value as Record<string, unknown> | null
    if (typeof store === 'object' && store !== null && typeof store[method] === 'function') return value as T
    throw wrong(name, `a store with a method ${method}, such as ${example} gives`)
  }
}

const replayStore = storeOption<ReplayStore>('use', 'memoryReplay()')
const replayOption: ReadValue<ReplayStore | false> = (value, name) =>
  value === false ? false : replayStore(value, name)

const quantityOption: ReadValue<number> = (value, name) => {
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value
  throw wrong(name, 'a finite number, and not negative')
}

const REQUEST_OPTIONS: OptionReaders<GivenOptions<never>> = {
  verifiers: required(verifiersOption),
  authority: required(authorityOption),
  domains: required(domainsOption),
  resources: required(ofRequest(wantedOption)),
  ability: check(ofRequest(abilityOption)),
  delegation: check(delegationOption),
  replay: check(replayOption),
  revocation: check(storeOption<Pick<RevocationStore, 'isRevoked'>>('isRevoked', 'memoryRevocation()')),
  maxAgeSecs: setting(secondsOption),
  clockSkewSecs: setting(secondsOption),
  maxBodyBytes: setting(quantityOption),
  maxHeldBytes: setting(quantityOption),
  maxLiveRequests: setting(quantityOption),
  cacheSize: setting(quantityOption),
  storeTimeoutMs: setting(quantityOption),
  now: setting(clockOption),
  verifyKeySignature: setting(
    functionOption<VerifyKeySignature>('a function that verifies a signature, such as verifyWithNodeCrypto'),
  ),
}

/** What is asked for of a request, read as the option itself would be where a function says it. */
export async function askedOf<R, T>(
  asked: T | OfRequest<R, T>,
  read: ReadValue<T>,
  name: string,
  incoming: IncomingRequest<R>,
  url: URL,
): Promise<T> {
  if (typeof asked !== 'function') return asked
  const answer: unknown = await (asked as OfRequest<R, T>)(await incoming.at(url.href), new URL(url))
  return read(answer, `what the function ${name} gives`)
}

/** The options of a middleware: those of the verifier, and its own. */
export function splitOptions<Own extends object>(
  options: unknown,
  own: OptionReaders<Own>,
): { readonly own: Own; readonly others: Readonly<Record<string, unknown>> } {
  const isOwn = ([name]: [string, unknown]): boolean => Object.hasOwn(own, name)
  const entries = Object.entries(copiedOptions(options))
  return {
    own: readOptions(Object.fromEntries(entries.filter(isOwn)), own),
    others: Object.fromEntries(entries.filter((entry) => !isOwn(entry))),
  }
}
