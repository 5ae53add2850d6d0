import fc from 'fast-check'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { utf8 } from '../../src/base/bytes.js'
import type { SessionErrorCode } from '../../src/base/errors.js'
import { fromBase64url, toBase64url } from '../../src/base/multibase.js'
import { type Cacao, type CacaoPayload, chainOf, issuerAccount, rootOf } from '../../src/capability/cacao.js'
import type { Revocation } from '../../src/capability/check-options.js'
import { cacaoCID, capabilityIdentity, nativeIdentity } from '../../src/capability/cid.js'
import { decodeDagJSON, encodeDagJSON } from '../../src/capability/dag-json.js'
import { parseMessage } from '../../src/capability/message.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { covers } from '../../src/capability/resources.js'
import { inspectCacao, verifyCacao } from '../../src/capability/verify-cacao.js'
import { renderKeyMessage } from '../../src/capability/verify-signature.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { signRequest } from '../../src/http/sign-request.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { verifyJWS } from '../../src/jws/verify-jws.js'
import { encodeDIDKey } from '../../src/key/did-key.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { payloads } from '../setup/arbitraries.js'
import { signed } from '../setup/capability.js'
import { type Draft, delegated, draft, granted, type Holder, KEY_TYPES } from '../setup/chain.js'
import { countSteps } from '../setup/count-steps.js'
import { expectCode } from '../setup/expect-code.js'
import { accepting, NOW, post, RESOURCE } from '../setup/request-signer.js'
import { SEED } from '../setup/seed.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_B } from '../setup/wallet.js'

const options = { verifiers: ethereumVerifiers(), now: () => NOW, delegation: { maxLinks: 4 } }
const check = (input: unknown, changes: object = {}): Promise<Cacao> =>
  verifyCacao(input, { ...options, ...changes })
const refuses = async (code: SessionErrorCode, input: unknown, changes: object = {}): Promise<Error> =>
  expectCode(code, () => check(input, changes))
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

let session: Holder
let worker: Holder
let deepest: Holder
let stranger: Holder
beforeAll(async () => {
  session = await granted()
  worker = await delegated(session, 'Ed25519')
  const third = await delegated(worker, 'P-256', { iat: '2024-06-01T14:00:00.000Z' })
  deepest = await delegated(third, 'Ed25519', { iat: '2024-06-01T15:00:00.000Z' })
  stranger = await granted('Ed25519')
})

describe('a delegated capability', () => {
  it.each([
    ['P-256', 'P-256'],
    ['P-256', 'Ed25519'],
    ['Ed25519', 'P-256'],
    ['Ed25519', 'Ed25519'],
  ] as const)(
    'of a %s key for a %s key, and one delegated from that, act for the account',
    async (one, two) => {
      const second = await delegated(await granted(one), two)
      const third = await delegated(second, one)
      for (const { cacao, key } of [second, third]) {
        const checked = await check(JSON.parse(JSON.stringify(cacao)), {
          issuer: ACCOUNT_A,
          audience: key.did,
          domains: ['example.com'],
          resources: [RESOURCE],
        })
        expect(issuerAccount(checked)).toBe(ACCOUNT_A)
      }
    },
  )

  it('acts neither for another account nor for the delegating key', async () => {
    for (const issuer of [ACCOUNT_B, session.key.did])
      await refuses('ERR_CAPABILITY_ISSUER', worker.cacao, { issuer })
  })

  it('has at most four links', async () => {
    expect(chainOf(deepest.cacao).map(({ p }) => p.aud)).toHaveLength(4)
    expect(rootOf(deepest.cacao)).toEqual(session.cacao)
    await check(deepest.cacao)
    const fifth = await draft(deepest, stranger.key.did, { iat: '2024-06-01T16:00:00.000Z' })
    const error = await refuses('ERR_CAPABILITY_INVALID', fifth)
    expect(error.message).toContain('at most 4')
    await refuses('ERR_CAPABILITY_INVALID', JSON.parse(JSON.stringify(fifth)))
  })

  it('is deeply copied and frozen, and keeps what DAG-JSON and a CID need', () => {
    const input = decodeDagJSON(encodeDagJSON(deepest.cacao))
    const cacao = parseCacao(input)
    expect(cacao).toEqual(deepest.cacao)
    for (const link of chainOf(cacao))
      for (const part of [link, link.p, link.s, link.p.resources]) expect(Object.isFrozen(part)).toBe(true)
    expect(cacaoCID(cacao)).toBe(cacaoCID(deepest.cacao))
    expect(cacaoCID(cacao)).toMatch(/^bafyrei/)
  })

  it('is identified by its own payload, which names its parent', async () => {
    expect(capabilityIdentity(worker.cacao)).not.toBe(capabilityIdentity(session.cacao))
    for (const { cacao } of [session, worker])
      expect(await nativeIdentity(cacao)).toBe(capabilityIdentity(cacao))
    expect(worker.cacao.p.requestId).toBe(capabilityIdentity(session.cacao))
  })

  it('is inspected as a capability of the account', async () => {
    const { isAccepted, claims } = await inspectCacao(worker.cacao, options)
    expect(isAccepted).toBe(true)
    expect(claims).toMatchObject({ issuer: `did:pkh:${ACCOUNT_A}`, audience: worker.key.did })
  })
})

describe('a delegated capability must stay within its parent', () => {
  const within: [string, Record<string, unknown>][] = [
    ['all of its resources', { resources: ['https://api.example.com/*'] }],
    ['a narrower wildcard', { resources: ['https://api.example.com/a/*', 'https://api.example.com/b'] }],
    ['its exact expiry', { exp: '2099-12-31T23:59:59.000Z' }],
    ['its expiry in another notation', { exp: '2100-01-01t00:59:59+01:00' }],
    ['its exact iat', { iat: '2024-06-01T12:00:00.000Z' }],
    ['a later nbf', { iat: '2024-05-01T12:00:00.000Z', nbf: '2024-06-01T12:00:00.000Z' }],
  ]
  it.each(within)(
    'as with %s',
    async (_, changes) => void (await check(await draft(session, 'a:b', changes))),
  )

  const beyond: [string, SessionErrorCode, Record<string, unknown>][] = [
    ['a wider resource', 'ERR_CAPABILITY_RESOURCES', { resources: ['https://*'] }],
    [
      'another resource besides',
      'ERR_CAPABILITY_RESOURCES',
      { resources: [RESOURCE, 'https://api.example/'] },
    ],
    ['a dot segment', 'ERR_CAPABILITY_RESOURCES', { resources: ['https://api.example.com/../*'] }],
    ['no resources', 'ERR_CAPABILITY_RESOURCES', { resources: undefined }],
    ['an empty list of resources', 'ERR_CAPABILITY_RESOURCES', { resources: [] }],
    ['a later expiry', 'ERR_CAPABILITY_INVALID', { exp: '2099-12-31T23:59:59.001Z' }],
    ['no expiry', 'ERR_CAPABILITY_INVALID', { exp: undefined }],
    ['an earlier iat', 'ERR_CAPABILITY_INVALID', { iat: '2024-06-01T11:59:59.999Z' }],
    ['another domain', 'ERR_CAPABILITY_DOMAIN', { domain: 'example.org' }],
    ['the domain in another case', 'ERR_CAPABILITY_DOMAIN', { domain: 'Example.com' }],
  ]
  it.each(beyond)('and not with %s', async (_, code, changes) => {
    const input = await draft(session, 'a:b', changes)
    await expectCode(code, () => parseCacao(input))
    await refuses(code, input)
  })

  it('and may have any expiry or none if its parent has none', async () => {
    const endless = await granted('P-256', { exp: undefined })
    for (const exp of [undefined, '2050-01-01T00:00:00Z']) await check(await draft(endless, 'a:b', { exp }))
  })

  it('and begins no earlier than the parent’s nbf', async () => {
    const later = await granted('P-256', { nbf: '2024-07-01T00:00:00Z' })
    await refuses('ERR_CAPABILITY_INVALID', await draft(later, 'a:b'))
    await check(await draft(later, 'a:b', { nbf: '2024-07-01T00:00:00Z' }))
  })

  it('so that covering is transitive', () => {
    const part = fc.constantFrom('a', '..', '.', '%2e', '*', '', '?', '#', 'a%2F', '\\', 'b/*', '..;')
    const resource = fc.array(part, { maxLength: 5 }).map((parts) => `x:/${parts.join('/')}`)
    fc.assert(
      fc.property(resource, resource, resource, (one, two, three) => {
        fc.pre(covers(one, two) && covers(two, three))
        return covers(one, three)
      }),
      { seed: SEED, numRuns: 500, maxSkipsPerRun: 5000 },
    )
  })

  it('and expires when its parent does', async () => {
    const short = await granted('P-256', { exp: '2025-01-01T00:00:00Z' })
    const child = await delegated(short, 'P-256', { exp: '2025-01-01T00:00:00Z' })
    await refuses('ERR_CAPABILITY_EXPIRED', child.cacao)
    await check(child.cacao, { now: () => Date.parse('2024-12-31T00:00:00Z') })
  })

  it('and begins no earlier than its parent, except for clock skew', async () => {
    const start = Date.parse(worker.cacao.p.iat)
    await check(worker.cacao, { now: () => start - 300_000 })
    await refuses('ERR_CAPABILITY_NOT_YET_VALID', worker.cacao, { now: () => start - 300_001 })
  })
})

describe('a chain is refused', () => {
  it('with another parent than it was delegated from', async () => {
    // Granted to the same key with sufficient resources; it is only a different capability.
    const other = signed({
      aud: session.key.did,
      resources: ['https://api.example.com/*'],
      nonce: 'anothernonce',
    })
    const swapped = { ...worker.cacao, s: { ...worker.cacao.s, m: { parent: other } } }
    expect(() => parseCacao(swapped)).not.toThrow()
    await refuses('ERR_CAPABILITY_SIGNATURE', swapped)
    const foreign = signed({ aud: session.key.did, resources: ['https://api.example.com/*'] }, KEY_B)
    await refuses('ERR_CAPABILITY_SIGNATURE', { ...swapped, s: { ...swapped.s, m: { parent: foreign } } })
  })

  it('if another key than the audience delegates', async () => {
    const { key } = stranger
    await refuses('ERR_CAPABILITY_AUDIENCE', await draft({ key, cacao: session.cacao }, 'a:b'))
    // With the audience as its issuer, but signed by another key of the same type.
    const thief = (await granted()).key
    const forged = await draft({ key: { ...session.key, sign: thief.sign }, cacao: session.cacao }, 'a:b')
    await refuses('ERR_CAPABILITY_SIGNATURE', forged)
  })

  it('if its root is not signed by the account, or has no verifier', async () => {
    const { key, cacao } = session
    const parent = parseCacao({ ...cacao, s: signed({ aud: key.did }, KEY_B).s })
    await refuses('ERR_CAPABILITY_SIGNATURE', await draft({ key, cacao: parent }, 'a:b'))
    await refuses('ERR_CAPABILITY_UNSUPPORTED', worker.cacao, {
      verifiers: { eip1271: async () => undefined },
    })
  })

  const changes: [keyof CacaoPayload, unknown][] = [
    ['aud', 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3'],
    ['nonce', 'abcdefgh99'],
    ['iat', '2024-06-01T15:30:00.000Z'],
    ['nbf', '2024-06-01T15:00:00.000Z'],
    ['exp', '2040-12-31T23:59:59.000Z'],
    ['statement', 'Do as you like.'],
    ['requestId', 'other'],
    ['resources', ['https://api.example.com/notes/1']],
    ['version', '2'],
    ['domain', 'example.org'],
    ['iss', 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3'],
  ]
  it.each(changes)('if %s of any link is changed', async (member, value) => {
    for (const at of [0, 1, 2, 3]) {
      const links = chainOf(deepest.cacao)
      // The later links are unchanged, around the changed one.
      const changed = links.reduce<unknown>(
        (parent, { h, p, s }, i) => ({
          h,
          p: i === at ? { ...p, [member]: value } : p,
          s: i === 0 ? s : { ...s, m: { parent } },
        }),
        undefined,
      )
      const error = await check(changed).catch((reason: unknown) => reason)
      expect(error, `link ${at}`).toMatchObject({ name: 'SessionError' })
      expect((error as { code: string }).code).toMatch(
        at === 3 && !['version', 'domain', 'iss'].includes(member)
          ? /^ERR_CAPABILITY_SIGNATURE$/
          : /^ERR_CAPABILITY_(SIGNATURE|INVALID|AUDIENCE|DOMAIN|ISSUER|RESOURCES)$/,
      )
    }
  })

  const spellings: [string, SessionErrorCode, (cacao: Cacao) => unknown][] = [
    [
      'bytes in place of a string',
      'ERR_CAPABILITY_SIGNATURE',
      ({ s }) => ({ s: fromBase64url(String(s.s)) }),
    ],
    ['padding', 'ERR_CAPABILITY_SIGNATURE', ({ s }) => ({ s: `${s.s}==` })],
    ['a missing byte', 'ERR_CAPABILITY_SIGNATURE', ({ s }) => ({ s: String(s.s).slice(0, -2) })],
    ['zeros', 'ERR_CAPABILITY_SIGNATURE', () => ({ s: toBase64url(new Uint8Array(64)) })],
    ['another key type', 'ERR_CAPABILITY_SIGNATURE', () => ({ t: KEY_TYPES['P-256'] })],
    ['an unknown key type', 'ERR_CAPABILITY_UNSUPPORTED', () => ({ t: 'key:p384' })],
    [
      'a signature type named like a member of Object',
      'ERR_CAPABILITY_UNSUPPORTED',
      () => ({ t: 'key:toString' }),
    ],
    ['a signature type that can not delegate', 'ERR_CAPABILITY_INVALID', () => ({ t: 'eip191' })],
    ['passkey data besides', 'ERR_CAPABILITY_INVALID', ({ s }) => ({ m: { ...s.m, aad: utf8('x') } })],
    ['no parent', 'ERR_CAPABILITY_UNSUPPORTED', () => ({ m: undefined })],
    ['null as the parent', 'ERR_CAPABILITY_INVALID', () => ({ m: { parent: null } })],
    ['an inherited parent', 'ERR_CAPABILITY_INVALID', ({ s }) => ({ m: Object.create(s.m ?? {}) })],
    ['a parent as __proto__', 'ERR_CAPABILITY_INVALID', () => ({ m: JSON.parse('{"__proto__":{}}') })],
    ['a list of parents', 'ERR_CAPABILITY_INVALID', () => ({ m: { parent: [session.cacao] } })],
  ]
  it.each(spellings)('with %s in its signature', async (_, code, change) => {
    // The link that the worker's Ed25519 key signs.
    const { cacao } = deepest
    const parent = cacao.s.m?.parent as Cacao
    await check(parent)
    await refuses(code, { ...parent, s: { ...parent.s, ...(change(parent) as object) } })
  })

  it('with another header type, or with characters in its nonce that ERC-4361 forbids', async () => {
    await refuses('ERR_CAPABILITY_SIGNATURE', { ...worker.cacao, h: { t: 'eip4361' } })
    const p = { ...worker.cacao.p, nonce: 'abcd_efgh' }
    await refuses('ERR_CAPABILITY_INVALID', { ...worker.cacao, p })
  })

  it('if an account on a chain delegates', async () => {
    const { cacao } = { cacao: signed({ aud: `did:pkh:${ACCOUNT_B}`, resources: ['https://a.b/*'] }) }
    const { p, ...rest } = await draft({ key: session.key, cacao }, 'a:b', { resources: ['https://a.b/*'] })
    await refuses('ERR_CAPABILITY_SIGNATURE', { ...rest, p: { ...p, iss: cacao.p.aud } })
  })

  it('if its issuer is a key type that can not delegate', async () => {
    const did = encodeDIDKey({ type: 'secp256k1', bytes: Uint8Array.of(2, ...new Uint8Array(32).fill(7)) })
    const cacao = signed({ aud: did, resources: ['https://api.example.com/*'] })
    const input = await draft({ key: { ...session.key, did }, cacao }, 'a:b')
    await refuses('ERR_CAPABILITY_SIGNATURE', input)
    await refuses('ERR_CAPABILITY_SIGNATURE', { ...input, s: { ...input.s, t: 'key:secp256k1' } })
  })
})

describe('a chain that would cost much time', () => {
  const endless = (levels: number, onRead: () => void): unknown => {
    let parent: unknown = session.cacao
    for (let i = 0; i < levels; i++) {
      const { h, p, s } = worker.cacao
      const below = parent
      const m = Object.defineProperty({}, 'parent', {
        enumerable: true,
        get() {
          onRead()
          return below
        },
      })
      parent = { h, p, s: { ...s, m } }
    }
    return parent
  }

  it('of 10,000 levels is refused at the fifth', async () => {
    let reads = 0
    const input = endless(10_000, () => {
      reads++
    })
    await refuses('ERR_CAPABILITY_INVALID', input)
    expect(reads).toBeLessThanOrEqual(5)
  })

  it('that contains itself is refused', async () => {
    const m: { parent?: unknown } = {}
    const cyclic = { ...worker.cacao, s: { ...worker.cacao.s, m } }
    m.parent = cyclic
    await refuses('ERR_CAPABILITY_INVALID', cyclic)
  })

  it('of as many resources as allowed costs a few steps for each, not for each pair', () => {
    const stepsFor = (count: number): number => {
      const resources = Array.from({ length: count }, (_, i) => `https://a/${i}/${'x'.repeat(45)}/*`)
      const parent = signed({ aud: session.key.did, resources })
      const { p, ...rest } = { ...worker.cacao, s: { ...worker.cacao.s, m: { parent } } }
      const wanted = resources.map((resource) => `${resource.slice(0, -1)}y`).reverse()
      return countSteps(() => parseCacao({ ...rest, p: { ...p, resources: wanted } }))
    }
    const [few, many] = [stepsFor(100), stepsFor(1000)]
    expect(few).toBeGreaterThan(100)
    expect(many).toBeLessThan(11 * few)
  })

  it('that changes between reads is read only once', () => {
    let reads = 0
    const m = Object.defineProperty({}, 'parent', {
      enumerable: true,
      get: () => (reads++ === 0 ? session.cacao : stranger.cacao),
    })
    expect(rootOf(parseCacao({ ...worker.cacao, s: { ...worker.cacao.s, m } }))).toEqual(session.cacao)
    expect(reads).toBe(1)
  })
})

describe('a self-issued capability of a did:key', () => {
  const rootOfKey = async (): Promise<Draft> => {
    const { p, s, ...rest } = await draft(stranger, 'a:b')
    const { m: _, ...bare } = s
    return { ...rest, p, s: bare as Draft['s'] }
  }

  it('is accepted only with a verifier for it', async () => {
    await refuses('ERR_CAPABILITY_UNSUPPORTED', await rootOfKey())
    const verifier = vi.fn(async () => undefined)
    const cacao = await check(await rootOfKey(), { verifiers: { 'key:ed25519': verifier } })
    expect(issuerAccount(cacao)).toBe(stranger.key.did)
    expect(verifier).toHaveBeenCalledOnce()
  })

  it('and that verifier does not verify delegated links', async () => {
    const verifiers = { ...options.verifiers, 'key:p256': vi.fn(async () => undefined) }
    await refuses(
      'ERR_CAPABILITY_SIGNATURE',
      { ...worker.cacao, p: { ...worker.cacao.p, nonce: 'forged123' } },
      { verifiers },
    )
    await check(worker.cacao, { verifiers })
    expect(verifiers['key:p256']).not.toHaveBeenCalled()
  })
})

describe('a delegated capability is revoked by', () => {
  const isRefusedBy = async (revoke: (store: ReturnType<typeof memoryRevocation>) => Promise<void>) => {
    const store = memoryRevocation()
    await check(deepest.cacao, { revocation: store })
    await revoke(store)
    await refuses('ERR_CAPABILITY_REVOKED', deepest.cacao, { revocation: store })
    return { ofSession: await isGood(session, store), ofWorker: await isGood(worker, store) }
  }
  const isGood = ({ cacao }: Holder, revocation: Revocation): Promise<boolean> =>
    check(cacao, { revocation }).then(
      () => true,
      () => false,
    )

  it('revoking the account', async () => {
    expect(await isRefusedBy((store) => store.revokeAll(ACCOUNT_A))).toEqual({
      ofSession: false,
      ofWorker: false,
    })
  })

  it('revoking the session', async () => {
    expect(await isRefusedBy((store) => store.revoke(session.cacao))).toEqual({
      ofSession: false,
      ofWorker: false,
    })
  })

  it('revoking the session’s key', async () => {
    expect(await isRefusedBy((store) => store.revokeAll(session.key.did))).toEqual({
      ofSession: true,
      ofWorker: false,
    })
  })

  it('revoking one of its links, with all later links', async () => {
    expect(await isRefusedBy((store) => store.revoke(worker.cacao))).toEqual({
      ofSession: true,
      ofWorker: false,
    })
    expect(await isRefusedBy((store) => store.revoke(deepest.cacao))).toEqual({
      ofSession: true,
      ofWorker: true,
    })
  })

  it('any answer but false, for any link', async () => {
    for (const answer of [true, undefined, 0]) {
      const isRevoked = vi.fn((cacao: Cacao) => (cacao.p.aud === session.key.did ? answer : false))
      await refuses('ERR_CAPABILITY_REVOKED', deepest.cacao, { revocation: { isRevoked } })
      expect(isRevoked.mock.calls.map(([{ p }]) => p.aud)).toEqual(
        chainOf(deepest.cacao).map(({ p }) => p.aud),
      )
    }
  })
})

describe('a key with a delegated capability', () => {
  it.each([
    ['with resources', [RESOURCE]],
    ['without', undefined],
  ])('signs requests for the account, %s', async (_, resources) => {
    const revocation = memoryRevocation()
    const verify = requestVerifier({
      ...accepting,
      revocation,
      delegation: { maxLinks: 4 },
      ...(resources && { resources }),
    })
    for (const holder of [worker, deepest]) {
      const caller = await verify(await signRequest(post(), holder, NOW))
      expect(caller).toMatchObject({ account: ACCOUNT_A, keyDID: holder.key.did, cacao: holder.cacao })
    }
    const narrow = await delegated(session, 'P-256', { resources: ['https://api.example.com/notes/1'] })
    const request = await signRequest(post(), narrow, NOW)
    if (resources) await expectCode('ERR_CAPABILITY_RESOURCES', () => verify(request))
    else await verify(request)
    await revocation.revoke(session.cacao)
    const next = await signRequest(post(), deepest, NOW)
    await expectCode('ERR_CAPABILITY_REVOKED', () => verify(next))
  })

  it('can not sign a request with its parent’s capability', async () => {
    const verify = requestVerifier(accepting)
    const request = await signRequest(post(), { key: worker.key, cacao: session.cacao }, NOW)
    await expectCode('ERR_CAPABILITY_AUDIENCE', () => verify(request))
  })

  it('signs a JWS for the account', async () => {
    const { key, cacao } = worker
    const segment = (value: unknown): string => toBase64url(utf8(JSON.stringify(value)))
    const head = segment({ alg: 'EdDSA', cap: `ipfs://${cacaoCID(cacao)}`, kid: key.did })
    const text = `${head}.${segment({ note: 'ü' })}`
    const jws = `${text}.${toBase64url(await key.sign(utf8(text)))}`
    const result = await verifyJWS(jws, { ...options, capability: cacao, issuer: ACCOUNT_A })
    expect(result).toMatchObject({ issuer: `did:pkh:${ACCOUNT_A}`, keyDID: key.did, payload: { note: 'ü' } })
    await expectCode('ERR_CAPABILITY_ISSUER', () =>
      verifyJWS(jws, { ...options, capability: cacao, issuer: session.key.did }),
    )
    await expectCode('ERR_JWS_INVALID', () => verifyJWS(jws, { ...options, capability: session.cacao }))
  })

  it('of P-256 has two signatures for a text, but one capability identity', async () => {
    const { s, ...rest } = worker.cacao
    const bytes = fromBase64url(String(s.s)) ?? new Uint8Array()
    const number = bytes.slice(32).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
    const other = (P256_ORDER - number).toString(16).padStart(64, '0').match(/../g) ?? []
    const twin = Uint8Array.from([...bytes.slice(0, 32), ...other.map((pair) => Number.parseInt(pair, 16))])
    const second = await check({ ...rest, s: { ...s, s: toBase64url(twin) } })
    expect(capabilityIdentity(second)).toBe(capabilityIdentity(worker.cacao))
  })
})

describe('the text of a delegated capability', () => {
  it('contains issuer, audience and times, in the format of ERC-4361', () => {
    const p = { ...worker.cacao.p, statement: 'For the worker.' }
    expect(renderKeyMessage(p).split('\n')).toEqual([
      'example.com wants you to sign in with your Key account:',
      session.key.did,
      '',
      'For the worker.',
      '',
      `URI: ${worker.key.did}`,
      'Version: 1',
      'Chain ID: did:key',
      'Nonce: abcdefgh34',
      'Issued At: 2024-06-01T13:00:00.000Z',
      'Expiration Time: 2050-12-31T23:59:59.000Z',
      `Request ID: ${capabilityIdentity(session.cacao)}`,
      'Resources:',
      '- https://api.example.com/notes/*',
    ])
  })

  it('is parsed back to its payload', () => {
    const issuers = fc.constantFrom(session.key.did, worker.key.did)
    fc.assert(
      fc.property(payloads({ iss: issuers }), (made) => {
        const p = parseCacao({ h: { t: 'caip122' }, p: made, s: { t: 'key:p256', s: 'x' } }).p
        const { chainName, chainId, address, scheme, ...rest } = parseMessage(renderKeyMessage(p))
        expect([chainName, chainId, scheme]).toEqual(['Key', 'did:key', undefined])
        expect({ ...rest, iss: address }).toEqual({ ...p })
      }),
      { seed: SEED, numRuns: 300 },
    )
  })
})
