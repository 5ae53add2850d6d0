import secp256k1 from 'secp256k1'
import * as tiny from 'tiny-secp256k1'
import { describe, expect, it } from 'vitest'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { recoverWithSecp256k1, recoverWithTinySecp256k1 } from '../../src/node/index.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { payload, signed } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_B } from '../setup/wallet.js'

const now = (): number => Date.parse('2024-06-02T00:00:00Z')
const genuine = signed()
const hex = String(genuine.s.s)

describe.each([
  ['secp256k1', recoverWithSecp256k1(secp256k1)],
  ['tiny-secp256k1', recoverWithTinySecp256k1(tiny)],
])('with %s', (_, recover) => {
  const verifiers = ethereumVerifiers({ recover })
  const check = (input: unknown): Promise<unknown> => verifyCacao(input, { verifiers, now })

  it('genuine capabilities are accepted', async () => {
    for (const changes of [{}, { statement: undefined }, { statement: '同意します' }, { resources: [] }]) {
      await expect(check(signed(changes))).resolves.toBeDefined()
    }
  })

  it.each([
    ['another issuer', { ...genuine, p: payload({ iss: `did:pkh:${ACCOUNT_B}` }) }],
    ['another message', { ...genuine, p: payload({ nonce: 'othernonce' }) }],
    ['zeros', { ...genuine, s: { t: 'eip191', s: `0x${'00'.repeat(65)}` } }],
    ['r of the curve order', { ...genuine, s: { t: 'eip191', s: `0x${'ff'.repeat(32)}${hex.slice(66)}` } }],
    [
      'another v',
      { ...genuine, s: { t: 'eip191', s: `${hex.slice(0, -2)}${hex.endsWith('1b') ? '1c' : '1b'}` } },
    ],
    ['half a signature', { ...genuine, s: { t: 'eip191', s: hex.slice(0, 66) } }],
  ])(
    '%s is refused',
    async (_, forged) => void (await expectCode('ERR_CAPABILITY_SIGNATURE', () => check(forged))),
  )
})

describe('a recover function that returns garbage', () => {
  it.each([null, new Uint8Array(), new Uint8Array(64), new Uint8Array(65), Uint8Array.of(2)])(
    'makes verification fail: %o',
    async (answer) => {
      const verifiers = ethereumVerifiers({ recover: () => answer })
      await expectCode('ERR_CAPABILITY_SIGNATURE', () => verifyCacao(genuine, { verifiers, now }))
    },
  )
})
