/** A message as the siwe vectors write it; the negative ones omit members or have wrong ones. */
export interface SiweObject {
  readonly domain?: string
  readonly address?: string
  readonly statement?: string
  readonly uri?: string
  readonly version?: string
  readonly chainId?: number | string
  readonly nonce?: string
  readonly issuedAt?: string
  readonly expirationTime?: string
  readonly notBefore?: string
  readonly requestId?: string
  readonly resources?: readonly string[]
}

/** The equal CACAO payload (CAIP-74); the guard decides whether it is valid. */
export function payloadFrom(object: SiweObject): Record<string, unknown> {
  const { address, chainId, uri, issuedAt, expirationTime, notBefore } = object
  const { domain, statement, version, nonce, requestId, resources } = object
  // The issuer is the account on its chain; without one of them there is no issuer.
  const iss =
    address === undefined || chainId === undefined ? undefined : `did:pkh:eip155:${chainId}:${address}`
  return {
    ...{ domain, iss, aud: uri, version, nonce, iat: issuedAt, exp: expirationTime, nbf: notBefore },
    ...{ statement, requestId, resources },
  }
}
