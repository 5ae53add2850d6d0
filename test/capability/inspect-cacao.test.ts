import { describe, expect, it } from 'vitest'
import { inspectCacao, verifyCacao } from '../../src/capability/verify-cacao.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { AUDIENCE, payload, signed } from '../setup/capability.js'
import { failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A, ACCOUNT_B } from '../setup/wallet.js'

const verifiers = ethereumVerifiers()
const now = (): number => Date.parse('2024-06-02T00:00:00Z')
const genuine = signed()

describe('inspectCacao', () => {
  it('returns the claims of a valid capability', async () => {
    expect(await inspectCacao(genuine, { verifiers, now })).toEqual({
      isAccepted: true,
      problems: [],
      claims: {
        issuer: `did:pkh:${ACCOUNT_A}`,
        audience: AUDIENCE,
        domain: 'example.com',
        resources: ['ceramic://*'],
        issuedAt: new Date('2024-06-01T12:00:00.000Z'),
        expiresAt: new Date('2099-12-31T23:59:59.000Z'),
        signatureType: 'eip191',
      },
    })
  })

  it('returns all problems, in the order of the checks', async () => {
    const options = {
      verifiers,
      now: () => Date.parse('2100-01-01'),
      issuer: ACCOUNT_B,
      audience: 'did:key:z6MkmTGHMMK4nawdnZGayoR7QPDpLwiXMAR7z4r5ii73yTaJ',
      domains: ['other.example'],
      nonce: 'othernonce',
      resources: ['a:b'],
      revocation: { isRevoked: () => true },
    }
    const forged = { ...genuine, p: payload({ statement: 'Forged.' }) }
    const { isAccepted, problems, claims } = await inspectCacao(forged, options)
    expect(isAccepted).toBe(false)
    expect(problems.map(({ code }) => code)).toEqual([
      'ERR_CAPABILITY_SIGNATURE',
      'ERR_CAPABILITY_ISSUER',
      'ERR_CAPABILITY_AUDIENCE',
      'ERR_CAPABILITY_DOMAIN',
      'ERR_CAPABILITY_NONCE',
      'ERR_CAPABILITY_EXPIRED',
      'ERR_CAPABILITY_RESOURCES',
      'ERR_CAPABILITY_REVOKED',
    ])
    expect(claims?.issuer).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(await failureOf(() => verifyCacao(forged, options))).toMatchObject(problems[0] ?? {})
  })

  it('names at most five resources, and shortens long ones, so that nobody can fill a log', async () => {
    const reasonFor = async (granted: string[], resources: string[]): Promise<string | undefined> => {
      const { problems } = await inspectCacao(signed({ resources: granted }), { verifiers, now, resources })
      return problems[0]?.message.replace('the capability is refused: ', '')
    }
    const five = ['a:1', 'a:2', 'a:3', 'a:4', 'a:5']
    expect(await reasonFor([], ['b:1'])).toBe('it does not cover b:1; it covers nothing')
    expect(await reasonFor(five, ['b:1'])).toBe('it does not cover b:1; it covers a:1, a:2, a:3, a:4, a:5')
    expect(await reasonFor(['b:1'], [...five, 'a:6', 'a:7'])).toBe(
      'it does not cover a:1, a:2, a:3, a:4, a:5, 2 others; it covers b:1',
    )
    const long = `a:${'x'.repeat(198)}`
    expect(await reasonFor([long], [`${long}y`])).toBe(`it does not cover ${long}…; it covers ${long}`)
  })

  it('returns no claims for a malformed capability', async () => {
    for (const input of [undefined, {}, 'cacao', { ...genuine, p: payload({ exp: '' }) }]) {
      const { isAccepted, problems, claims } = await inspectCacao(input, { verifiers, now })
      expect([isAccepted, claims, problems.map(({ code }) => code)]).toEqual([
        false,
        undefined,
        ['ERR_CAPABILITY_INVALID'],
      ])
    }
  })

  it('does not repeat the signature', async () => {
    const forged = { ...genuine, p: payload({ iss: `did:pkh:${ACCOUNT_B}` }) }
    const text = JSON.stringify(await inspectCacao(forged, { verifiers, now }))
    expect(text).not.toContain(String(genuine.s.s).slice(2, 40))
  })

  it('throws a TypeError for wrong options', async () => {
    expect(await failureOf(() => inspectCacao(genuine, { verifiers, issuer: 'nobody' }))).toBeInstanceOf(
      TypeError,
    )
    expect(await failureOf(() => inspectCacao(genuine, undefined as never))).toBeInstanceOf(TypeError)
    expect(
      await failureOf(() => verifyCacao(genuine, { verifiers, clockSkewSecs: Number.NaN })),
    ).toBeInstanceOf(TypeError)
    expect(await failureOf(() => verifyCacao(genuine, { verifiers: undefined as never }))).toBeInstanceOf(
      TypeError,
    )
  })
})
