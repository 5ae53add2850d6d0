import { createPublicClient, custom } from 'viem'
import { toSmartAccount } from 'viem/account-abstraction'
import { base } from 'viem/chains'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { SessionErrorCode } from '../../src/base/errors.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import {
  type EthereumSignerInput,
  type EthereumVerifierOptions,
  ethereumAuth,
  ethereumVerifiers,
} from '../../src/wallet/ethereum/index.js'
import { payload } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCEPTED, fakeChain, REFUSED } from '../setup/fake-chain.js'
import { ACCOUNT_A, ADDRESS_A } from '../setup/wallet.js'

const now = (): number => Date.parse('2024-06-02T00:00:00Z')
const atTime = new Date(now())
const SIGNATURE = `0x${'ab'.repeat(96)}`

const contractSigned = (s: unknown = SIGNATURE, changes: Record<string, unknown> = {}): Cacao =>
  ({ h: { t: 'caip122' }, p: payload(changes), s: { t: 'eip1271', s } }) as Cacao
const verify = (rpc: EthereumVerifierOptions['rpc'], cacao = contractSigned()): Promise<Cacao> =>
  verifyCacao(cacao, { verifiers: ethereumVerifiers({ rpc }), now })

it('a smart account of viem signs in on the chain of its client, which checks the signature', async () => {
  const texts: unknown[] = []
  const smartAccount = async (answer: string): Promise<EthereumSignerInput> => {
    const chain = fakeChain({ eth_chainId: '0x2105', eth_call: answer })
    const request = async (asked: { method: string }): Promise<unknown> =>
      asked.method === 'eth_getCode' ? '0x01' : chain.request(asked)
    const client = createPublicClient({ chain: base, transport: custom({ request }) })
    return toSmartAccount({
      client,
      entryPoint: { abi: [], address: ADDRESS_A, version: '0.7' },
      getAddress: async () => ADDRESS_A,
      getFactoryArgs: async () => ({ factory: undefined, factoryData: undefined }),
      async signMessage({ message }: { message: unknown }) {
        texts.push(message)
        return SIGNATURE
      },
    } as never)
  }
  const sign = async (answer: string): Promise<Cacao> =>
    ethereumAuth(await smartAccount(answer), undefined, { domain: 'app.example' })({ uri: 'did:key:z6Mk' })
  const { p, s } = await sign(ACCEPTED)
  expect([p.iss, s]).toEqual([
    `did:pkh:eip155:8453:${ADDRESS_A.toLowerCase()}`,
    { t: 'eip1271', s: SIGNATURE },
  ])
  expect(texts[0]).toContain('Chain ID: 8453')
  await expectCode('ERR_CAPABILITY_SIGNATURE', () => sign(REFUSED))
})

describe('the eip1271 verifier', () => {
  it('accepts a signature that the chain accepts, and refuses one that it refuses', async () => {
    const chain = fakeChain()
    await expect(verify(chain)).resolves.toEqual(contractSigned())
    expect(chain.calls.sort()).toEqual(['eth_call', 'eth_chainId'])
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify(fakeChain({ eth_call: REFUSED })))
  })

  it.each<[SessionErrorCode, string, EthereumVerifierOptions['rpc']]>([
    ['ERR_CAPABILITY_UNSUPPORTED', 'no RPC', undefined],
    ['ERR_CAPABILITY_UNSUPPORTED', 'no RPC of its chain', { 10: fakeChain(), 'eip155:11': fakeChain() }],
    ['ERR_CAPABILITY_UNSUPPORTED', 'an RPC on another chain', fakeChain({ eth_chainId: '0xa' })],
    [
      'ERR_RPC_UNAVAILABLE',
      'an RPC on another chain than configured',
      { 1: fakeChain({ eth_chainId: '0xa' }) },
    ],
    ['ERR_RPC_UNAVAILABLE', 'an RPC that fails', { request: () => Promise.reject(new Error('no')) }],
    [
      'ERR_RPC_UNAVAILABLE',
      'an RPC that throws',
      {
        request() {
          throw new Error('no')
        },
      },
    ],
  ])('rejects with %s if there is %s', async (code, _, rpc) => {
    await expectCode(code, () => verify(rpc))
  })

  it.each([null, undefined, '', '0x', true, '0', 'Ox1', '0x1.0', ['0x1'], {}])(
    'rejects if eth_chainId returns %j',
    async (eth_chainId) =>
      void (await expectCode('ERR_RPC_UNAVAILABLE', () => verify(fakeChain({ eth_chainId })))),
  )

  it.each([1, '1', '0x01', 1n])('recognizes the chain from %s', async (eth_chainId) => {
    await verify(fakeChain({ eth_chainId }))
    await verify({ 'eip155:1': fakeChain({ eth_chainId }) })
  })

  it.each([
    null,
    undefined,
    '0x',
    '0x01',
    true,
    1,
    '1626ba7e',
    `${ACCEPTED}00`,
    ACCEPTED.padEnd(66, '0'),
    '0x00000000',
    [ACCEPTED],
    { data: ACCEPTED },
  ])('rejects if eth_call returns %j', async (eth_call) => {
    await expectCode('ERR_RPC_UNAVAILABLE', () => verify(fakeChain({ eth_call })))
  })

  it('accepts only Ethereum issuers, and no metadata in the signature', async () => {
    const chain = fakeChain()
    const iss = `did:pkh:solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:${ACCOUNT_A.split(':')[2]}`
    await expectCode('ERR_CAPABILITY_ISSUER', () => verify(chain, contractSigned(SIGNATURE, { iss })))
    const { h, p, s } = contractSigned()
    const m = { aad: Uint8Array.of(1) }
    await expectCode('ERR_CAPABILITY_INVALID', () => verify(chain, { h, p, s: { ...s, m } }))
    expect(chain.calls).toEqual([])
  })

  it('checks the dates for callers that leave them to it, as dids does', async () => {
    const { eip1271 } = ethereumVerifiers({ rpc: fakeChain() })
    const at = (date: string): Promise<void> => eip1271(contractSigned(), { atTime: new Date(date) })
    await expectCode('ERR_CAPABILITY_EXPIRED', () => at('2100-01-01'))
    await expectCode('ERR_CAPABILITY_NOT_YET_VALID', () => at('2024-01-01'))
    await expect(at('2024-06-02')).resolves.toBeUndefined()
  })

  it('calls the chain once for each text that may have been signed', async () => {
    const chain = fakeChain({ eth_call: REFUSED })
    const iss = `did:pkh:eip155:1:${ADDRESS_A}`
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify(chain, contractSigned(SIGNATURE, { iss })))
    // One call with the address in EIP-55, as in the issuer, and one in lower case.
    expect(chain.calls.filter((method) => method === 'eth_call')).toHaveLength(2)
    expect(chain.calls.filter((method) => method === 'eth_chainId')).toHaveLength(1)
  })

  it.each<unknown>([
    'ws://127.0.0.1',
    'example.com',
    '',
    7,
    null,
    { 1: undefined },
    { 1: 'ipc:///rpc' },
    { Ox1: 'https://rpc.example.com' },
    { '': 'https://rpc.example.com' },
    { mainnet: 'https://rpc.example.com' },
  ])('throws a TypeError for the rpc %j', (value) => {
    const rpc = value as string
    expect(() => ethereumVerifiers({ rpc })).toThrow(TypeError)
    expect(() => ethereumAuth(testWallet().provider, undefined, { rpc })).toThrow(TypeError)
  })
})

describe('an RPC that is a URL', () => {
  afterEach(() => void vi.unstubAllGlobals())
  const URL_OF_RPC = 'https://rpc.example.com/v1'
  const answering = (response: (method: string) => Response): { init: RequestInit; url: string }[] => {
    const sent: { init: RequestInit; url: string }[] = []
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
      sent.push({ init, url })
      return response(JSON.parse(String(init.body)).method)
    })
    return sent
  }
  const results: Record<string, string> = { eth_chainId: '0x1', eth_call: ACCEPTED }
  const body = (method: string): string => JSON.stringify({ jsonrpc: '2.0', id: 1, result: results[method] })

  it('is called as JSON-RPC defines, at the latest block', async () => {
    const sent = answering((method) => new Response(body(method)))
    await verify(URL_OF_RPC)
    expect(sent.map(({ url }) => url)).toEqual([URL_OF_RPC, URL_OF_RPC])
    expect(sent.map(({ init }) => JSON.parse(String(init.body)))).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] },
      {
        jsonrpc: '2.0',
        id: 1,
        method: 'eth_call',
        params: [{ data: expect.stringMatching(/^0x[0-9a-f]+$/) }, 'latest'],
      },
    ])
    for (const { init } of sent) expect(init).toMatchObject({ method: 'POST', redirect: 'manual' })
  })

  it.each<[string, (method: string) => Response]>([
    ['a response that is too large', (method) => new Response(body(method).padEnd(70_000))],
    ['an error', (method) => new Response(body(method), { status: 429 })],
    ['nothing', () => new Response()],
    ['a redirect', () => Response.redirect('https://elsewhere.example.com')],
  ])('that answers %s makes verification reject with ERR_RPC_UNAVAILABLE', async (_, response) => {
    answering(response)
    await expectCode('ERR_RPC_UNAVAILABLE', () => verify(URL_OF_RPC))
  })

  it('is waited for without limit if rpcTimeoutMs is Infinity', async () => {
    answering((method) => new Response(body(method)))
    const timers = vi.spyOn(globalThis, 'setTimeout')
    const verifiers = ethereumVerifiers({ rpc: URL_OF_RPC, rpcTimeoutMs: Number.POSITIVE_INFINITY })
    await verifyCacao(contractSigned(), { verifiers, now })
    // A longer timeout would end at once.
    expect(timers.mock.calls.map(([, ms]) => ms)).toContain(2 ** 31 - 1)
    timers.mockRestore()
  })
})

it('a check that has timed out asks an RPC nothing more', async () => {
  let answer: ((result: unknown) => void) | undefined
  const calls: string[] = []
  const rpc = {
    async request({ method }: { method: string }): Promise<unknown> {
      calls.push(method)
      if (method === 'eth_chainId') return '0x1'
      return new Promise((resolve) => {
        answer = resolve
      })
    },
  }
  const check = (rpcTimeoutMs?: number) =>
    ethereumVerifiers({ rpc, rpcTimeoutMs }).eip1271(contractSigned(), { atTime })
  await expectCode('ERR_RPC_UNAVAILABLE', () => check(1))
  const asked = calls.length
  answer?.(REFUSED)
  await new Promise((resolve) => setTimeout(resolve))
  expect(calls).toHaveLength(asked)
  const patient = check()
  await vi.waitFor(() => expect(calls).toHaveLength(asked + 2))
  answer?.(REFUSED)
  await vi.waitFor(() => expect(calls).toHaveLength(asked + 3))
  answer?.(ACCEPTED)
  await patient
})

describe('an accepted contract signature', () => {
  afterEach(() => void vi.useRealTimers())
  const asked = (chain: { calls: string[] }): number =>
    chain.calls.filter((method) => method === 'eth_call').length

  it('is verified again each time, unless rpcMaxAgeSecs is set', async () => {
    const chain = fakeChain()
    const verifiers = ethereumVerifiers({ rpc: chain })
    for (const _ of [1, 2]) await verifyCacao(contractSigned(), { verifiers, now })
    expect(asked(chain)).toBe(2)
  })

  it('is cached for rpcMaxAgeSecs, for the same capability only', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const chain = fakeChain()
    const verifiers = ethereumVerifiers({ rpc: chain, rpcMaxAgeSecs: 60 })
    const check = (cacao = contractSigned()): Promise<unknown> => verifyCacao(cacao, { verifiers, now })
    await check()
    chain.answers.eth_call = REFUSED
    vi.advanceTimersByTime(59_999)
    await check()
    expect(asked(chain)).toBe(1)
    for (const other of [
      contractSigned(`${SIGNATURE}00`),
      contractSigned(SIGNATURE, { nonce: 'another12' }),
      contractSigned(SIGNATURE, { iss: `did:pkh:${ACCOUNT_A.slice(0, -1)}0` }),
    ])
      await expectCode('ERR_CAPABILITY_SIGNATURE', () => check(other))
    vi.advanceTimersByTime(1)
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => check())
    // A refusal is remembered for a second.
    chain.answers.eth_call = ACCEPTED
    vi.advanceTimersByTime(999)
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => check())
    vi.advanceTimersByTime(1)
    await check()
    // A clock that was set back does not make an acceptance last longer.
    vi.setSystemTime(Date.now() - 3_600_000)
    chain.answers.eth_call = REFUSED
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => check())
  })

  it('is cached for the 1000 capabilities that were used last', async () => {
    const chain = fakeChain()
    const { eip1271 } = ethereumVerifiers({ rpc: chain, rpcMaxAgeSecs: 60, now })
    const check = (i: number) => eip1271(contractSigned(SIGNATURE, { nonce: `nonce${1000 + i}` }), { atTime })
    for (let i = 0; i < 1000; i++) await check(i)
    await check(0)
    expect(asked(chain)).toBe(1000)
    await check(1000)
    await check(0)
    expect(asked(chain)).toBe(1001)
    await check(1)
    expect(asked(chain)).toBe(1002)
  })
})
