import { type Clock, clockOption, systemClock } from '../base/environment.js'
import {
  booleanOption,
  check,
  copiedOptions,
  functionOption,
  type OptionReaders,
  quantityOption,
  type ReadValue,
  readOptions,
  required,
  setting,
  textsOption,
  wrong,
} from '../base/options.js'
import { DEFAULT_CLOCK_SKEW_SECS } from '../capability/cacao.js'
import {
  assertHost,
  type DelegationOptions,
  type Domains,
  delegationOption,
  domainsOption,
  type Revocation,
  revocationOption,
  verifiersOption,
} from '../capability/check-options.js'
import type { Ability } from '../capability/resources.js'
import type { Verifiers } from '../capability/verify-signature.js'
import { type VerifyKeySignature, verifyKeySignature } from '../key/verify.js'
import { type AskStore, storeAsker } from './capability-gate.js'
import {
  type DeviceRecorder,
  type DevicesOptions,
  deviceRecorder,
  devicesOption,
  type ReadDevicesOptions,
} from './devices.js'
import { memoryReplay, type ReplayStore, replayOption } from './replay.js'
import {
  type OfRequest,
  requiredAbilityOption,
  requiredResourcesOption,
  type WantedResources,
} from './requirements.js'
import { type Check, checkOption } from './second-check.js'
import {
  capabilityHeaderOption,
  DEFAULT_CAPABILITY_HEADER,
  DEFAULT_MAX_AGE_SECS,
  SIGNATURE_LIFETIME_SECS,
} from './signature-profile.js'

/** The checks that a signed request must pass. `R` is the server's own type of request. */
export interface VerifyRequestOptions<R = Request> {
  /** The verifiers of the wallet entries: `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /**
   * The host by which clients reach this server, with its port unless that is the default one: `api.example.com`; or a list, if
   * the server has several hosts. A request must be signed for one of them. The host is never taken from the request, because a
   * sender can write any host there.
   */
  authority: string | readonly string[]
  /**
   * The path prefix that something in front of this code strips, such as `/app` of Next.js's `basePath` in route handlers
   * (`proxy.ts` gets the whole path), of Hono's `app.mount('/app', …)`, or of a reverse proxy. It begins with a slash and does not
   * end with one. The signature is verified for this prefix followed by the received path. The URLs that `resources` and the
   * caller get have the prefix too.
   */
  basePath?: string
  /**
   * The header that carries the capability; `Authorization` by default. Use another header, such as `X-Capability`, if
   * `Authorization` is already used, for example by Basic auth in front of the site. Clients need the same option.
   */
  capabilityHeader?: string
  /**
   * The domains, with their ports, of the sites whose sign-ins are accepted; or a function that returns `true` for an accepted
   * domain, for example for the domains of preview deployments.
   */
  domains: Domains
  /**
   * Resources that the capability must cover, at least one: a list for all requests, or a function of the request. `false`
   * accepts a capability for any resources, even for none on this server: use it only where it is enough to know who is
   * calling.
   */
  resources: WantedResources | OfRequest<R, WantedResources>
  /** The ability that the capability must grant with a resource (ReCap): one for all requests, or a function of the request. */
  ability?: Ability | OfRequest<R, Ability>
  /**
   * Accepts capabilities that a session key delegated, up to `maxLinks`. They are refused by default, because an attacker who can use
   * a session key for a moment can delegate to a key of their own.
   */
  delegation?: DelegationOptions | false
  /**
   * Remembers used requests, so that a captured request is not accepted again before it expires. Create the store once, outside
   * of this call, for example with `memoryReplay()`. Pass `false` only if receiving a request twice does no harm.
   */
  replay: ReplayStore | false
  /**
   * For two checks of the same request in one process with one replay store, such as in Next.js's `proxy.ts` and in a route handler.
   * The `first` one puts a pass into the header `cacao-check` of the handler's request, which must be handed on. If the pass is valid, the
   * `second` one doesn't refuse the request as a replay. A pass is a secret of the process, valid for that request, once, for a
   * minute. Without a pass, `second` changes nothing.
   */
  check?: Check
  /**
   * Also accepts GET and HEAD for a URL that `session.signURL` made: for images, players, downloads and event streams, whose requests
   * a page can't sign. Anyone who has such a URL can use it, more than once, until it expires; `replay` and `maxAgeSecs` don't apply
   * to it. `false` by default.
   */
  signedURLs?: boolean
  /** Knows which capabilities were revoked. By default, revocation is not checked. */
  revocation?: Revocation
  /** Remembers on which devices an account has signed in, so that a person can see and end their sessions. */
  devices?: DevicesOptions<R>
  /**
   * The longest age of a request in seconds; 60 by default, and at most 3600, because sessions sign requests for an hour. A slow
   * client clock makes a request look older; `clockSkewSecs` is added for that.
   */
  maxAgeSecs?: number
  /**
   * Seconds by which a client's clock may be fast or slow; 300 by default. Used requests are remembered for that much longer.
   */
  clockSkewSecs?: number
  /** The most bytes in a body; 1,048,576 by default. */
  maxBodyBytes?: number
  /** Milliseconds within which the replay, the revocation and the device store must answer; 2000 by default. */
  storeTimeoutMs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
  /** Verifies the signatures of session keys; by default `node:crypto` does, where it exists, or else WebCrypto. */
  verifyKeySignature?: VerifyKeySignature
}

/** The options of `requestVerifier`: those of `verifyRequest`, and what is remembered between requests. */
export interface RequestVerifierOptions<R = Request> extends Omit<VerifyRequestOptions<R>, 'replay'> {
  /**
   * Remembers used requests; by default in a `memoryReplay()` that only this verifier uses. Pass `false` only if receiving a request
   * twice does no harm.
   */
  replay?: ReplayStore | false
  /** The most capabilities whose verified wallet signature is cached; 10,000 by default. With 0, it is verified each time. */
  cacheSize?: number
  /**
   * The most unexpired requests of one capability in the replay store; 100,000 by default. Further requests are refused with
   * `ERR_REQUEST_LIMIT`, so that one caller can't fill the store.
   */
  maxLiveRequests?: number
  /**
   * The most bytes of bodies that are buffered for one capability at a time; 16 times `maxBodyBytes` by default. Further requests
   * are refused with `ERR_REQUEST_LIMIT`.
   */
  maxHeldBytes?: number
}

/** The options of a verifier after they were read, with defaults added. */
export interface VerifierSettings<R> {
  readonly verifiers: Verifiers
  readonly authorities: readonly string[]
  readonly basePath: string
  readonly capabilityHeader: string
  readonly domains: Domains
  readonly resources: RequestVerifierOptions<R>['resources']
  readonly ability: RequestVerifierOptions<R>['ability']
  readonly delegation: DelegationOptions | false
  readonly replay: ReplayStore | false
  readonly check: Check | undefined
  readonly signedURLs: boolean
  readonly revocation: RequestVerifierOptions<R>['revocation']
  readonly recordDevice: DeviceRecorder<R> | undefined
  readonly maxAgeSecs: number
  readonly clockSkewSecs: number
  readonly maxBodyBytes: number
  readonly maxHeldBytes: number
  readonly maxLiveRequests: number
  readonly cacheSize: number
  readonly now: Clock
  readonly verifyKeySignature: VerifyKeySignature
  readonly askStore: AskStore
}

const DEFAULT_BODY_BYTES = 1_048_576
const DEFAULT_HELD_BODIES = 16

/**
 * Turns the options of `verifyRequest` into those of a verifier that is used once. It needs no cache, and it can't have a default
 * replay store, because that would forget every request. Throws a `TypeError` if the option `replay` is missing or wrong.
 */
export function singleUseOptions(options: VerifyRequestOptions): RequestVerifierOptions {
  const given = copiedOptions(options)
  const { replay } = given as Partial<VerifyRequestOptions>
  replayOption(Object.hasOwn(given, 'replay') ? replay : undefined, 'replay')
  return { ...(given as unknown as VerifyRequestOptions), cacheSize: 0 }
}

/** Reads the options and adds the defaults. Throws a `TypeError` that names a wrong option. */
export function settingsOf<R>(options: RequestVerifierOptions<R>): VerifierSettings<R> {
  const {
    authority,
    basePath = '',
    capabilityHeader = DEFAULT_CAPABILITY_HEADER,
    delegation = false,
    now = systemClock,
    replay = memoryReplay({ now }),
    signedURLs = false,
    maxAgeSecs = DEFAULT_MAX_AGE_SECS,
    clockSkewSecs = DEFAULT_CLOCK_SKEW_SECS,
    maxBodyBytes = DEFAULT_BODY_BYTES,
    maxHeldBytes = DEFAULT_HELD_BODIES * maxBodyBytes,
    maxLiveRequests = 100_000,
    cacheSize = 10_000,
    storeTimeoutMs = 2000,
    devices,
    verifyKeySignature: verify = verifyKeySignature,
    ...others
  } = readOptions(options, REQUEST_OPTIONS as OptionReaders<GivenOptions<R>>)
  return {
    ...others,
    authorities: authority,
    basePath,
    capabilityHeader,
    delegation,
    now,
    replay,
    signedURLs,
    maxAgeSecs,
    clockSkewSecs,
    maxBodyBytes,
    maxHeldBytes,
    maxLiveRequests,
    cacheSize,
    verifyKeySignature: verify,
    askStore: storeAsker(storeTimeoutMs),
    recordDevice:
      devices && deviceRecorder(devices, { now, timeoutMs: storeTimeoutMs, revocation: others.revocation }),
  }
}

type GivenOptions<R> = {
  [K in keyof Required<RequestVerifierOptions<R>>]: K extends 'authority'
    ? readonly string[]
    : K extends 'devices'
      ? ReadDevicesOptions | undefined
      : undefined extends RequestVerifierOptions<R>[K]
        ? RequestVerifierOptions<R>[K] | undefined
        : RequestVerifierOptions<R>[K]
}

const authorityOption: ReadValue<readonly string[]> = (value, name) => {
  const form = 'the host by which clients reach this server, "api.example.com", or a list of hosts'
  const list = textsOption(form)(typeof value === 'string' ? [value] : value, name)
  if (list.length === 0) throw wrong(name, form)
  for (const host of list) assertHost(host, name)
  return list
}

const basePathOption: ReadValue<string> = (value, name) => {
  const isPath = typeof value === 'string' && /^(?:\/[^/?#]+)+$/.test(value)
  // A path that the URL parser would change can't occur in a signed URL.
  if (isPath && new URL(value, 'https://a.example').pathname === value) return value
  throw wrong(name, 'a path as in a URL, with a slash at its beginning and none at its end: "/app"')
}

/** Reads the option `maxAgeSecs`. */
export const maxAgeOption: ReadValue<number> = (value, name) => {
  const secs = quantityOption(value, name)
  if (secs <= SIGNATURE_LIFETIME_SECS) return secs
  throw wrong(name, `at most ${SIGNATURE_LIFETIME_SECS} seconds, for which sessions sign requests and tokens`)
}

/** The readers of all options of `requestVerifier`. */
export const REQUEST_OPTIONS: OptionReaders<GivenOptions<never>> = {
  verifiers: required(verifiersOption),
  authority: required(authorityOption),
  basePath: check(basePathOption),
  capabilityHeader: check(capabilityHeaderOption),
  domains: required(domainsOption),
  resources: required(requiredResourcesOption),
  ability: check(requiredAbilityOption),
  delegation: check(delegationOption),
  replay: check(replayOption),
  check: check(checkOption),
  signedURLs: setting(booleanOption),
  revocation: check(revocationOption),
  devices: check(devicesOption),
  maxAgeSecs: setting(maxAgeOption),
  clockSkewSecs: setting(quantityOption),
  maxBodyBytes: setting(quantityOption),
  maxHeldBytes: setting(quantityOption),
  maxLiveRequests: setting(quantityOption),
  cacheSize: setting(quantityOption),
  storeTimeoutMs: setting(quantityOption),
  now: setting(clockOption),
  verifyKeySignature: setting(
    functionOption<VerifyKeySignature>(
      'a function of a public key, a signature and the data that returns true or false',
    ),
  ),
}
