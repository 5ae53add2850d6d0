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
   * Where sessions are stored; IndexedDB by default, and memory if the browser refuses that. Outside of browsers there is no
   * default, and a call without a store rejects with `ERR_ENVIRONMENT`.
   */
  store?: SessionStore
  /** Separates kinds of sign-in, such as "user" and "admin"; `default` by default. */
  namespace?: string
  /** For apps that don't care about the chain: an account's session counts on whichever chain it was signed. */
  anyChain?: boolean
  /** Gives the time in milliseconds since 1970; `Date.now` by default. */
  now?: Clock
  /**
   * Ends the call: it rejects with the signal's reason, and nothing is stored. After the wallet has signed and while the session
   * is being stored, aborting has no effect, and the call gives the session.
   */
  signal?: AbortSignal
}

/**
 * What must hold for a session that comes from a store or a string. A store that others can write (`writableByOthers`) needs
 * `verifiers` and `domains`.
 */
export interface TrustOptions {
  /**
   * Verifiers by signature type, such as `ethereumVerifiers()`: the wallet's signature is then verified too. Rejects with
   * `ERR_RPC_UNAVAILABLE` while the chain of a contract account doesn't answer.
   */
  verifiers?: Verifiers
  /** The sites whose sign-ins are accepted, with their ports, or a function that returns `true` for those. */
  domains?: Domains
  /**
   * Says which capabilities were revoked: a `RevocationStore`, or `{ isRevoked }`, which is asked about each capability of a
   * chain. Any answer but `false` is a refusal. If it rejects with a `SessionError`, such as `ERR_STORE_UNAVAILABLE`, so does
   * the call.
   */
  revocation?: Revocation
}

/** `DIDSession.list`. */
export interface ListOptions extends StoreOptions, TrustOptions {}

/** `DIDSession.load` and `use`. */
export interface ResumeOptions extends StoreOptions, TrustOptions {
  /** What the session must be able to do. Without it, any session counts. */
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
  /** Abilities (ReCap, ERC-5573) by URI, with names such as `notes/read`. The wallet shows them to the person in words. */
  abilities?: Abilities
  /** Seconds until the session expires; one week by default. */
  expiresInSecs?: number
  /** When the session expires, as an RFC 3339 date-time. `expiresInSecs` takes precedence. */
  expirationTime?: string
  /** The site that asks: an RFC 3986 authority, with its port. By default the auth method chooses it. */
  domain?: string
  /** One line in plain words for the person to read. */
  statement?: string
  /** The nonce, or a function that gets one, for example from the server. It is called only when the wallet is asked. */
  nonce?: string | (() => string | Promise<string>)
  requestId?: string
}

/**
 * `DIDSession.get`. `verifiers`, `domains` and `revocation` judge a stored session, as for `load`, and what the wallet signs
 * before that is stored.
 */
export interface GetOptions extends GrantOptions, StoreOptions, TrustOptions {
  /**
   * The kind of session key; P-256 by default, because every engine can store it. Ed25519 keys must not sign more than 60,000
   * bytes at once in WebKitGTK, whose page would crash.
   */
  keyType?: SessionKeyType
  /** Seconds for which a stored session must still be valid; otherwise it is renewed. 0 by default, and less than `expiresInSecs`. */
  minValiditySecs?: number
  /** Seconds to wait for a prompt that another tab has opened before this one opens its own; 60 by default. */
  waitSecs?: number
}

/** `session.renew`: how the new session differs. Everything that is left out stays as it was, also the lifetime. */
export interface RenewOptions extends Partial<GrantOptions> {
  /** What the new session may do in addition. */
  resources?: readonly string[]
  abilities?: Abilities
  verifiers?: Verifiers
  signal?: AbortSignal
  /** Seconds to wait for a prompt that another tab has opened before this one opens its own; 60 by default. */
  waitSecs?: number
}

/** `DIDSession.authorize`. */
export interface AuthorizeOptions extends GrantOptions {
  verifiers?: Verifiers
  now?: Clock
  signal?: AbortSignal
}

/** `session.delegate`. */
export interface DelegateOptions {
  /** The key that may act: the did:key of an Ed25519 or P-256 key. */
  audience: string
  /** What the key may do: some of what the session may, or all of it by default. */
  resources?: readonly string[]
  /** Seconds until the capability expires. By default, and at the latest, it expires with the session. */
  expiresInSecs?: number
  /** One line in plain words, for logs. No person sees it, because none is asked. */
  statement?: string
}

/** `session.revoke`. */
export interface RevokeOptions extends OriginOptions, Pick<SignRequestOptions, 'capabilityHeader'> {
  /** Stops waiting for the server. */
  signal?: AbortSignal
}

/** `session.serialize`. */
export interface SerializeOptions {
  /** Any non-empty text; `fromSession` needs the same one. Let it be long, because someone who has the string can try many. */
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
   * Called before anything is sent if the session has expired. It signs in again, and the session that it returns signs the
   * request. Without it, an expired session rejects with `ERR_CAPABILITY_EXPIRED`.
   */
  onExpired?: (() => RequestSigner | Promise<RequestSigner>) | undefined
  /**
   * The header in which the capability travels; `Authorization` by default. Another one, such as `X-Capability`, where that is for
   * something else, such as Basic auth. The server needs the same option.
   */
  capabilityHeader?: string | undefined
}

/** What signs requests: a `DIDSession`. */
export interface RequestSigner {
  signRequest(request: Request, options?: { capabilityHeader?: string | undefined }): Promise<Request>
}

/** Where the capability may be sent. */
export interface OriginOptions {
  /**
   * Origins to which the request may go besides those that the session's resources cover: `['https://api.example.com']`.
   * For a session whose resources are no URLs, every origin must be named.
   */
  origins?: readonly string[] | undefined
}

/** `session.fetch`: the options of `fetch`, where the request may go, and what to do if the session has expired. */
export interface SessionFetchInit extends RequestInit, SignRequestOptions, OriginOptions {}

/** `session.keepCookie`. */
export interface KeepCookieOptions {
  /** Seconds before its end at which the cookie is renewed; 60 by default, and half of its time at most. */
  leadSecs?: number
  /** Stops it. The cookie stays until it ends. */
  signal?: AbortSignal
}

/** The events of `session.on`. */
export type SessionEventType = 'expiring' | 'expired' | 'renewed' | 'removed' | 'idle' | 'cookie-failed'

/** `session.on`. */
export interface SessionListenerOptions {
  /** `expiring`: seconds before the expiry; 300 by default. */
  leadSecs?: number
  /** `idle`: seconds without input of the person in any tab; 1800 by default. */
  idleSecs?: number
  /** Ends the listening. */
  signal?: AbortSignal
}
