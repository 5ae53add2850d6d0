import {
  concat,
  encodeAbiParameters,
  type Hex,
  hashMessage,
  numberToHex,
  parseAbiParameters,
  size,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Cacao } from '../../src/capability/cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { type EthereumRPC, ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { ANVIL_CHAIN } from '../setup/anvil.js'
import { AUDIENCE } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { type RPCQuestion, startLyingRPC, startRPC } from '../setup/rpc-server.js'
import {
  accountOn,
  OWNER,
  SALT,
  type SmartAccounts,
  STARTUP_MS,
  signedBy,
  startSmartAccounts,
} from '../setup/smart-accounts.js'
import { smartWallet } from '../setup/smart-wallet.js'
import { KEY_B } from '../setup/wallet.js'

const OTHER = privateKeyToAccount(KEY_B)
const now = (): number => Date.parse('2024-06-02T00:00:00Z')
const options = { domain: 'app.example.com' }
const request = { uri: AUDIENCE, resources: ['https://api.example.com/*'] }

let chain: SmartAccounts
beforeAll(async () => {
  chain = await startSmartAccounts()
}, STARTUP_MS)
afterAll(() => chain?.stop())

const verify = (cacao: unknown, rpc: EthereumRPC = chain.url): Promise<Cacao> =>
  verifyCacao(cacao, { verifiers: ethereumVerifiers({ rpc: { [ANVIL_CHAIN]: rpc } }), now })
const refuses = async (cacao: unknown, rpc?: EthereumRPC): Promise<void> =>
  void (await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify(cacao, rpc)))
const signOther = (message: string): Promise<Hex> => OTHER.signMessage({ message })

// The answers of these nodes and relays to a call without a receiver.
const ANSWERS: [string, object][] = [
  [
    'hiero-json-rpc-relay',
    { error: { code: -32602, message: "Invalid parameter 'to' for TransactionObject" } },
  ],
  ['helios', { error: { code: -32602, message: 'missing field `to` at line 1 column 13365' } }],
  ['neonevm', { error: { code: -32000, message: "'to'" } }],
  ['a node that answers nothing', { result: '0x' }],
]
const needy = async (answer: object, chainIds: string[] = []) =>
  startRPC(async (response, { method, params }: RPCQuestion, body) => {
    const isWithout = method === 'eth_call' && !(params[0] as { to?: string }).to
    const lie = method === 'eth_chainId' ? chainIds.shift() : undefined
    if (isWithout || lie) {
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...(lie ? { result: lie } : answer) }))
      return
    }
    const headers = { 'content-type': 'application/json' }
    response.end(await (await fetch(chain.url, { method: 'POST', headers, body })).text())
  })

describe('on a chain whose eth_call needs a receiver', () => {
  it.each(ANSWERS)('%s: a deployed account is called directly', async (_, answer) => {
    const { url } = await needy(answer)
    const account = accountOn(await chain.put())
    await verify(await signedBy(account), url)
    const by = 'error' in answer ? 'ERR_CAPABILITY_SIGNATURE' : 'ERR_RPC_UNAVAILABLE'
    await expectCode(by, async () => verify(await signedBy(account, signOther), url))
    await expectCode(by, async () => verify(await signedBy(accountOn(OTHER.address)), url))
  })

  it('a contract that reverts refuses the signature', async () => {
    const { url } = await needy(ANSWERS[0]?.[1] ?? {})
    const reverting = await chain.put('Parrot', ['0x', true])
    await refuses(await signedBy(accountOn(reverting)), url)
    await refuses(await signedBy(accountOn(reverting)), chain.client)
  })

  it('an account that is not deployed can not be verified, and the error recommends another RPC', async () => {
    const { url } = await needy(ANSWERS[0]?.[1] ?? {})
    const cacao = await signedBy(accountOn(await chain.addressOf(SALT)), async (message) =>
      chain.wrap(await OWNER.signMessage({ message }), SALT),
    )
    await verify(cacao)
    const { message } = await expectCode('ERR_RPC_UNAVAILABLE', () => verify(cacao, url))
    expect(message).toMatch(/use a different RPC/)
    expect(message).not.toMatch(/try again/)
  })

  it('the RPC must still be on the same chain after the call', async () => {
    const { url } = await needy(ANSWERS[0]?.[1] ?? {}, [`0x${ANVIL_CHAIN.toString(16)}`, '0x1'])
    const cacao = await signedBy(accountOn(await chain.put()))
    await refuses(cacao, url)
    await verify(cacao, (await needy(ANSWERS[0]?.[1] ?? {})).url)
  })
})

describe('an RPC that fails', () => {
  it.each<[boolean, string, number, object | undefined]>([
    [true, 'an unknown method', 200, { error: { code: -32601, message: 'the method is not available' } }],
    [true, 'a wrong key', 401, undefined],
    [true, 'a wrong key, as JSON', 403, { error: { code: -32600, message: 'Must be authenticated!' } }],
    [true, 'a path that is not there', 404, undefined],
    [false, 'too many requests', 429, undefined],
    [false, 'a gateway', 502, undefined],
    [false, 'a limit', 200, { error: { code: -32005, message: 'limit exceeded' } }],
  ])('gets the right advice in the error: %s, for %s', async (isPermanent, _, status, answer) => {
    const { url } = await startRPC(
      (response) => void response.writeHead(status).end(answer && JSON.stringify(answer)),
    )
    const cacao = await signedBy(accountOn(OTHER.address))
    const { message } = await expectCode('ERR_RPC_UNAVAILABLE', () => verify(cacao, url))
    expect(/try again/.test(message)).toBe(!isPermanent)
  })
})

describe('a Safe whose owners sign on its chain', () => {
  const walletOf = (address: Hex) => smartWallet(chain, address, () => '0x').provider

  it('signs in with an empty signature once its owners have signed', async () => {
    const safe = await chain.put('OnChainSigner', [])
    const texts: Hex[] = []
    const provider: typeof walletOf extends (a: Hex) => infer P ? P : never = {
      async request(args) {
        if (args.method === 'personal_sign') {
          const [raw] = args.params as [Hex]
          texts.push(raw)
          if (texts.length > 1) await chain.call(safe, 'OnChainSigner', 'sign', [hashMessage({ raw })])
        }
        return walletOf(safe).request(args)
      },
    }
    const auth = ethereumAuth(provider, accountOn(safe), options)
    const { message } = await expectCode('ERR_AUTH_FAILED', () => auth(request))
    expect(message).toMatch(/signed on its chain/)
    const cacao = await auth(request)
    expect(cacao.s).toEqual({ t: 'eip1271', s: '0x' })
    await verifyCacao(cacao, { verifiers: ethereumVerifiers({ rpc: chain.url }) })
    await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
      verifyCacao(
        { ...cacao, p: { ...cacao.p, nonce: 'another123' } },
        { verifiers: ethereumVerifiers({ rpc: chain.url }) },
      ),
    )
  })

  it('does not make empty signatures of other accounts valid', async () => {
    for (const address of [OTHER.address, await chain.put()])
      await expectCode('ERR_AUTH_FAILED', () =>
        ethereumAuth(walletOf(address), accountOn(address), options)(request),
      )
    await refuses(await signedBy(accountOn(OTHER.address), async () => '0x'))
  })
})

describe('an account that is not delegated yet (ERC-8010)', () => {
  const NOBODY: Hex = `0x${'0'.repeat(40)}`
  interface Wrapping {
    readonly by?: typeof OWNER
    readonly code: Hex
    readonly to?: Hex
    readonly data?: Hex
    readonly chainId?: number
    readonly nonce?: number
  }
  // Encoded with viem in the same form as ox does.
  async function wrap(
    signature: Hex,
    { by = OTHER, code, to = NOBODY, data = '0x', chainId = ANVIL_CHAIN, nonce = 0 }: Wrapping,
  ): Promise<Hex> {
    const { yParity = 0, r, s } = await by.signAuthorization({ contractAddress: code, chainId, nonce })
    const context = encodeAbiParameters(
      parseAbiParameters(
        '(uint256 chainId, address delegation, uint256 nonce, uint8 yParity, uint256 r, uint256 s), address to, bytes data',
      ),
      [
        {
          chainId: BigInt(chainId),
          delegation: code,
          nonce: BigInt(nonce),
          yParity,
          r: BigInt(r),
          s: BigInt(s),
        },
        to,
        data,
      ],
    )
    return concat([signature, context, numberToHex(size(context), { size: 32 }), `0x${'8010'.repeat(16)}`])
  }
  const account = (): string => accountOn(OTHER.address)

  it('is verified as if it were delegated and initialized', async () => {
    const code = await chain.put('InitialisedAccount', [])
    const data = chain.dataOf('InitialisedAccount', 'initialise', [OWNER.address])
    const byOwner = (message: string): Promise<Hex> => OWNER.signMessage({ message })
    const good = { code, to: OTHER.address, data }
    await verify(await signedBy(account(), async (text) => wrap(await byOwner(text), good)))
    // The chain id 0 stands for any chain.
    await verify(
      await signedBy(account(), async (text) => wrap(await byOwner(text), { ...good, chainId: 0 })),
    )
    const cases: [string, (text: string) => Promise<Hex>][] = [
      ['who may sign is another', async (text) => wrap(await signOther(text), good)],
      ['it is not initialised', async (text) => wrap(await byOwner(text), { code })],
      ['another account delegates', async (text) => wrap(await byOwner(text), { ...good, by: OWNER })],
      ['it is for another chain', async (text) => wrap(await byOwner(text), { ...good, chainId: 1 })],
      ['it was made long ago', async (text) => wrap(await byOwner(text), { ...good, nonce: 7 })],
      ['another message was signed', async () => wrap(await byOwner('another'), good)],
      ['nothing is wrapped', async (text) => `${await byOwner(text)}${'8010'.repeat(16)}`],
      [
        'a bit is left over',
        async (text) => {
          const whole = await wrap(await byOwner(text), good)
          return concat([whole.slice(0, -192) as Hex, '0x00', `0x${whole.slice(-192)}`])
        },
      ],
    ]
    for (const [why, sign] of cases) {
      const cacao = await signedBy(account(), sign)
      await expect(verify(cacao), why).rejects.toMatchObject({ code: 'ERR_CAPABILITY_SIGNATURE' })
    }
  })

  it('is not initialised for a signature if the delegation is not its own, or has been applied before', async () => {
    const code = await chain.put('InitialisedAccount', [])
    const data = chain.dataOf('InitialisedAccount', 'initialise', [OTHER.address])
    // Anyone may initialise these accounts on their chain. Whoever wraps a signature may not, just for the check.
    const forged = (address: Hex, by: typeof OWNER, nonce = 0) =>
      signedBy(accountOn(address), async (text) =>
        wrap(await signOther(text), { by, code, to: address, data, nonce }),
      )
    const own = await chain.client.getTransactionCount({ address: OWNER.address })
    await refuses(await forged(code, OTHER))
    await verify(await forged(OWNER.address, OWNER, own))
    await refuses(await forged(OWNER.address, OTHER))
    await chain.delegateTo(code)
    const next = await chain.client.getTransactionCount({ address: OWNER.address })
    for (const nonce of [own, next]) await refuses(await forged(OWNER.address, OWNER, nonce))
    await chain.delegateTo(await chain.put('InitialisedAccount', []))
    await refuses(await forged(OWNER.address, OWNER, own))
  })

  it('is verified by an RPC only that is on its chain, and says which code it has', async () => {
    const code = await chain.put('InitialisedAccount', [])
    const data = chain.dataOf('InitialisedAccount', 'initialise', [OWNER.address])
    // Valid on every chain.
    const any = { code, to: OTHER.address, data, chainId: 0 }
    const sign = async (message: string): Promise<Hex> => wrap(await OWNER.signMessage({ message }), any)
    const check = async (rpc: string, chainId = ANVIL_CHAIN): Promise<unknown> => {
      const cacao = await signedBy(accountOn(OTHER.address, chainId), sign)
      return verifyCacao(cacao, { verifiers: ethereumVerifiers({ rpc }), now })
    }
    const lying = async (eth_getCode: unknown) => (await startLyingRPC(chain.url, { eth_getCode })).url
    await check(await lying('0xEF0100'))
    const elsewhere = await needy(ANSWERS[0]?.[1] ?? {}, ['0x1', '0x1'])
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => check(elsewhere.url, 1))
    for (const code of ['', 'none', '0x 00', null, {}, ['0x']])
      await expectCode('ERR_RPC_UNAVAILABLE', async () => check(await lying(code)))
  })

  it('signs in, and stays signed in once it is delegated', async () => {
    const code = await chain.put('InitialisedAccount', [])
    const data = chain.dataOf('InitialisedAccount', 'initialise', [OTHER.address])
    const nonce = await chain.client.getTransactionCount({ address: OWNER.address })
    const provider = {
      async request({ method, params }: { method: string; params?: unknown }): Promise<unknown> {
        if (method !== 'personal_sign') return chain.client.request({ method, params } as never)
        const [raw] = params as [Hex]
        return wrap(await OTHER.signMessage({ message: { raw } }), {
          by: OWNER,
          code,
          to: OWNER.address,
          data,
          nonce,
        })
      },
    }
    const cacao = await ethereumAuth(provider, accountOn(OWNER.address), options)(request)
    expect(cacao.s.t).toBe('eip1271')
    const check = (): Promise<unknown> =>
      verifyCacao(cacao, { verifiers: ethereumVerifiers({ rpc: chain.url }) })
    await check()
    await chain.delegateTo(code)
    await chain.call(OWNER.address, 'InitialisedAccount', 'initialise', [OTHER.address])
    await check()
  })
})
