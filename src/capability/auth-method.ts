/** What an auth method must have signed; the options of `@didtools/cacao`. Times are RFC 3339 date-times. */
export interface AuthMethodOpts {
  domain?: string
  address?: string
  statement?: string
  /** The session key's did:key, which becomes the capability's `aud`. */
  uri?: string
  version?: string
  nonce?: string
  issuedAt?: string
  expirationTime?: string
  notBefore?: string
  requestId?: string
  /** The chain's reference of CAIP-2, `1`, as text: so the auth methods of did-session read it. Our own options take numbers. */
  chainId?: string
  resources?: string[]
}

/**
 * Asks the person's wallet for a capability. The auth methods of the did-session family (`@didtools/pkh-ethereum` and its
 * relatives) have this type too. What it returns is checked before it is used.
 */
export type AuthMethod = (opts: AuthMethodOpts) => Promise<{ h: object; p: object; s?: object }>
