import { normalAccount } from '../base/account.js'

/** An account id in the shape of the `caip` package's `AccountId`, which did-session 4 gives and takes. */
export class AccountId {
  readonly chainId: { readonly namespace: string; readonly reference: string; toString(): string }
  readonly address: string

  /** Throws a `TypeError` unless the text is a CAIP-10 id. */
  constructor(id: string) {
    if (normalAccount(id) === undefined) throw new TypeError(`not a CAIP-10 account id: ${id.slice(0, 200)}`)
    const [namespace = '', reference = '', address = ''] = id.split(':')
    this.chainId = { namespace, reference, toString: () => `${namespace}:${reference}` }
    this.address = address
  }

  toString(): string {
    return `${this.chainId}:${this.address}`
  }

  toJSON(): { address: string; chainId: { namespace: string; reference: string } } {
    const { namespace, reference } = this.chainId
    return { chainId: { namespace, reference }, address: this.address }
  }
}
