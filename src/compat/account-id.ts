import { parseAccount } from '../base/account.js'

const DID_PKH = 'did:pkh:'

/** Returns the account of a `did:pkh:…`. Throws a `TypeError` for anything else. */
export function getAccountIdByDID(did: string): AccountId {
  // did-session removes the first eight characters unseen, which makes an account of `did:web:eip155:1:0x…` too.
  if (!did.startsWith(DID_PKH)) throw new TypeError(`did must be a did:pkh:…, not ${did.slice(0, 200)}`)
  return new AccountId(did.slice(DID_PKH.length))
}

/** An account id with the members of `AccountId` in the `caip` package, which did-session 4 returns and accepts. */
export class AccountId {
  readonly chainId: { readonly namespace: string; readonly reference: string; toString(): string }
  readonly address: string

  /** Throws a `TypeError` unless the text is a CAIP-10 id. */
  constructor(id: string) {
    if (parseAccount(id) === undefined)
      throw new TypeError(`the account id must be a CAIP-10 id, not ${id.slice(0, 200)}`)
    const [namespace = '', reference = '', address = ''] = id.split(':')
    this.chainId = { namespace, reference, toString: () => `${namespace}:${reference}` }
    this.address = address
  }

  /** The CAIP-10 id. */
  toString(): string {
    return `${this.chainId}:${this.address}`
  }

  /** The parts, in the form that `AccountId` of caip returns. */
  toJSON(): { address: string; chainId: { namespace: string; reference: string } } {
    const { namespace, reference } = this.chainId
    return { chainId: { namespace, reference }, address: this.address }
  }
}
