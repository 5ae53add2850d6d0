import type { Clock } from '../base/time.js'
import type { Abilities } from '../capability/abilities.js'
import type { Domains, Revocation } from '../capability/check-options.js'
import type { Verifiers } from '../capability/verify-signature.js'
import type { SessionKeyType } from '../key/session-key.js'
import type { SessionStore } from '../store/store.js'
/** Where sessions are looked for, and by which clock. */
export interface StoreOptions {
  /**
   * Where sessions are kept; IndexedDB by default, and memory where the browser refuses that. Outside of browsers there is no
   * default: without a store, `ERR_ENVIRONMENT`.
   */
  store?: SessionStore
  /** Keeps kinds of sign-in apart, such as "user" and "admin"; `default` by default. */
  namespace?: string
  /** For apps to which the chain means nothing: an account's sessions count whichever chain they were signed on. */
  anyChain?: boolean
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
  /**
   * Ends the waiting: the call rejects with the signal's reason and nothing is stored. Once the wallet has signed and the
   * session is being kept, it comes too late, and the call gives the session.
   */
  signal?: AbortSignal
}

/**
 * What is believed of a session that comes from a store or a string. A store that others can write (`writableByOthers`) needs
 * `verifiers` and `domains`.
 */
export interface TrustOptions {
  /**
   * Check the wallet's signature too, for each of these signature types. While a contract account's chain can't be asked,
   * that rejects with `ERR_RPC_UNAVAILABLE`.
   */
  verifiers?: Verifiers
  /** The sites, with their ports, whose sign-ins are accepted, or a function that says `true` of one. */
  domains?: Domains
  /**
   * Says which capabilities were revoked: a `RevocationStore`, or `{ isRevoked }`; asked of each in a chain. Anything but
   * `false` is a refusal; what rejects with a `SessionError` of its own, such as `ERR_STORE_UNAVAILABLE`, rejects the call.
   */
  revocation?: Revocation
}

/** `DIDSession.list`. */
export interface ListOptions extends StoreOptions, TrustOptions {}

/** How a session is taken up again. */
export interface ResumeOptions extends StoreOptions, TrustOptions {
  /** What the session must be able to do; without it, whatever it can. */
  resources?: readonly string[]
  abilities?: Abilities
  /** Seconds for which the session must still be valid; 0 by default. */
  minValiditySecs?: number
}

/** What a session must be able to do: resources, or those together with abilities. */
export type AskedResources = readonly string[] | Pick<ResumeOptions, 'resources' | 'abilities'>

/** `DIDSession.hasSessionFor` and `explain`. */
export interface ExplainOptions extends StoreOptions, TrustOptions, Pick<ResumeOptions, 'minValiditySecs'> {}

/** What the wallet is asked for. */
export interface GrantOptions {
  /** What the session may do: URIs, exact or ending in `/*`. At least one, unless there are `abilities`. */
  resources?: readonly string[]
  /** What it may do with what (ReCap, ERC-5573), which the person reads in words: by URI, names such as `notes/read`. */
  abilities?: Abilities
  /** Seconds until the session expires; one week by default. */
  expiresInSecs?: number
  /** When the session expires, as an RFC 3339 date-time; `expiresInSecs` wins over it. */
  expirationTime?: string
  /** Who asks: an RFC 3986 authority, with its port. The auth method's own choice by default. */
  domain?: string
  /** One line in plain words for the person to read. */
  statement?: string
  /** The nonce, or a function that gets one, such as from the server; asked only when the wallet is. */
  nonce?: string | (() => string | Promise<string>)
  requestId?: string
}

/**
 * `DIDSession.get`: resume, or else ask the wallet. `verifiers`, `domains` and `revocation` are asked of a stored session, as
 * for `load`, and of what the wallet signs before that is stored.
 */
export interface GetOptions extends GrantOptions, StoreOptions, TrustOptions {
  /**
   * The kind of session key; P-256 by default, because every engine can store it. Ed25519 keys must not sign more than 60,000
   * bytes at once in WebKitGTK, whose page would crash.
   */
  keyType?: SessionKeyType
  /** Seconds for which a stored session must still be valid: one that isn't is renewed. 0 by default. */
  minValiditySecs?: number
  /** Seconds to wait for a prompt that another tab has opened, before this one opens its own; 60 by default. */
  waitSecs?: number
}

/** `session.renew`: what the new session differs in. What is left out stays as it was, the lifetime too. */
export interface RenewOptions extends Partial<GrantOptions> {
  /** What the session may do besides. */
  resources?: readonly string[]
  abilities?: Abilities
  verifiers?: Verifiers
  signal?: AbortSignal
  /** Seconds to wait for a prompt that another tab has opened, before this one opens its own; 60 by default. */
  waitSecs?: number
}

/** `DIDSession.authorize`: a session that can be written to a string. */
export interface AuthorizeOptions extends GrantOptions {
  verifiers?: Verifiers
  now?: Clock
  signal?: AbortSignal
}

/** `session.delegate`: what another key may do, within what the session may. */
export interface DelegateOptions {
  /** The key that may do it: a did:key, Ed25519 or P-256. */
  audience: string
  /** Some of what the session may do; all of it by default. */
  resources?: readonly string[]
  /** Seconds until it expires; when the session does by default, and never later. */
  expiresInSecs?: number
  /** One line in plain words, for logs: nobody is asked. */
  statement?: string
}

/** `session.revoke`. */
export interface RevokeOptions {
  /** Stops waiting for the server. */
  signal?: AbortSignal
}

/** `session.serialize`, encrypted. */
export interface SerializeOptions {
  /** What it can be read with again: any non-empty text. Whoever has the string can try passwords, so let it be long. */
  password: string
}

/** `DIDSession.fromSession`. */
export interface FromSessionOptions extends Partial<SerializeOptions>, TrustOptions {
  now?: Clock
  signal?: AbortSignal
}

/** `session.signRequest`. */
export interface SignRequestOptions {
  /**
   * Called before anything is sent when the session has expired: sign in anew, and the session that this gives signs the
   * request. Without it, an expired session rejects with `ERR_CAPABILITY_EXPIRED`.
   */
  onExpired?: (() => RequestSigner | Promise<RequestSigner>) | undefined
}

/** What signs requests: a `DIDSession`. */
export interface RequestSigner {
  signRequest(request: Request): Promise<Request>
}

/** `session.fetch`: what `fetch` takes, and what to do about an expired session. */
export interface SessionFetchInit extends RequestInit, SignRequestOptions {}

/** The events of `session.on`. */
export const SESSION_EVENT_TYPES = ['expiring', 'expired', 'renewed', 'removed', 'idle'] as const
/** What a session tells its listeners of. */
export type SessionEventType = (typeof SESSION_EVENT_TYPES)[number]

/** `session.on`. */
export interface SessionListenerOptions {
  /** `expiring`: seconds before the expiry; 300 by default. */
  leadSecs?: number
  /** `idle`: seconds without input of the person in any tab; 1800 by default. */
  idleSecs?: number
  /** Ends the listening. */
  signal?: AbortSignal
}

/** The resources that a caller named, as an array of their own. Throws a `TypeError` unless they are strings. */
export function resourcesArgument(resources: unknown): string[] {
  const list = Array.isArray(resources) ? [...resources] : undefined
  if (list?.every((resource) => typeof resource === 'string' && resource !== '')) return list
  throw new TypeError('resources must be an array of URIs')
}
