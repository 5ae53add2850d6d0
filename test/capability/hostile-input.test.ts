import { describe, expect, it } from 'vitest'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import type { CacaoVerifier, Verifiers } from '../../src/capability/verify-signature.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { payload, signed, unsigned } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'

const verifiers = ethereumVerifiers()
const deep = (depth: number): unknown => Array.from({ length: depth }).reduce((inner) => ({ inner }), {})
const refuses = async (input: unknown): Promise<unknown> =>
  expectCode('ERR_CAPABILITY_INVALID', () => verifyCacao(input, { verifiers }))

describe('oversized and nested input', () => {
  it.each([
    ['a statement of 16,385 characters', { statement: 'x'.repeat(16_385) }],
    ['a nonce of 16,385 characters', { nonce: 'x'.repeat(16_385) }],
    ['a resource of 16,385 characters', { resources: [`a:${'x'.repeat(16_384)}`] }],
    ['1001 resources', { resources: Array.from({ length: 1001 }, (_, i) => `a:${i}`) }],
    [
      '65,538 characters in all resources',
      { resources: Array.from({ length: 5 }, (_, i) => `${i === 4 ? 'a:' : 'a:'.padEnd(16_384, 'x')}`) },
    ],
    ['a megabyte in the request id', { requestId: 'x'.repeat(1_000_000) }],
    ['a nested statement', { statement: deep(10_000) }],
    ['nested resources', { resources: [deep(10_000)] }],
  ])('is refused: %s', async (_, changes) => void (await refuses(unsigned(changes))))

  it('is refused in the signature', async () => {
    await refuses({ ...unsigned(), s: { t: 'eip191', s: `0x${'0'.repeat(20_000)}` } })
    await refuses({ ...unsigned(), s: { t: 'eip191', s: new Uint8Array(20_000) } })
    await refuses({ ...unsigned(), s: { t: 'webauthn:p256', s: 'x', m: { aad: new Uint8Array(20_000) } } })
  })

  it('is accepted up to the limit', () => {
    const many = Array.from({ length: 1000 }, (_, i) => `a:${i}`)
    const long = Array.from({ length: 4 }, () => 'a:'.padEnd(16_384, 'x'))
    for (const resources of [many, long])
      expect(() => parseCacao(unsigned({ resources, statement: 'x'.repeat(16_384) }))).not.toThrow()
    const s = { t: 'webauthn:p256', s: new Uint8Array(16_384), m: { aad: new Uint8Array(16_384) } }
    expect(parseCacao({ ...unsigned(), s }).s).toEqual(s)
  })
})

describe('input with getters', () => {
  it('is read only once', () => {
    const genuine = unsigned()
    let reads = 0
    const p = { ...genuine.p }
    Object.defineProperty(p, 'iss', {
      enumerable: true,
      get: () => (reads++ === 0 ? genuine.p.iss : 'did:pkh:eip155:1:0x0'),
    })
    expect(parseCacao({ ...genuine, p }).p.iss).toBe(genuine.p.iss)
    expect(reads).toBe(1)
  })

  it('that throw is refused', async () => {
    const boom = (): never => {
      throw new Error('boom')
    }
    const p = Object.defineProperty({ ...unsigned().p }, 'iss', { enumerable: true, get: boom })
    for (const input of [
      { ...unsigned(), p },
      new Proxy(unsigned(), { ownKeys: boom }),
      new Proxy({}, { getPrototypeOf: boom }),
    ]) {
      const error = (await refuses(input)) as Error
      expect(error.cause).toMatchObject({ message: 'boom' })
    }
  })

  it('can not change an accepted capability', async () => {
    const verified = await verifyCacao(signed(), { verifiers })
    expect(() => Object.assign(verified, { p: payload() })).toThrow(TypeError)
    expect(() => Object.assign(verified, { root: verified })).toThrow(TypeError)
    expect(parseCacao(verified)).toBe(verified)
    const cacao = signed()
    expect(() => Object.assign(cacao.p, { iss: 'other' })).toThrow(TypeError)
    expect(() => cacao.p.resources?.push('all://*')).toThrow(TypeError)
    expect(() => Object.assign(cacao, { p: payload() })).toThrow(TypeError)
    expect(parseCacao(cacao)).toBe(cacao)
  })
})

describe('names from outside', () => {
  it.each(['toString', '__proto__', 'constructor', 'hasOwnProperty', 'valueOf'])(
    'that are no verifier: %s',
    async (t) => {
      await expectCode('ERR_CAPABILITY_UNSUPPORTED', () =>
        verifyCacao({ ...signed(), s: { t, s: '0x00' } }, { verifiers }),
      )
    },
  )

  it('are looked up among own members only', async () => {
    const inherited = Object.create(verifiers) as typeof verifiers
    expect(await failureOf(() => verifyCacao(signed(), { verifiers: inherited }))).toBeInstanceOf(TypeError)
    for (const t of Object.getOwnPropertyNames(Object.prototype))
      await expectCode('ERR_CAPABILITY_UNSUPPORTED', () =>
        verifyCacao({ ...signed(), s: { t, s: '0x00' } }, { verifiers }),
      )
  })

  it('say no by any answer but nothing and true', async () => {
    const answering = (answer: unknown): Verifiers => ({ eip191: async () => answer as undefined })
    for (const answer of [undefined, true])
      await expect(verifyCacao(signed(), { verifiers: answering(answer) })).resolves.toBeDefined()
    for (const answer of [false, null, 0, '', Number.NaN, 'no', {}, [], 1])
      await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
        verifyCacao(signed(), { verifiers: answering(answer) }),
      )
    const atOnce = { eip191: (() => false) as unknown as CacaoVerifier }
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => verifyCacao(signed(), { verifiers: atOnce }))
  })

  it('are not read from a polluted prototype', async () => {
    Object.defineProperty(Object.prototype, 'exp', { value: '2099-12-31T00:00:00Z', configurable: true })
    try {
      const cacao = parseCacao(unsigned({ exp: undefined }))
      expect(Object.hasOwn(cacao.p, 'exp')).toBe(false)
    } finally {
      Reflect.deleteProperty(Object.prototype, 'exp')
    }
  })
})
