import { accountDID, parseAccount } from '../base/account.js'
import { toEIP55 } from '../base/eip55.js'
import { type Cacao, issuerAccount, rootOf } from '../capability/cacao.js'

/** Who acts under a capability. */
export interface Caller {
  /** The account that the session acts for: a CAIP-10 id, such as `eip155:1:0x…` with the address in lower case, or a did:key. */
  readonly account: string
  /** The address of the account: of an Ethereum account with its checksum (EIP-55); a did:key is its own. */
  readonly address: string
  /** The chain of the account (CAIP-2), such as `eip155:1`; `undefined` for a did:key, which is on none. */
  readonly chainId: string | undefined
  /** The account's DID, such as `did:pkh:eip155:1:0x…`. */
  readonly id: string
  /** The session key that acts. */
  readonly keyDID: string
  /** The resources that the capability covers. */
  readonly resources: readonly string[]
  /** The capability under which the key acts: the last of its chain. */
  readonly cacao: Cacao
  /**
   * The capability that the wallet signed: the same one, unless it was delegated. Judge a sign-in by this one (nonce,
   * `iat`, statement, request id), because a session key can write anything into what it signs itself.
   */
  readonly root: Cacao
}

/** Who acts under a capability that was verified. */
export function callerUnder(cacao: Cacao): Caller {
  const account = issuerAccount(cacao)
  const { namespace, reference, address = account } = parseAccount(account) ?? {}
  return {
    account,
    address: namespace === 'eip155' ? toEIP55(address) : address,
    chainId: namespace && `${namespace}:${reference}`,
    id: accountDID(account),
    keyDID: cacao.p.aud,
    resources: cacao.p.resources ?? [],
    cacao,
    root: rootOf(cacao),
  }
}
