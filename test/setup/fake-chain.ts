import type { EIP1193Provider } from '../../src/wallet/ethereum/signer.js'

/** The result of an accepted check of a contract account's signature. */
export const ACCEPTED = '0x1626ba7e'
export const REFUSED = '0xffffffff'

/** An EIP-1193 provider, its called methods, and its next answers. */
export interface FakeChain extends EIP1193Provider {
  readonly calls: string[]
  readonly answers: { eth_chainId: unknown; eth_call: unknown }
}

/** A chain with fixed answers: by default, it is chain 1 and accepts every signature. */
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
