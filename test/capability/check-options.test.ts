import { describe, expect, it } from 'vitest'
import { inspectCacao, verifyCacao } from '../../src/capability/verify-cacao.js'
import { verifyJWS } from '../../src/jws/verify-jws.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { signed } from '../setup/capability.js'
import { delegated, granted } from '../setup/chain.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { NOW } from '../setup/request-signer.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const verifiers = ethereumVerifiers()
const options = { verifiers, now: () => NOW }
const capability = signed()
/** The functions with these options; each rejects wrong ones. */
const TAKERS: readonly (readonly [string, (changes: object) => Promise<unknown>])[] = [
  ['verifyCacao', async (changes) => verifyCacao(capability, { ...options, ...changes })],
  ['inspectCacao', async (changes) => inspectCacao(capability, { ...options, ...changes })],
  ['verifyJWS', async (changes) => verifyJWS('a.b.c', { ...options, capability, ...changes })],
]

/** Options that are refused at once, and the option that the error must name. */
const WRONG: readonly (readonly [string, object])[] = [
  ['verifiers', { verifiers: undefined }],
  ['verifiers', { verifiers: {} }],
  ['verifiers', { verifiers: null }],
  ['verifiers', { verifiers: ethereumVerifiers }],
  ['verifiers', { verifiers: { eip191: true } }],
  ['verifiers', { verifiers: { ...verifiers, other: true } }],
  ['verifiers', { verifiers: [verifiers.eip191] }],
  ['domains', { domains: undefined }],
  ['domains', { domains: null }],
  ['domains', { domains: 'example.com' }],
  ['domains', { domains: new Set(['example.com']) }],
  ['domains', { domains: [] }],
  ['domains', { domains: ['https://example.com'] }],
  ['domains', { domains: ['example.com/'] }],
  ['domains', { domains: ['example.com/app'] }],
  ['domains', { domains: ['Example.com'] }],
  ['domains', { domains: ['*.example.com'] }],
  ['domains', { domains: ['example.com:443'] }],
  ['domains', { domains: ['example.com:80'] }],
  ['domains', { domains: ['user@example.com'] }],
  ['domains', { domains: ['bücher.example'] }],
  ['domains', { domains: [' example.com'] }],
  ['domains', { domains: ['example.com', undefined] }],
  // What a template string produces from an unset variable.
  ['is not set', { domains: ['undefined'] }],
  ['is not set', { domains: ['undefined:3000'] }],
  ['is not set', { domains: ['undefined.example.com'] }],
  ['is not set', { domains: ['app.undefined'] }],
  ['is not set', { domains: ['localhost:undefined'] }],
  ['resources', { resources: undefined }],
  ['resources', { resources: 'ceramic://x' }],
  ['resources', { resources: new Set(['ceramic://x']) }],
  ['resources', { resources: [] }],
  ['resources', { resources: [['ceramic://x']] }],
  ['resources', { resources: ['ceramic://x y'] }],
  ['resources', { resources: ['/notes'] }],
  ['ability', { ability: undefined }],
  ['ability', { ability: 'notes/read' }],
  ['ability', { ability: { ability: 'notes/read' } }],
  ['ability', { ability: { ability: 'notes/read', resource: 'ceramic://x', extra: 1 } }],
  ['ability', { ability: { ability: '', resource: 'ceramic://x' } }],
  ['ability', { ability: { ability: ['notes/read'], resource: 'ceramic://x' } }],
  ['ability', { ability: { ability: 'notes/read', resource: ['ceramic://x'] } }],
  ['ability', { ability: { ability: 'notes/read', resource: '/notes' } }],
  ['account', { issuer: null }],
  ['issuer', { issuer: undefined }],
  ['nonce', { nonce: undefined }],
  ['nonce', { nonce: '' }],
  ['nonce', { nonce: () => 'abcdefgh12' }],
  ['revocation', { revocation: undefined }],
  ['revocation', { revocation: null }],
  ['revocation', { revocation: false }],
  ['revocation', { revocation: {} }],
  ['revocation', { revocation: { isRevoked: false } }],
  ['{ isRevoked: (capability) => … }', { revocation: () => false }],
  ['isRevoked', { isRevoked: () => false }],
  ['storeTimeoutMs', { storeTimeoutMs: -1 }],
  ['storeTimeoutMs', { storeTimeoutMs: '2000' }],
  ['delegation', { delegation: undefined }],
  ['delegation', { delegation: true }],
  ['delegation', { delegation: 2 }],
  ['delegation.maxLinks', { delegation: {} }],
  ['delegation.maxLinks', { delegation: { maxLinks: 1 } }],
  ['delegation.maxLinks', { delegation: { maxLinks: 5 } }],
  ['delegation.maxLinks', { delegation: { maxLinks: 2.5 } }],
  ['delegation.maxLinks', { delegation: { maxLinks: '2' } }],
  ['maxSecs', { delegation: { maxLinks: 2, maxSecs: undefined } }],
  ['delegation.maxSecs', { delegation: { maxLinks: 2, maxSecs: 0 } }],
  ['delegation.maxSecs', { delegation: { maxLinks: 2, maxSecs: '60' } }],
  ['delegation.maxSecs', { delegation: { maxLinks: 2, maxSecs: Number.POSITIVE_INFINITY } }],
  ['maxsecs', { delegation: { maxLinks: 2, maxsecs: 60 } }],
  ['clockSkewSecs', { clockSkewSecs: -1 }],
  ['clockSkewSecs', { clockSkewSecs: '300' }],
  ['now', { now: Date.now() }],
  ['domain', { domain: ['example.com'] }],
  ['Resources', { Resources: ['ceramic://x'] }],
]

describe.each(TAKERS)('%s', (name, take) => {
  it.each(WRONG)('refuses %s: %o', async (option, changes) => {
    const error = await failureOf(() => take(changes))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toContain(option)
  })

  it('accepts valid options', async () => {
    const right = {
      domains: [
        'example.com',
        'localhost:3000',
        '127.0.0.1:8080',
        '[::1]:8080',
        'xn--bcher-kva.example',
        'undefined.com',
        'undefined-app.example',
      ],
      resources: ['ceramic://x'],
      issuer: ACCOUNT_A,
      nonce: 'abcdefgh12',
      revocation: { isRevoked: () => false },
      storeTimeoutMs: 2000,
      delegation: { maxLinks: 2, maxSecs: 60 },
      clockSkewSecs: 0,
    }
    if (name === 'verifyJWS') await expectCode('ERR_JWS_INVALID', () => take(right))
    else await take(right)
    await (name === 'verifyJWS'
      ? expectCode('ERR_JWS_INVALID', () => take({ now: undefined, delegation: false }))
      : take({ now: undefined, delegation: false }))
  })
})

it.each([
  ['audience', { audience: undefined }],
  ['audience', { audience: 'did:pkh:eip155:1:0x0' }],
  ['audience', { audience: [] }],
])('verifyCacao refuses %s: %o', async (option, changes) => {
  const error = await failureOf(() => verifyCacao(capability, { ...options, ...changes } as never))
  expect(error).toBeInstanceOf(TypeError)
  expect((error as TypeError).message).toContain(option)
})

it('verifyCacao accepts a well-formed ability and the longest chains as options', async () => {
  const ability = { ability: 'notes/read', resource: 'https://api.example.com/notes' }
  const delegation = { maxLinks: 4 }
  await verifyCacao(capability, { ...options, delegation })
  // This capability has only plain resources.
  await expectCode('ERR_CAPABILITY_RESOURCES', () =>
    verifyCacao(capability, { ...options, delegation, ability }),
  )
})

describe('a capability of another domain', () => {
  it('is refused, even if its domain begins or ends like an allowed one', async () => {
    const foreign = signed({ domain: 'app.example.co' })
    for (const domains of [['app.example.com'], ['example.co'], () => false])
      await expectCode('ERR_CAPABILITY_DOMAIN', () => verifyCacao(foreign, { ...options, domains }))
  })

  it('is accepted if the domains function returns true', async () => {
    const preview = signed({ domain: 'pr-12.preview.example' })
    const asked: string[] = []
    const domains = (domain: string): boolean => {
      asked.push(domain)
      return /^pr-\d+\.preview\.example$/.test(domain)
    }
    await verifyCacao(preview, { ...options, domains })
    expect(asked).toEqual(['pr-12.preview.example'])
    for (const answer of [1, 'yes', {}, undefined])
      await expectCode('ERR_CAPABILITY_DOMAIN', () =>
        verifyCacao(preview, { ...options, domains: () => answer as boolean }),
      )
  })
})

describe('a delegated capability', () => {
  it('is refused without the delegation option, and beyond its maxLinks and maxSecs', async () => {
    const session = await granted()
    const hour = '2024-06-01T14:00:00.000Z'
    const worker = await delegated(session, 'P-256', { iat: '2024-06-01T13:00:00.000Z', exp: hour })
    const third = await delegated(worker, 'P-256', { iat: '2024-06-01T13:00:00.000Z', exp: hour })
    const at = { verifiers, now: () => Date.parse('2024-06-01T13:30:00Z') }
    for (const refusing of [{}, { delegation: false as const }])
      await expectCode('ERR_CAPABILITY_DELEGATED', () => verifyCacao(worker.cacao, { ...at, ...refusing }))
    await verifyCacao(session.cacao, at)
    await verifyCacao(worker.cacao, { ...at, delegation: { maxLinks: 2 } })
    await expectCode('ERR_CAPABILITY_DELEGATED', () =>
      verifyCacao(third.cacao, { ...at, delegation: { maxLinks: 2 } }),
    )
    await verifyCacao(third.cacao, { ...at, delegation: { maxLinks: 3, maxSecs: 3600 } })
    await expectCode('ERR_CAPABILITY_DELEGATED', () =>
      verifyCacao(third.cacao, { ...at, delegation: { maxLinks: 3, maxSecs: 3599 } }),
    )
  })

  it('has the wallet’s message at its root', async () => {
    const session = await granted()
    const worker = await delegated(session, 'P-256', { nonce: 'newnonce12345', statement: 'I agree.' })
    const delegation = { maxLinks: 2 }
    const { root, ...rest } = await verifyCacao(worker.cacao, { ...options, delegation })
    expect(root).toEqual(session.cacao)
    expect(rest).toEqual(worker.cacao)
    expect(Object.keys(await verifyCacao(worker.cacao, { ...options, delegation }))).not.toContain('root')
    await verifyCacao(worker.cacao, { ...options, delegation, nonce: session.cacao.p.nonce })
    await expectCode('ERR_CAPABILITY_NONCE', () =>
      verifyCacao(worker.cacao, { ...options, delegation, nonce: 'newnonce12345' }),
    )
  })
})
