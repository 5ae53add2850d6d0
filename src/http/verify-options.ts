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
import { type Admission, admissionOption } from './admissions.js'
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
import {
  capabilityHeaderOption,
  DEFAULT_CAPABILITY_HEADER,
  DEFAULT_MAX_AGE_SECS,
  SIGNATURE_LIFETIME_SECS,
} from './signature-profile.js'

/** What a signed request must fulfil to be accepted. `R` is the server's own type of request. */
export interface VerifyRequestOptions<R = Request> {
  /** The verifiers of the wallet entries: `{ ...ethereumVerifiers() }`. */
  verifiers: Verifiers
  /**
   * The host by which clients reach this server, with its port unless that is the default one: `api.example.com`. A list
   * if it has several names, of which a request may be signed for each. It is never taken from the request, whose sender could
   * write anything there.
   */
  authority: string | readonly string[]
  /**
   * What something in front takes off the path before this code sees it, such as `/app` of Next.js's `basePath` in route
   * handlers (`proxy.ts` gets the whole path), of Hono's `app.mount('/app', …)`, or of a proxy that strips a prefix: it begins
   * with a slash and does not end with one. The path that was received is verified behind it, and so is the URL that
   * `resources` and the caller have.
   */
  basePath?: string
  /**
   * The header in which the capability travels; `Authorization` by default. Another one, such as `X-Capability`, where
   * `Authorization` is for something else, such as Basic auth in front of the site. Clients need the same option.
   */
  capabilityHeader?: string
  /**
   * The domains, with their ports, of the sites whose sign-ins are accepted; or a function that returns `true` for a
   * domain that is accepted, such as one of preview deployments.
   */
  domains: Domains
  /**
   * Resources that the capability must cover, at least one: a list for all requests, or a function of the request. `false`
   * accepts a capability for anything, even for nothing on this server: use it only where it is enough to know who is
   * calling.
   */
  resources: WantedResources | OfRequest<R, WantedResources>
  /** The ability that the capability must grant with a resource (ReCap): one for all requests, or a function of the request. */
  ability?: Ability | OfRequest<R, Ability>
  /**
   * Accepts capabilities that a session key delegated, up to so many links. Refused by default, because anyone who can use
   * a session key for a moment can delegate to a key of their own.
   */
  delegation?: DelegationOptions | false
  /**
   * Remembers used requests, so that a captured one can't be sent again until it expires: a store that is made once, outside
   * of the call, such as `memoryReplay()`. `false` only where it does no harm if a request is received twice.
   */
  replay: ReplayStore | false
  /**
   * For two checks of one request in one process, with one replay store, such as in Next.js's `proxy.ts` and in a route handler. The
   * first one with `give` puts a pass into the header `cacao-admission` of its handler's request, which must be handed on; with it
   * the second one, with `take`, doesn't count the request as received again. A pass is a secret of the process, for that request,
   * once, and for a minute. Without one, `take` changes nothing.
   */
  admission?: Admission
  /**
   * Accepts a GET or HEAD for a URL of `session.signURL`, too: for images, players, downloads and event streams, which can't be sent
   * with a signature. Such a URL is good until it expires, not only once, for whoever has it; `replay` and `maxAgeSecs` don't concern
   * it. Refused by default.
   */
  signedURLs?: boolean
  /** Says which capabilities were revoked. */
  revocation?: Revocation
  /** Remembers on which devices an account has signed in, so that a person can see and end their sessions. */
  devices?: DevicesOptions<R>
  /**
   * Seconds that a request may be old; 60 by default, and at most 3600, because sessions sign requests for an hour. A clock
   * that is slow makes a request look older, which `clockSkewSecs` allows for.
   */
  maxAgeSecs?: number
  /**
   * Seconds by which a client's clock may be fast or slow; 300 by default. Requests are remembered against replay for so much
   * longer.
   */
  clockSkewSecs?: number
  /** Bytes that a body may have; 1,048,576 by default. */
  maxBodyBytes?: number
  /** Milliseconds that the replay and the revocation store may take to answer; 2000 by default. */
  storeTimeoutMs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
  /** Verifies the signatures of session keys; by default as `node:crypto` does where there is one, or else WebCrypto. */
  verifyKeySignature?: VerifyKeySignature
}

/** The options of `requestVerifier`: those of `verifyRequest`, and what is remembered between requests. */
export interface RequestVerifierOptions<R = Request> extends Omit<VerifyRequestOptions<R>, 'replay'> {
  /**
   * Remembers used requests; in a `memoryReplay()` of its own by default. `false` only where it does no harm if a request is
   * received twice.
   */
  replay?: ReplayStore | false
  /** Capabilities whose wallet signature is not verified again; 10,000 by default, 0 to verify it each time. */
  cacheSize?: number
  /**
   * Requests of one capability that may be remembered against replay at a time; 100,000 by default. More are refused
   * (`ERR_REQUEST_LIMIT`), so that one caller can't fill the store for all.
   */
  maxLiveRequests?: number
  /** Bytes of bodies that may be buffered for one capability at a time; 16 times `maxBodyBytes` by default. */
  maxHeldBytes?: number
}

/** The options of a verifier after they were read, with their defaults. */
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
  readonly admission: Admission | undefined
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
 * The options of `verifyRequest` for a verifier that is used once: it verifies each wallet signature anew, and a replay store
 * of its own would remember nothing, so the caller must say what remembers. Throws a `TypeError` unless that is said.
 */
export function singleUseOptions(options: VerifyRequestOptions): RequestVerifierOptions {
  const given = copiedOptions(options)
  const { replay } = given as Partial<VerifyRequestOptions>
  replayOption(Object.hasOwn(given, 'replay') ? replay : undefined, 'replay')
  return { ...(given as unknown as VerifyRequestOptions), cacheSize: 0 }
}

/** Reads the options and adds the defaults. Throws a `TypeError` that names the wrong option. */
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
    recordDevice: devices && deviceRecorder(devices, { now, timeoutMs: storeTimeoutMs }),
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
  const form = 'the host that clients name, "api.example.com", or a list of hosts'
  const list = textsOption(form)(typeof value === 'string' ? [value] : value, name)
  if (list.length === 0) throw wrong(name, form)
  for (const host of list) assertHost(host, name)
  return list
}

const basePathOption: ReadValue<string> = (value, name) => {
  const isPath = typeof value === 'string' && /^(?:\/[^/?#]+)+$/.test(value)
  // Not as the URL parser would write it, it could never be signed.
  if (isPath && new URL(value, 'https://a.example').pathname === value) return value
  throw wrong(name, 'a path as URLs have it, with a slash at its beginning and none at its end: "/app"')
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
  admission: check(admissionOption),
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
      'a function of a public key, a signature and the data that gives true or false',
    ),
  ),
}
