import {
  encodeAbiParameters,
  type Hex,
  parseAbiParameters,
  parseErc6492Signature,
  serializeErc6492Signature,
} from 'viem'
import { describe, expect, it } from 'vitest'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { abiEncode, parseContractSignature } from '../../src/wallet/ethereum/contract-signature.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { payload } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { fakeChain } from '../setup/fake-chain.js'
import { ADDRESS_A } from '../setup/wallet.js'

const SIGNATURE: Hex = `0x${'ab'.repeat(96)}`

describe('a contract account’s signature', () => {
  const wrapped = (data: Hex, signature: Hex): Hex =>
    serializeErc6492Signature({ address: ADDRESS_A, data, signature })

  it.each<[Hex, Hex]>([
    ['0x', '0x11'],
    ['0x11', `0x${'22'.repeat(65)}`],
    [`0x${'11'.repeat(32)}`, `0x${'22'.repeat(32)}`],
    [`0x${'11'.repeat(33)}`, `0x${'22'.repeat(1000)}`],
  ])('is parsed as viem parses it: %s', (data, signature) => {
    const text = wrapped(data, signature)
    expect(parseErc6492Signature(text)).toEqual({ address: ADDRESS_A, data, signature })
    expect(parseContractSignature(text)).toEqual({
      factory: BigInt(ADDRESS_A),
      deployment: data.slice(2),
      signature: signature.slice(2),
    })
    expect(parseContractSignature(signature)).toEqual({ signature: signature.slice(2) })
  })

  it('may be empty, as for a Safe whose owners signed on its chain', () => {
    expect(parseContractSignature('0x')).toEqual({ signature: '' })
  })

  const text = wrapped('0x1111', '0x2222')
  const magic = '6492'.repeat(16)
  const word = (number: number): string => number.toString(16).padStart(64, '0')
  const body = text.slice(2, -64)
  const withWord = (i: number, value: string): string =>
    `0x${body.slice(0, 64 * i) + value + body.slice(64 * (i + 1))}${magic}`
  const malformed: readonly [string, unknown][] = [
    ['bytes', new Uint8Array(96)],
    ['an odd number of digits', `${SIGNATURE}a`],
    ['upper case', `0x${'AB'.repeat(96)}`],
    ['no 0x', SIGNATURE.slice(2)],
    ['other letters', `${SIGNATURE}zz`],
    ['white space', `${SIGNATURE} `],
    ['a line break', `${SIGNATURE}\n`],
    ['no wrapped data', `0x${magic}`],
    ['a part of the wrapped data', `0x${body.slice(0, 64)}${magic}`],
    ['the wrapped data without its end', `0x${body.slice(0, -2)}${magic}`],
    ['the wrapped data with bytes added', `0x${body}00${magic}`],
    ['the wrapped data with a word added', `0x${body}${word(0)}${magic}`],
    ['a factory that is no address', withWord(0, `01${body.slice(2, 64)}`)],
    ['another place for the deployment', withWord(1, word(0x80))],
    ['one place for both', withWord(2, word(0x60))],
    ['a length beyond the end', withWord(3, word(3000))],
    ['a length beyond everything', withWord(3, 'f'.repeat(64))],
    ['a length that hides a byte', withWord(3, word(1))],
    ['something in the padding', withWord(4, `1111${'0'.repeat(59)}1`)],
    ['no signature in the wrapped data', wrapped('0x1111', '0x')],
  ]
  it.each(malformed)('is refused with %s, and no RPC is called', async (_, s) => {
    expect(parseContractSignature(s)).toBeUndefined()
    const rpc = fakeChain()
    const cacao = { h: { t: 'caip122' }, p: payload(), s: { t: 'eip1271', s } }
    await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
      verifyCacao(cacao, { verifiers: ethereumVerifiers({ rpc }), now: () => Date.parse(cacao.p.iat) }),
    )
    expect(rpc.calls).toEqual([])
  })
})

describe('a signature with a delegation (ERC-8010)', () => {
  const types = parseAbiParameters(
    '(uint256 chainId, address delegation, uint256 nonce, uint8 yParity, uint256 r, uint256 s), address to, bytes data',
  )
  const contextOf = (data: Hex): string =>
    encodeAbiParameters(types, [
      { chainId: 31337n, delegation: ADDRESS_A, nonce: 7n, yParity: 1, r: 2n ** 255n, s: 3n },
      ADDRESS_A,
      data,
    ]).slice(2)
  const word = (number: number): string => number.toString(16).padStart(64, '0')
  const magic = '8010'.repeat(16)
  const signature = SIGNATURE.slice(2)
  const wrapped = (context: string, length = context.length / 2, before = signature): string =>
    `0x${before}${context}${word(length)}${magic}`
  const context = contextOf('0x1111')
  const withWord = (i: number, value: string): string =>
    wrapped(context.slice(0, 64 * i) + value + context.slice(64 * (i + 1)))

  it.each(['', '1111', '11'.repeat(32), '11'.repeat(33)])('is parsed: %s', (data) => {
    const delegation = {
      chainId: 31337n,
      address: BigInt(ADDRESS_A),
      nonce: 7n,
      yParity: 1n,
      r: 2n ** 255n,
      s: 3n,
    }
    expect(parseContractSignature(wrapped(contextOf(`0x${data}`)))).toEqual({
      signature,
      delegation: { ...delegation, to: BigInt(ADDRESS_A), data },
    })
  })

  it.each([
    ['nothing else', `0x${magic}`],
    ['a part of a length', `0x00${magic}`],
    ['a length of nothing', `0x${signature}${word(0)}${magic}`],
    ['no signature', wrapped(context, context.length / 2, '')],
    ['a length beyond the start', wrapped(context, 10_000)],
    ['a length beyond everything', `0x${signature}${context}${'f'.repeat(64)}${magic}`],
    ['a length that leaves out a word', wrapped(context, context.length / 2 - 32)],
    ['a length that leaves out all but a word', wrapped(context, 32)],
    ['a word added', wrapped(context + word(0))],
    ['a delegation to what is no address', withWord(1, `01${context.slice(66, 128)}`)],
    ['a nonce that no account can have', withWord(2, (1n << 64n).toString(16).padStart(64, '0'))],
    ['a parity of 2', withWord(3, word(2))],
    ['a receiver that is no address', withWord(6, (1n << 160n).toString(16).padStart(64, '0'))],
    ['another place for the data', withWord(7, word(0x120))],
    ['a length of the data that hides a byte', withWord(8, word(1))],
    ['a length of the data beyond everything', withWord(8, 'f'.repeat(64))],
    ['something in the padding', withWord(9, `1111${'0'.repeat(59)}1`)],
  ])('is refused with %s', (_, text) => {
    expect(parseContractSignature(wrapped(context))?.delegation?.data).toBe('1111')
    expect(parseContractSignature(withWord(2, 'f'.repeat(16).padStart(64, '0')))).toBeDefined()
    expect(parseContractSignature(text)).toBeUndefined()
  })
})

it('arguments are encoded as viem encodes them', () => {
  const types = parseAbiParameters('uint256, bytes, address, bytes')
  for (const [a, b] of [
    ['0x', '0x11'],
    [`0x${'11'.repeat(32)}`, `0x${'22'.repeat(100)}`],
  ] as [Hex, Hex][]) {
    const ours = abiEncode([31337n, { bytes: a.slice(2) }, BigInt(ADDRESS_A), { bytes: b.slice(2) }])
    expect(`0x${ours}`).toBe(encodeAbiParameters(types, [31337n, a, ADDRESS_A, b]))
  }
})
