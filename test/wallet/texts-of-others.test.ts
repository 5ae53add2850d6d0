import nacl from 'tweetnacl'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import { toEIP55 } from '../../src/base/eip55.js'
import { fromHex, toHex } from '../../src/base/hex.js'
import type { Cacao, CacaoPayload } from '../../src/capability/cacao.js'
import { cacaoCID, capabilityIdentity } from '../../src/capability/cid.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { toBase58 } from '../../src/key/session-key.js'
import { eip191Hash } from '../../src/wallet/ethereum/eip191.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { eip191Sign, recoverPublicKey } from '../../src/wallet/ethereum/secp256k1.js'
import { keyVerifiers } from '../../src/wallet/key/index.js'
import { solanaVerifiers } from '../../src/wallet/solana/index.js'
import { payload, signed } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCEPTED, REFUSED } from '../setup/fake-chain.js'
import { SOLANA_MAINNET } from '../setup/solana-wallet.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

// Texts are written here by hand, because the library writes only one of them.

const now = (): number => Date.parse('2024-06-02T00:00:00Z')
const LOWER = ACCOUNT_A.slice('eip155:1:'.length)
const SECRET = fromHex(KEY_A.slice(2)) ?? new Uint8Array()

interface Text {
  readonly address: string
  readonly blankLines: 1 | 2
  readonly order: 'today' | 'old'
  readonly resources?: 'named' | 'left out'
}

function textOf(p: CacaoPayload, chainName: string, chainId: string, text: Text): string {
  const chain = `Chain ID: ${chainId}`
  const isOld = text.order === 'old'
  return [
    `${p.domain} wants you to sign in with your ${chainName} account:`,
    text.address,
    '',
    ...(p.statement !== undefined ? [p.statement, ''] : text.blankLines === 2 ? [''] : []),
    `URI: ${p.aud}`,
    'Version: 1',
    ...(isOld ? [] : [chain]),
    `Nonce: ${p.nonce}`,
    `Issued At: ${p.iat}`,
    `Expiration Time: ${p.exp}`,
    ...(isOld ? [chain] : []),
    ...(p.resources && text.resources !== 'left out'
      ? ['Resources:', ...p.resources.map((resource) => `- ${resource}`)]
      : []),
  ].join('\n')
}

const SPELLINGS: [string, string][] = [
  ['in EIP-55', toEIP55(LOWER)],
  ['in lower case', LOWER],
]
const OLD = { iat: '2022-09-19T00:00:00.000Z', exp: '2050-01-01T00:00:00.000Z' }
const cases = SPELLINGS.flatMap(([spelling, address]) =>
  [undefined, 'Sign in.'].flatMap((statement) =>
    ([1, 2] as const).flatMap((blankLines) =>
      (['today', 'old'] as const).flatMap((order) =>
        [undefined, [], ['https://api.example.com/*']].map((resources) => ({
          spelling,
          statement,
          resources,
          text: { address, blankLines, order } satisfies Text,
        })),
      ),
    ),
  ),
)

describe('a text signed with other software, with the address', () => {
  const eip191 = (p: CacaoPayload, text: string): Cacao =>
    ({ h: { t: 'caip122' }, p, s: { t: 'eip191', s: eip191Sign(text, SECRET) } }) as Cacao
  const eip1271 = (p: CacaoPayload): Cacao =>
    ({ h: { t: 'caip122' }, p, s: { t: 'eip1271', s: `0x${'ab'.repeat(96)}` } }) as Cacao
  // A chain with a contract that accepts the signature over one text.
  const accepting = (text: string) => ({
    async request({ method, params }: { method: string; params?: unknown }) {
      const isAsked = JSON.stringify(params).includes(toHex(eip191Hash(text)))
      return method === 'eth_chainId' ? '0x1' : isAsked ? ACCEPTED : REFUSED
    },
  })

  it.each(cases)(
    '$spelling, $text.blankLines blank lines, the statement $statement, the order of $text.order and the resources $resources is verified',
    async ({ statement, resources, text }) => {
      const changes = { statement, resources, ...(text.order === 'old' && OLD) }
      const p = payload(changes)
      const signs = textOf(p, 'Ethereum', '1', text)
      await verifyCacao(eip191(p, signs), { verifiers: ethereumVerifiers(), now })
      await verifyCacao(eip1271(p), { verifiers: ethereumVerifiers({ rpc: accepting(signs) }), now })
      const other = `${signs}\n`
      await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
        verifyCacao(eip191(p, other), { verifiers: ethereumVerifiers(), now }),
      )
      await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
        verifyCacao(eip1271(p), { verifiers: ethereumVerifiers({ rpc: accepting(other) }), now }),
      )
    },
  )

  it.each(SPELLINGS)('%s is verified, in either spelling of the issuer', async (_, address) => {
    for (const spelling of [LOWER, toEIP55(LOWER)]) {
      const p = payload({ iss: `did:pkh:eip155:1:${spelling}` })
      const signs = textOf(p, 'Ethereum', '1', { address, blankLines: 1, order: 'today' })
      await verifyCacao(eip191(p, signs), { verifiers: ethereumVerifiers(), now })
      await verifyCacao(eip1271(p), { verifiers: ethereumVerifiers({ rpc: accepting(signs) }), now })
    }
  })

  it.each(SPELLINGS)(
    '%s, in the old field order, is refused from the day on which that was given up',
    async (_, address) => {
      const p = payload({ iat: '2022-09-21T00:00:00.000Z' })
      const text = textOf(p, 'Ethereum', '1', { address, blankLines: 2, order: 'old' })
      await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
        verifyCacao(eip191(p, text), { verifiers: ethereumVerifiers(), now }),
      )
    },
  )

  it('takes no more key recoveries than before, if its text is an old one', async () => {
    let recoveries = 0
    const counting = ethereumVerifiers({
      recover: (...args) => {
        recoveries++
        return recoverPublicKey(...args)
      },
    })
    const count = async (changes: Record<string, unknown>, text: Text): Promise<number> => {
      const p = payload(changes)
      recoveries = 0
      await verifyCacao(eip191(p, textOf(p, 'Ethereum', '1', text)), { verifiers: counting, now })
      return recoveries
    }
    const [eip55, lower] = [toEIP55(LOWER), LOWER]
    expect([
      await count({}, { address: eip55, blankLines: 2, order: 'today' }),
      await count({}, { address: lower, blankLines: 1, order: 'today' }),
      await count({ statement: undefined }, { address: eip55, blankLines: 2, order: 'today' }),
      await count({ statement: undefined }, { address: eip55, blankLines: 1, order: 'today' }),
      await count({ statement: undefined }, { address: lower, blankLines: 1, order: 'today' }),
      await count({ ...OLD, statement: undefined }, { address: lower, blankLines: 1, order: 'old' }),
      await count({ ...OLD }, { address: lower, blankLines: 1, order: 'old' }),
    ]).toEqual([1, 2, 1, 2, 3, 4, 3])
  })

  it.each<[number, Record<string, unknown>]>([
    [2, {}],
    [4, { statement: undefined }],
    [16, { ...OLD, statement: undefined, resources: [] }],
  ])('makes at most %i calls to the chain, for %j', async (calls, changes) => {
    let count = 0
    const rpc = {
      async request({ method }: { method: string }) {
        if (method === 'eth_chainId') return '0x1'
        count++
        return REFUSED
      },
    }
    await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
      verifyCacao(eip1271(payload(changes)), { verifiers: ethereumVerifiers({ rpc }), now }),
    )
    expect(count).toBe(calls)
  })

  it.each(['named', 'left out'] as const)(
    'with an empty list of resources is verified %s',
    async (resources) => {
      const p = payload({ resources: [] })
      const text = textOf(p, 'Ethereum', '1', { address: LOWER, blankLines: 1, order: 'today', resources })
      const cacao = eip191(p, text)
      await verifyCacao(cacao, { verifiers: ethereumVerifiers(), now })
      // Signed resources can't be removed.
      const full = payload({})
      const signs = textOf(full, 'Ethereum', '1', { address: LOWER, blankLines: 1, order: 'today' })
      await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
        verifyCacao(eip191(p, signs), { verifiers: ethereumVerifiers(), now }),
      )
    },
  )
})

describe('a text signed with other software, for a Solana account', () => {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(new Uint8Array(32).fill(7))
  const address = toBase58(publicKey)
  const iss = `did:pkh:solana:${SOLANA_MAINNET}:${address}`
  const signatureOf = (text: string): Uint8Array => nacl.sign.detached(utf8(text), secretKey)
  const verify = (p: CacaoPayload, s: unknown, m?: object): Promise<Cacao> =>
    verifyCacao(
      { h: { t: 'caip122' }, p, s: { t: 'solana:ed25519', s, ...(m && { m }) } },
      { verifiers: solanaVerifiers(), now },
    )

  it.each(
    [undefined, 'Sign in.'].flatMap((statement) =>
      ([1, 2] as const).flatMap((blankLines) =>
        (['named', 'left out'] as const).map((resources) => ({ statement, blankLines, resources })),
      ),
    ),
  )(
    '$blankLines blank lines, the statement $statement, no resources: $resources',
    async ({ statement, ...text }) => {
      const p = payload({ iss, statement, resources: [] })
      const signs = textOf(p, 'Solana', SOLANA_MAINNET, { address, order: 'today', ...text })
      await verify(p, toBase58(signatureOf(signs)))
      await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify(p, toBase58(signatureOf(`${signs}\n`))))
    },
  )

  it('may have its signature as bytes, as in CAIP-74, and an empty map beside it', async () => {
    const p = payload({ iss })
    const text = textOf(p, 'Solana', SOLANA_MAINNET, { address, blankLines: 1, order: 'today' })
    const signature = signatureOf(text)
    await verify(p, signature)
    await verify(p, signature, {})
    await verify(p, toBase58(signature), {})
    for (const wrong of [signature.slice(1), Uint8Array.of(...signature, 0), signatureOf('another')])
      await expectCode('ERR_CAPABILITY_SIGNATURE', () => verify(p, wrong))
  })
})

describe('an empty map of signature metadata', () => {
  it('counts as no metadata, is kept, and does not change the identity', async () => {
    const plain = signed()
    const empty = { ...plain, s: { ...plain.s, m: {} } }
    const verified = await verifyCacao(empty, { verifiers: ethereumVerifiers(), now })
    expect(verified.s.m).toEqual({})
    expect(capabilityIdentity(empty)).toBe(capabilityIdentity(plain))
    expect(cacaoCID(verified)).not.toBe(cacaoCID(plain))
    const strange = { ...plain, s: { ...plain.s, m: { kind: 'x' } } }
    await expectCode('ERR_CAPABILITY_INVALID', () => parseCacao(strange))
    await expectCode('ERR_CAPABILITY_UNSUPPORTED', () =>
      verifyCacao(empty, { verifiers: keyVerifiers(), now }),
    )
  })
})

describe('a capability that is not yet valid', () => {
  it('is refused as such by any verifier, and a forged one as forged', async () => {
    const future = signed({ iat: '2024-06-03T00:00:00Z' })
    // Like the verifiers of the did-session family, which check the dates themselves.
    const family = async (
      cacao: { p: { iat: string; nbf?: string } },
      options: { atTime: Date; clockSkewSecs: number },
    ): Promise<void> => {
      const latest = options.atTime.getTime() + options.clockSkewSecs * 1000
      if (Date.parse(cacao.p.iat) > latest || Date.parse(cacao.p.nbf ?? cacao.p.iat) > latest)
        throw new Error('CACAO is not valid yet')
      if (cacao.p.iat === '2030-01-01T00:00:00Z') throw new Error('Signature does not belong to issuer')
    }
    const later = signed({ nbf: '2024-06-03T00:00:00Z' })
    for (const verifiers of [{ eip191: family as never }, ethereumVerifiers()])
      for (const cacao of [future, later])
        await expectCode('ERR_CAPABILITY_NOT_YET_VALID', () => verifyCacao(cacao, { verifiers, now }))
    await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
      verifyCacao(signed({ iat: '2030-01-01T00:00:00Z' }), { verifiers: { eip191: family as never }, now }),
    )
    await verifyCacao(signed(), { verifiers: { eip191: family as never }, now })
  })
})
