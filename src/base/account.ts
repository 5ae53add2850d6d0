/**
 * An account as callers pass it: a CAIP-10 id, its `did:pkh:`, a did:key, or an object whose `toString` returns one of
 * these.
 */
export type AccountInput = string | { toString(): string }

/** The parts of a CAIP-10 account id. */
export interface AccountParts {
  readonly namespace: string
  readonly reference: string
  readonly address: string
}

const CAIP10 = /^([-a-z0-9]{3,8}):([-_a-zA-Z0-9]{1,32}):([-.%a-zA-Z0-9]{1,128})$/
const ETHEREUM_ADDRESS = /^0x[0-9a-fA-F]{40}$/
const DECIMAL = /^(0|[1-9][0-9]*)$/
const DID_PKH = 'did:pkh:'
const DID_KEY = /^did:key:z[1-9A-HJ-NP-Za-km-z]+$/

/**
 * The parts of a CAIP-10 account id, or `undefined` for any other text. Ethereum addresses (`eip155`) are returned in
 * lower case: their case is only a checksum, and all spellings must be the same account.
 */
export function parseAccount(id: string): AccountParts | undefined {
  const match = CAIP10.exec(id)
  if (!match) return undefined
  const [, namespace = '', reference = '', address = ''] = match
  // `did:web:…` matches the pattern, but is not an account on a chain.
  if (namespace === 'did') return undefined
  if (namespace !== 'eip155') return { namespace, reference, address }
  if (!DECIMAL.test(reference) || !ETHEREUM_ADDRESS.test(address)) return undefined
  return { namespace, reference, address: address.toLowerCase() }
}

/** The normal form of an account id or an account's DID: a CAIP-10 id, or a did:key. `undefined` for any other text. */
export function accountOfText(id: string): string | undefined {
  if (DID_KEY.test(id)) return id
  const parts = parseAccount(id.startsWith(DID_PKH) ? id.slice(DID_PKH.length) : id)
  return parts && `${parts.namespace}:${parts.reference}:${parts.address}`
}

/** The normal form of the account that a caller passed as `account`. Throws a `TypeError` if it is not an account. */
export function accountArgument(input: AccountInput): string {
  const account =
    typeof input === 'string' || (typeof input === 'object' && input)
      ? accountOfText(String(input))
      : undefined
  if (account) return account
  throw new TypeError('account must be a CAIP-10 id such as "eip155:1:0x…", or its did:pkh')
}

/** The DID of an account: its `did:pkh:…`, or the account itself if that is a did:key. */
export function accountDID(account: string): string {
  return DID_KEY.test(account) ? account : DID_PKH + account
}

/** The account of a did:pkh or did:key; `undefined` for a DID of another method, or a malformed DID. */
export function accountOfDID(did: string): string | undefined {
  return did.startsWith(DID_PKH) || DID_KEY.test(did) ? accountOfText(did) : undefined
}

/** The CAIP-10 id without its chain reference: the same text for an address on all chains of a namespace. */
export function chainless(account: string): string {
  return account.replace(/:[^:]+:/, '::')
}
