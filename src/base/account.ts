/** An account as callers write it: a CAIP-10 id, a `did:pkh:` of one, or an object whose `toString` gives either. */
export type AccountInput = string | { toString(): string }

const CAIP10 = /^([-a-z0-9]{3,8}):([-_a-zA-Z0-9]{1,32}):([-.%a-zA-Z0-9]{1,128})$/
const ETHEREUM_ADDRESS = /^0x[0-9a-fA-F]{40}$/
const DECIMAL = /^(0|[1-9][0-9]*)$/
const DID_PKH = 'did:pkh:'
const DID_KEY = /^did:key:z[1-9A-HJ-NP-Za-km-z]+$/

/** The parts of a CAIP-10 account id. */
export interface AccountParts {
  readonly namespace: string
  readonly reference: string
  readonly address: string
}

/**
 * The parts of an account id, or `undefined` if it is not one. Ethereum addresses (`eip155`) come in lower
 * case, because their case is only a checksum and two spellings must be one account.
 */
export function parseAccount(id: string): AccountParts | undefined {
  const match = CAIP10.exec(id)
  if (!match) return undefined
  const [, namespace = '', reference = '', address = ''] = match
  // `did:web:…` looks like one, but names no chain.
  if (namespace === 'did') return undefined
  if (namespace !== 'eip155') return { namespace, reference, address }
  if (!DECIMAL.test(reference) || !ETHEREUM_ADDRESS.test(address)) return undefined
  return { namespace, reference, address: address.toLowerCase() }
}

/** The one spelling of an account that an id or a DID names: a CAIP-10 id, or a did:key. */
export function normalAccount(id: string): string | undefined {
  if (DID_KEY.test(id)) return id
  const parts = parseAccount(id.startsWith(DID_PKH) ? id.slice(DID_PKH.length) : id)
  return parts && `${parts.namespace}:${parts.reference}:${parts.address}`
}

/** The account that the caller named. Throws a `TypeError` that names the argument. */
export function accountArgument(input: AccountInput): string {
  const account =
    typeof input === 'string' || (typeof input === 'object' && input)
      ? normalAccount(String(input))
      : undefined
  if (account) return account
  throw new TypeError('account must be a CAIP-10 id such as "eip155:1:0x…", or its did:pkh')
}

/** The DID of an account: `did:pkh:…`, or the did:key that the account is. */
export function accountDID(account: string): string {
  return DID_KEY.test(account) ? account : DID_PKH + account
}

/** The account of a DID, or `undefined` if the DID is of another method or malformed. */
export function accountOfDID(did: string): string | undefined {
  return did.startsWith(DID_PKH) || DID_KEY.test(did) ? normalAccount(did) : undefined
}

/** The account (CAIP-10) without its chain: the same for one address on every chain of a kind. */
export function chainless(account: string): string {
  return account.replace(/:[^:]+:/, '::')
}
