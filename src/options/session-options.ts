import type { Clock } from '../base/environment.js'
import type { Domains, Revocation } from '../capability/check-options.js'
import type { Abilities } from '../capability/resources.js'
import type { Verifiers } from '../capability/verify-signature.js'
import type { SessionKeyType } from '../key/session-key.js'
import type { SessionStore } from '../store/store.js'

export type { CreateTokenOptions, SignURLOptions } from '../token/create-token.js'

/** Where sessions are stored, and which clock counts. */
export interface StoreOptions {
  /**
   * Where sessions are stored: IndexedDB by default, or memory if the browser refuses IndexedDB. Outside of browsers there is
   * no default, and a call without a store rejects with `ERR_ENVIRONMENT`.
   */
  store?: SessionStore
  /** Keeps kinds of sign-in apart, such as `user` and `admin`; `default` by default. */
  namespace?: string
  /** Whether an account's session is used whichever chain it was signed on; false by default. For apps to which the chain doesn't matter. */
  anyChain?: boolean
  /** Returns the time in milliseconds since 1970; `Date.now` by default. */
  now?: Clock
  /**
   * Aborts the call: it rejects with the signal's reason, and nothing is stored. Once the wallet has signed, aborting no longer
   * has an effect: the session is stored and returned.
   */
  signal?: AbortSignal
}

/**
 * The checks that a session from a store or a string must pass. `verifiers` and `domains` are required for a store that others can
 * write to (`writableByOthers`).
 */
export interface TrustOptions {
  /**
   * Verifiers by signature type, such as `ethereumVerifiers()`. With them, the wallet's signature is verified too. The call
   * rejects with `ERR_RPC_UNAVAILABLE` if the chain of a contract account doesn't answer.
   */
  verifiers?: Verifiers
  /** The sites whose sign-ins are accepted, with their ports, or a function that returns `true` for an accepted site. */
  domains?: Domains
  /**
   * Knows which capabilities were revoked: a `RevocationStore`, or an object with a function `isRevoked`, which is called for each
   * capability of a chain. Any answer other than `false` counts as revoked. If it rejects, the call rejects with
   * `ERR_STORE_UNAVAILABLE`, because nobody should have to sign in again while a service is down.
   */
  revocation?: Revocation
}

/** The options of `DIDSession.list`. */
export interface ListOptions extends StoreOptions, TrustOptions {}

/** The options of `DIDSession.load` and `use`. */
export interface ResumeOptions extends StoreOptions, TrustOptions {
  /** The resources that the session must cover. Without `resources` and `abilities`, any session will do. */
  resources?: readonly string[]
  /** The abilities (ReCap, ERC-5573) that the session must have, by URI. */
  abilities?: Abilities
  /** Seconds for which the session must still be valid; 0 by default. */
  minValiditySecs?: number
}

/** What a session must be able to do: a list of resources, or an object with resources and abilities. */
export type AskedResources = readonly string[] | Pick<ResumeOptions, 'resources' | 'abilities'>

/** The options of `DIDSession.hasSessionFor` and `explain`. */
export interface ExplainOptions extends StoreOptions, TrustOptions, Pick<ResumeOptions, 'minValiditySecs'> {}

/** What the wallet is asked to sign. */
export interface GrantOptions {
  /** What the session may do: URIs, exact or ending in `/*`. At least one, unless there are `abilities`. */
  resources?: readonly string[]
  /** Abilities (ReCap, ERC-5573) by URI, with names such as `notes/read`. The wallet shows them as a sentence. */
  abilities?: Abilities
  /** Seconds until the session expires; one week by default. */
  expiresInSecs?: number
  /** When the session expires, as an RFC 3339 date-time. Ignored if `expiresInSecs` is given. */
  expirationTime?: string
  /** The site that asks, as an RFC 3986 authority with its port. By default the auth method chooses it. */
  domain?: string
  /** One line of text that the wallet shows to the person. */
  statement?: string
  /** The nonce, or a function that fetches one, for example from the server. It is called only if the wallet is asked. */
  nonce?: string | (() => string | Promise<string>)
  /** The request ID of EIP-4361, which relates the sign-in to something of the app's own. */
  requestId?: string
}

/**
 * The options of `DIDSession.get`. `verifiers`, `domains` and `revocation` apply to stored sessions, as in `load`, and to the new
 * capability before it is stored.
 */
export interface GetOptions extends GrantOptions, StoreOptions, TrustOptions {
  /**
   * The type of the session key; P-256 by default, because every engine can store it. Don't sign more than 60,000 bytes at once
   * with an Ed25519 key in WebKitGTK: the page would crash.
   */
  keyType?: SessionKeyType
  /** Seconds for which a stored session must still be valid, or else it is renewed; 0 by default. Must be less than `expiresInSecs`. */
  minValiditySecs?: number
  /** Seconds to wait for a prompt that another tab has opened before this one opens its own; 60 by default. */
  waitSecs?: number
}

/** The options of `session.renew`. Whatever they leave out stays as it is in the old session, including the lifetime. */
export interface RenewOptions extends Partial<GrantOptions> {
  /** Resources that the new session covers in addition. */
  resources?: readonly string[]
  /** Abilities that the new session has in addition. */
  abilities?: Abilities
  verifiers?: Verifiers
  signal?: AbortSignal
  /** Seconds to wait for a prompt that another tab has opened before this one opens its own; 60 by default. */
  waitSecs?: number
}

/** The options of `DIDSession.authorize`. */
export interface AuthorizeOptions extends GrantOptions {
  verifiers?: Verifiers
  now?: Clock
  signal?: AbortSignal
}

/** The options of `session.delegate`. */
export interface DelegateOptions {
  /** The did:key of the key that may act: an Ed25519 or P-256 key. */
  audience: string
  /** The resources that the key may act on; by default, all that the session covers. */
  resources?: readonly string[]
  /** Seconds until the delegated capability expires. It never outlives the session, and expires with it by default. */
  expiresInSecs?: number
  /** One line of text for logs. Nobody is prompted, so no person sees it. */
  statement?: string
}

/** The options of `session.revoke`. */
export interface RevokeOptions extends OriginOptions, Pick<SignRequestOptions, 'capabilityHeader'> {
  /** Stops waiting for the server. */
  signal?: AbortSignal
}

/** The options of `session.serialize`. */
export interface SerializeOptions {
  /** Any non-empty text, which `fromSession` needs again. Choose a long one: whoever has the string can try many passwords. */
  password: string
}

/** The options of `DIDSession.fromSession`. */
export interface FromSessionOptions extends Partial<SerializeOptions>, TrustOptions {
  now?: Clock
  signal?: AbortSignal
}

/** The options of `session.signRequest`. */
export interface SignRequestOptions {
  /**
   * Called if the session has expired, before anything is sent. It should sign in again and return the new session, which then
   * signs the request. Without this option, an expired session rejects with `ERR_CAPABILITY_EXPIRED`.
   */
  onExpired?: (() => RequestSigner | Promise<RequestSigner>) | undefined
  /**
   * The header that carries the capability; `Authorization` by default. Choose another one, such as `X-Capability`, if
   * `Authorization` is in use, for example for Basic auth. The server needs the same option.
   */
  capabilityHeader?: string | undefined
}

/** An object that signs requests, such as a `DIDSession`. */
export interface RequestSigner {
  signRequest(request: Request, options?: { capabilityHeader?: string | undefined }): Promise<Request>
}

/** Where the capability may be sent. */
export interface OriginOptions {
  /**
   * Origins to which the request may go, in addition to those that the session's resources cover: `['https://api.example.com']`.
   * If the session's resources aren't URLs, every origin must be named here.
   */
  origins?: readonly string[] | undefined
}

/**
 * The options of `session.fetch`: those of `fetch`, the origins it may send to, and what to do if the session has expired. Members with
 * other names are not errors here: they are passed on to `fetch`, because some engines and frameworks have options of their own.
 */
export interface SessionFetchInit extends RequestInit, SignRequestOptions, OriginOptions {}

/** The options of `session.keepCookie`. */
export interface KeepCookieOptions {
  /** How many seconds before its expiry the cookie is renewed; 60 by default, and at most half of its lifetime. */
  leadSecs?: number
  /** Stops the renewal. The cookie itself stays until it expires. */
  signal?: AbortSignal
}

/** The names of the events of `session.on`. */
export type SessionEventType = 'expiring' | 'expired' | 'renewed' | 'removed' | 'idle' | 'cookie-failed'

/** The options of `session.on`. */
export interface SessionListenerOptions {
  /** For `expiring`: how many seconds before the expiry it is called; 300 by default. */
  leadSecs?: number
  /** For `idle`: after how many seconds without input in any tab it is called; 1800 by default. */
  idleSecs?: number
  /** Stops listening. */
  signal?: AbortSignal
}
