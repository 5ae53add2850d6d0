import type { EIP1193Provider } from '../../src/wallet/ethereum/signer.js'

/** What the check of a contract account's signature leaves. */
export const ACCEPTED = '0x1626ba7e'
export const REFUSED = '0xffffffff'

/** An EIP-1193 provider, the methods that it was asked for, and what it answers next. */
export interface FakeChain extends EIP1193Provider {
  readonly calls: string[]
  readonly answers: { eth_chainId: unknown; eth_call: unknown }
}

/** A chain that answers so, whatever it is asked: it is chain 1 and accepts everything, unless told otherwise. */
export function fakeChain(changes: Partial<FakeChain['answers']> = {}): FakeChain {
  const answers: FakeChain['answers'] = { eth_chainId: '0x1', eth_call: ACCEPTED, ...changes }
  const calls: string[] = []
  return {
    calls,
    answers,
    async request({ method }) {
      calls.push(method)
      if (method === 'eth_chainId' || method === 'eth_call') return answers[method]
      throw Object.assign(new Error(`unsupported ${method}`), { code: 4200 })
    },
  }
}
