import type { EIP1193Provider } from '../../src/wallet/ethereum/signer.js'
import { OWNER, type SmartAccounts } from './smart-accounts.js'

/** A wallet of a contract account, on the chain where that is, or will be, deployed. */
export interface SmartWallet {
  readonly provider: EIP1193Provider
  /** The methods called, in order. */
  readonly calls: string[]
}

/** The owner signs; `wrap` turns the signature into that of the account. */
export function smartWallet(
  chain: Pick<SmartAccounts, 'client'>,
  address: string,
  wrap: (signature: `0x${string}`) => string = (signature) => signature,
): SmartWallet {
  const calls: string[] = []
  return {
    calls,
    provider: {
      async request({ method, params }) {
        calls.push(method)
        if (method === 'eth_accounts' || method === 'eth_requestAccounts') return [address]
        if (method !== 'personal_sign') return chain.client.request({ method, params } as never)
        const [raw] = params as [`0x${string}`]
        return wrap(await OWNER.signMessage({ message: { raw } }))
      },
    },
  }
}
