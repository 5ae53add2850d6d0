import { describe, expect, it } from 'vitest'
import type { SessionErrorCode } from '../../src/base/errors.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { type EIP1193Provider, ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { AUDIENCE } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { fakeChain, REFUSED } from '../setup/fake-chain.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const SIGNATURE = `0x${'ab'.repeat(96)}`

describe('ethereumAuth of a contract account', () => {
  const walletThat = (answers: string, chain: EIP1193Provider): EIP1193Provider & { calls: string[] } => {
    const calls: string[] = []
    const request: EIP1193Provider['request'] = async (args) => {
      calls.push(args.method)
      return args.method === 'personal_sign' ? answers : chain.request(args)
    }
    return { calls, request }
  }
  const sign = (wallet: EIP1193Provider): Promise<Cacao> =>
    ethereumAuth(wallet, ACCOUNT_A, { domain: 'example.com' })({ uri: AUDIENCE, resources: ['a:b'] })

  it('accepts a signature that the chain accepts, and writes it in lower case', async () => {
    for (const answer of [SIGNATURE, `0x${'AB'.repeat(96)}`, `0x${'11'.repeat(65)}`]) {
      const { s } = await sign(walletThat(answer, fakeChain()))
      expect(s).toEqual({ t: 'eip1271', s: answer.toLowerCase() })
    }
  })

  const long = SIGNATURE
  const short = `0x${'11'.repeat(65)}`
  it.each<[SessionErrorCode, string, string, EIP1193Provider]>([
    ['ERR_CAPABILITY_SIGNATURE', 'is refused', long, fakeChain({ eth_call: REFUSED })],
    ['ERR_CAPABILITY_SIGNATURE', 'is refused', short, fakeChain({ eth_call: REFUSED })],
    ['ERR_CAPABILITY_UNSUPPORTED', 'is of another chain', long, fakeChain({ eth_chainId: '0xa' })],
    ['ERR_CAPABILITY_SIGNATURE', 'may be of another chain', short, fakeChain({ eth_chainId: '0xa' })],
    ['ERR_CAPABILITY_UNSUPPORTED', 'can’t be checked', long, testWallet().provider],
    ['ERR_CAPABILITY_SIGNATURE', 'can’t be checked', short, testWallet().provider],
    ['ERR_CAPABILITY_SIGNATURE', 'is malformed', `0x${'11'.repeat(40)}${'6492'.repeat(16)}`, fakeChain()],
    ['ERR_AUTH_FAILED', 'is too long for a capability', `0x${'11'.repeat(8192)}`, fakeChain()],
  ])('rejects with %s if the signature %s', async (code, _, answer, chain) => {
    const wallet = walletThat(answer, chain)
    await expectCode(code, () => sign(wallet))
    expect(wallet.calls.filter((method) => !/^(personal_sign|eth_chainId|eth_call)$/.test(method))).toEqual(
      [],
    )
  })
})
