import { describe, expect } from 'vitest'
import { fromHex, toHex } from '../../src/base/hex.js'
import type { CacaoPayload } from '../../src/capability/cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { type EIP1193Provider, ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { eip191Sign } from '../../src/wallet/ethereum/secp256k1.js'
import { AUDIENCE, payload, signed } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A, ADDRESS_A, KEY_A } from '../setup/wallet.js'
import { reported } from './reported.js'

const now = (): number => Date.parse('2024-06-02T00:00:00Z')
const LOWER = ADDRESS_A.toLowerCase()

/** A message signed with other software, with its payload. */
const signs =
  (p: CacaoPayload, lines: readonly (string | readonly string[])[]) => async (): Promise<void> => {
    const text = lines.flat().join('\n')
    const s = eip191Sign(text, fromHex(KEY_A.slice(2)) ?? new Uint8Array())
    const verifiers = ethereumVerifiers()
    await verifyCacao({ h: { t: 'caip122' }, p, s: { t: 'eip191', s } }, { verifiers, now })
    const other = { ...p, nonce: 'another123' }
    await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
      verifyCacao({ h: { t: 'caip122' }, p: other, s: { t: 'eip191', s } }, { verifiers, now }),
    )
  }
const head = (p: CacaoPayload): string => `${p.domain} wants you to sign in with your Ethereum account:`
const fields = (p: CacaoPayload): string[] => [
  `URI: ${p.aud}`,
  'Version: 1',
  'Chain ID: 1',
  `Nonce: ${p.nonce}`,
  `Issued At: ${p.iat}`,
  `Expiration Time: ${p.exp}`,
]

const bare = payload({ statement: undefined, resources: undefined })
const said = payload({ statement: 'Welcome.', resources: undefined })
const none = payload({ statement: undefined, resources: [] })

describe('a message of other software is verified', () => {
  reported([
    {
      report: 'reown-com/keys-server#55',
      title: 'with the address in lower case and two blank lines',
      test: signs(bare, [head(bare), LOWER, '', '', fields(bare)]),
    },
    {
      report: 'reown-com/reown_flutter#45',
      title: 'with the address in lower case and a statement',
      test: signs(said, [head(said), LOWER, '', 'Welcome.', '', fields(said)]),
    },
    {
      report: 'MetaMask/test-dapp#326',
      title: 'with the address as eth_accounts gives it, and one blank line',
      test: signs(bare, [head(bare), LOWER, '', fields(bare)]),
    },
    {
      report: 'spruceid/siwe#53',
      title: 'with the address in EIP-55',
      test: signs(bare, [head(bare), ADDRESS_A, '', '', fields(bare)]),
    },
    {
      report: 'ceramicnetwork/js-did#193',
      title: 'of did-session, with the issuer in lower case and the address in EIP-55',
      test: signs(said, [head(said), ADDRESS_A, '', 'Welcome.', '', fields(said)]),
    },
    {
      report: 'ceramicnetwork/js-did#193',
      title: 'with an empty list of resources that the text leaves out',
      test: signs(none, [head(none), ADDRESS_A, '', fields(none)]),
    },
  ])
})

describe('a ReCap', () => {
  reported([
    {
      report: 'reown-com/reown_flutter#45',
      title: 'whose target is no URI is refused, and the error says so',
      test: async () => {
        const json = '{"att":{"eip155":{"request/personal_sign":[{"chains":["eip155:1"]}]}}}'
        const resources = [`urn:recap:${btoa(json).replace(/=+$/, '')}`]
        const statement =
          "Welcome. I further authorize the stated URI to perform the following actions on my behalf: (1) 'request': 'personal_sign' for 'eip155'."
        const { message } = await expectCode('ERR_CAPABILITY_INVALID', () =>
          verifyCacao(signed({ resources, statement }), { verifiers: ethereumVerifiers(), now }),
        )
        expect(message).toMatch(/"eip155", which is not a URI/)
      },
    },
  ])
})

describe('a smart account', () => {
  const SIGNATURE = `0x${'ab'.repeat(96)}`
  const contract = { h: { t: 'caip122' }, p: payload(), s: { t: 'eip1271', s: SIGNATURE } }
  const MAGIC = `0x1626ba7e${'0'.repeat(56)}`
  /** A chain whose eth_call needs a receiver, with a contract that returns this answer. */
  const needing = (error: unknown, answer: unknown): EIP1193Provider => ({
    async request({ method, params }) {
      if (method === 'eth_chainId') return '0x1'
      const [{ to }] = params as [{ to?: string }]
      if (to === undefined) throw error
      expect(to).toBe(LOWER)
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  const asked = (error: unknown) => async (): Promise<void> => {
    const verify = (answer: unknown): Promise<unknown> =>
      verifyCacao(contract, { verifiers: ethereumVerifiers({ rpc: needing(error, answer) }), now })
    await verify(MAGIC)
    for (const no of [
      '0x',
      `0x${'f'.repeat(8)}${'0'.repeat(56)}`,
      '0x1626ba7e',
      new Error('execution reverted: GS026'),
    ])
      await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify(no))
    for (const failure of [new Error('fetch failed'), { code: -32005 }])
      await expectCode('ERR_RPC_UNAVAILABLE', () => verify(Object.assign(new Error('x'), failure)))
  }
  const rpcError = (code: number, message: string): Error => Object.assign(new Error(message), { code })
  reported([
    {
      report: 'wevm/viem#2484',
      title: 'is called directly on a chain whose eth_call needs a receiver',
      test: asked(rpcError(-32602, "missing 'to'")),
    },
    {
      report: 'hiero-ledger/hiero-json-rpc-relay#2334',
      title: 'is verified through the relay of Hedera',
      test: asked(
        rpcError(
          -32602,
          "Invalid parameter 'to' for TransactionObject: Expected 0x prefixed string representing the address (20 bytes), value: null",
        ),
      ),
    },
    {
      report: 'onflow/flow-evm-gateway#113',
      title: 'is verified through the gateway of Flow',
      test: asked(rpcError(-32000, 'to address is required')),
    },
    {
      report: 'a16z/helios#205',
      title: 'is verified through a light client',
      test: asked(rpcError(-32602, 'missing field `to` at line 1 column 13365')),
    },
    {
      report: 'neonevm/proxy-model.py#279',
      title: 'is verified through the proxy of Neon',
      test: asked(rpcError(-32000, "'to'")),
    },
    {
      report: 'safe-global/safe-apps-sdk#237',
      title: 'may sign with 0x if its owners sign on the chain',
      test: async () => {
        let isSigned = true
        const provider: EIP1193Provider = {
          async request({ method }) {
            if (method === 'personal_sign') return '0x'
            if (method === 'eth_chainId') return '0x1'
            return isSigned ? '0x1626ba7e' : '0xffffffff'
          },
        }
        const auth = ethereumAuth(provider, ACCOUNT_A, { domain: 'app.example' })
        const cacao = await auth({ uri: AUDIENCE, resources: ['a:b'] })
        expect(cacao.s).toEqual({ t: 'eip1271', s: '0x' })
        await verifyCacao(cacao, { verifiers: ethereumVerifiers({ rpc: provider }) })
        isSigned = false
        await expectCode('ERR_AUTH_FAILED', () => auth({ uri: AUDIENCE, resources: ['a:b'] }))
      },
    },
    {
      report: 'ithacaxyz/porto#788',
      title: 'is verified before its delegation (ERC-8010)',
      test: async () => {
        const word = (value: bigint | number): string => value.toString(16).padStart(64, '0')
        const context = [1, 0xc0de, 0, 1, 2, 3, LOWER, 256, 0].map((value) => word(BigInt(value))).join('')
        const s = `${SIGNATURE}${context}${word(context.length / 2)}${'8010'.repeat(16)}`
        const calls: Record<string, unknown>[] = []
        const delegated = (): Record<string, unknown> | undefined =>
          calls.find((call) => 'authorizationList' in call)
        const rpc = (chain: string): EIP1193Provider => ({
          async request({ method, params }) {
            if (method === 'eth_chainId') return '0x1'
            if (method === 'eth_getCode') return '0x'
            const [call] = params as [Record<string, unknown>]
            calls.push(call)
            return call['to'] === undefined ? '0xffffffff' : `${MAGIC}${word(BigInt(chain))}`
          },
        })
        const cacao = { ...contract, s: { t: 'eip1271', s } }
        await verifyCacao(cacao, { verifiers: ethereumVerifiers({ rpc: rpc('1') }), now })
        expect(delegated()).toMatchObject({
          authorizationList: [
            {
              chainId: '0x1',
              address: `0x${word(0xc0de).slice(24)}`,
              nonce: '0x0',
              yParity: '0x1',
              r: '0x2',
              s: '0x3',
            },
          ],
        })
        expect(String(delegated()?.['data'])).toContain(
          toHex(fromHex(SIGNATURE.slice(2)) ?? new Uint8Array()),
        )
        await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
          verifyCacao(cacao, { verifiers: ethereumVerifiers({ rpc: rpc('2') }), now }),
        )
      },
    },
  ])
})

/** A capability as WalletConnect's libraries build it: the ReCap in base64, and a page as the audience. */
const oneClick = (att: object, changes: object = {}) => {
  const recap = `urn:recap:${btoa(JSON.stringify({ att })).replace(/=+$/, '')}`
  return signed({
    aud: 'https://app.example.com/login',
    resources: [recap],
    statement:
      "I further authorize the stated URI to perform the following actions on my behalf: (1) 'request': 'eth_signTypedData_v4', 'personal_sign' for 'eip155'.",
    ...changes,
  })
}
const limits = { chains: ['eip155:1', 'eip155:137'] }
const wallet = { eip155: { 'request/eth_signTypedData_v4': [limits], 'request/personal_sign': [limits] } }
const accepting = { verifiers: ethereumVerifiers(), now: () => Date.parse(payload().iat) }

describe('a one-click sign-in', () => {
  reported([
    {
      report: 'reown-com/appkit#2033',
      title: 'is refused with an error that names oneClickAuth, and accepted with that option',
      test: async () => {
        const cacao = oneClick(wallet)
        const error = await expectCode('ERR_CAPABILITY_INVALID', () => verifyCacao(cacao, accepting))
        expect(error.message).toContain('oneClickAuth: true')
        const { root } = await verifyCacao(cacao, { ...accepting, oneClickAuth: true })
        expect(root.p.iss).toBe(cacao.p.iss)
      },
    },
    {
      report: 'reown-com/appkit#2033',
      title: 'grants no ability or resource',
      test: async () => {
        const options = { ...accepting, oneClickAuth: true }
        const ability = { ability: 'request/personal_sign', resource: 'eip155:1' }
        await expectCode('ERR_CAPABILITY_RESOURCES', () =>
          verifyCacao(oneClick(wallet), { ...options, ability }),
        )
        await expectCode('ERR_CAPABILITY_RESOURCES', () =>
          verifyCacao(oneClick(wallet), { ...options, resources: ['https://api.example.com/notes'] }),
        )
      },
    },
    {
      report: 'reown-com/appkit#2033',
      title: 'does not switch off the checks of other ReCaps and of the signature',
      test: async () => {
        const options = { ...accepting, oneClickAuth: true }
        const grant = { 'https://api.example.com/notes': { 'notes/write': [{}] } }
        for (const att of [grant, { ...wallet, ...grant }, {}, { eip155: 1 }])
          await expectCode('ERR_CAPABILITY_INVALID', () => verifyCacao(oneClick(att), options))
        const cacao = oneClick(wallet)
        const forged = { ...cacao, p: { ...cacao.p, nonce: 'anothernonce' } }
        await expectCode('ERR_CAPABILITY_SIGNATURE', () => verifyCacao(forged, options))
      },
    },
  ])
})
