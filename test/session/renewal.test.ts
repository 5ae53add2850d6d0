import { beforeEach, describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { failingStore } from '../../src/testing/failing-store.js'
import type { WalletBehaviour } from '../../src/testing/fake-user.js'
import { type TestWallet, testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { solanaVerifiers } from '../../src/wallet/solana/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { clearOrigin, storedSessions } from '../setup/origin.js'
import { ACCOUNT_A, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const files = 'https://api.example/files/*'
const bytes = new Uint8Array(3)
const HOUR = 3600

let wallet: TestWallet
const auth = (of: TestWallet = wallet) => ethereumAuth(of.provider, undefined, { domain: 'app.example' })
const storedKeys = async () => (await storedSessions()).map(({ keyDID }) => keyDID)

beforeEach(async () => {
  await clearOrigin()
  wallet = testWallet()
})

describe('session.renew', () => {
  it('replaces the session and its key with one prompt', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, expiresInSecs: HOUR })
    const renewed = await session.renew(auth(), { verifiers: ethereumVerifiers() })
    expect(wallet.prompts).toBe(2)
    expect(renewed.keyDID).not.toBe(session.keyDID)
    expect(renewed.id).toBe(session.id)
    expect(renewed.persistence).toBe('indexeddb')
    expect(await storedKeys()).toEqual([renewed.keyDID])
    expect((await DIDSession.load())?.keyDID).toBe(renewed.keyDID)
    expect(await renewed.sign(bytes)).toHaveLength(64)
  })

  it('runs the checks of each call, even if calls share one prompt', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const [renewed, checked, refused] = await Promise.allSettled([
      session.renew(auth()),
      session.renew(auth(), { verifiers: ethereumVerifiers() }),
      session.renew(auth(), { verifiers: solanaVerifiers() }),
    ])
    expect(wallet.prompts).toBe(2)
    expect([renewed.status, checked.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CAPABILITY_UNSUPPORTED' } })
  })

  it('leaves the old session usable until it expires', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    await session.renew(auth())
    expect(await session.sign(bytes)).toHaveLength(64)
    expect(session.isAuthorized(resources)).toBe(true)
  })

  it('keeps the resources, domain, statement, lifetime and key type', async () => {
    const grant = { resources, domain: 'other.example', statement: 'Take notes.', expiresInSecs: HOUR }
    const session = await DIDSession.get(ACCOUNT_A, auth(), { ...grant, keyType: 'Ed25519' })
    const { cacao, keyDID } = await session.renew(ethereumAuth(wallet.provider))
    expect(cacao.p).toMatchObject({ resources, domain: 'other.example', statement: 'Take notes.' })
    expect(Date.parse(cacao.p.exp ?? '') - Date.parse(cacao.p.iat)).toBe(HOUR * 1000)
    expect(keyDID).toMatch(/^did:key:z6Mk/)
  })

  it('uses the options of the call instead, if given', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, expiresInSecs: HOUR })
    const { cacao } = await session.renew(auth(), { statement: 'Once more.', expiresInSecs: 2 * HOUR })
    expect(cacao.p.statement).toBe('Once more.')
    expect(Date.parse(cacao.p.exp ?? '') - Date.parse(cacao.p.iat)).toBe(2 * HOUR * 1000)
  })

  it('adds resources with one prompt, and keeps the old ones', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const renewed = await session.renew(auth(), { resources: [files, ...resources] })
    expect(renewed.authorizations).toEqual([...resources, files])
    expect(wallet.prompts).toBe(2)
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, [...resources, files])).toBe(true)
    expect(await storedKeys()).toEqual([renewed.keyDID])
  })

  it.each<[string, WalletBehaviour, Parameters<typeof expectCode>[0]]>([
    ['rejects', { throws: { code: 4001 } }, 'ERR_AUTH_REJECTED'],
    ['fails', { throws: new Error('boom') }, 'ERR_AUTH_FAILED'],
    ['answers garbage', { answers: 'garbage' }, 'ERR_AUTH_FAILED'],
  ])('changes nothing if the wallet %s', async (_, behaviour, code) => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    wallet.behaviour = behaviour
    await expectCode(code, () => session.renew(auth()))
    expect(await storedKeys()).toEqual([session.keyDID])
    expect(await session.sign(bytes)).toHaveLength(64)
    expect((await DIDSession.load())?.keyDID).toBe(session.keyDID)
  })

  it('changes nothing if another account signs', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    await expectCode('ERR_CAPABILITY_ISSUER', () =>
      session.renew(async (opts) => {
        const { address: _, ...others } = opts
        return auth(testWallet({ privateKey: KEY_B }))(others)
      }),
    )
    expect(await storedKeys()).toEqual([session.keyDID])
  })

  it('changes nothing if the store can not write the new session', async () => {
    const store = failingStore()
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    store.behaviour = 'full'
    await expectCode('ERR_STORE_UNAVAILABLE', () => session.renew(auth()))
    expect((await DIDSession.load(ACCOUNT_A, { store }))?.keyDID).toBe(session.keyDID)
  })

  it('rejects when its signal is aborted, and changes nothing', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    wallet.behaviour = 'hangs'
    const controller = new AbortController()
    const renewal = failureOf(() => session.renew(auth(), { signal: controller.signal }))
    await wallet.prompted(2)
    controller.abort(new Error('enough'))
    expect(await renewal).toMatchObject({ message: 'enough' })
    expect(await storedKeys()).toEqual([session.keyDID])
  })

  it('prompts once for simultaneous calls, and not again for a later call', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const calls = [1, 2, 3].map(() => session.renew(auth()))
    const keys = new Set((await Promise.all(calls)).map(({ keyDID }) => keyDID))
    expect(keys.size).toBe(1)
    expect(wallet.prompts).toBe(2)
    // As in another tab, which still has the old session.
    expect(keys).toContain((await session.renew(auth())).keyDID)
    expect(wallet.prompts).toBe(2)
  })

  it('returns the session of an earlier renewal, even if aborted during the last write', async () => {
    const backing = memoryStore()
    const controller = new AbortController()
    let isLate = false
    const write: typeof backing.write = async (...args) => {
      if (isLate) controller.abort()
      return backing.write(...args)
    }
    const store = { ...backing, write }
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const renewed = await session.renew(auth())
    isLate = true
    expect((await session.renew(auth(), { signal: controller.signal })).keyDID).toBe(renewed.keyDID)
    expect(controller.signal.aborted).toBe(true)
  })

  it('prompts again if an earlier renewal granted fewer resources', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    await session.renew(auth())
    const more = await session.renew(auth(), { resources: [files] })
    expect(more.authorizations).toEqual([...resources, files])
    expect(wallet.prompts).toBe(3)
  })

  it('renews an expired session', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), {
      resources,
      expiresInSecs: 60,
      now: () => Date.now() - 120_000,
    })
    const late = await DIDSession.get(ACCOUNT_A, auth(), { resources, expiresInSecs: 60 })
    expect(late.keyDID).not.toBe(session.keyDID)
    const serialized = (await DIDSession.authorize(auth(), { resources, expiresInSecs: 60 })).serialize()
    const expired = await DIDSession.fromSession(serialized, { now: () => Date.now() })
    expect((await expired.renew(auth())).isExpired).toBe(false)
  })

  it('returns a session that can be written to a string for one from a string', async () => {
    const session = await DIDSession.fromSession(
      (await DIDSession.authorize(auth(), { resources })).serialize(),
    )
    const renewed = await session.renew(auth())
    expect(renewed.persistence).toBe('none')
    expect((await DIDSession.fromSession(renewed.serialize())).keyDID).toBe(renewed.keyDID)
    expect(await storedKeys()).toEqual([])
  })

  it.each<[string, unknown[]]>([
    ['no auth method', [undefined]],
    ['resources that are no list', [auth, { resources: 'a:b' }]],
    ['a lifetime of zero', [auth, { expiresInSecs: 0 }]],
    ['a wait that is no number', [auth, { waitSecs: 'long' }]],
  ])('rejects with a TypeError for %s', async (_, args) => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    const renew = session.renew as (...given: unknown[]) => Promise<unknown>
    expect(await failureOf(() => renew.apply(session, args))).toBeInstanceOf(TypeError)
    expect(wallet.prompts).toBe(1)
  })
})

describe('get with minValiditySecs', () => {
  const soon = { resources, expiresInSecs: HOUR }

  it('resumes a session that is valid for long enough', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), soon)
    const again = await DIDSession.get(ACCOUNT_A, auth(), { ...soon, minValiditySecs: HOUR - 60 })
    expect(again.keyDID).toBe(session.keyDID)
    expect(wallet.prompts).toBe(1)
  })

  it('renews a session that is not, and keeps its resources', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), { ...soon, resources: [...resources, files] })
    const renewed = await DIDSession.get(ACCOUNT_A, auth(), { resources, minValiditySecs: HOUR + 60 })
    expect(renewed.keyDID).not.toBe(session.keyDID)
    expect(renewed.authorizations).toEqual([...resources, files])
    expect(await storedKeys()).toEqual([renewed.keyDID])
    expect(wallet.prompts).toBe(2)
  })

  it('leaves the session as it was if the person rejects the prompt', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(), soon)
    wallet.behaviour = { throws: { code: 4001 } }
    await expectCode('ERR_AUTH_REJECTED', () =>
      DIDSession.get(ACCOUNT_A, auth(), { resources, minValiditySecs: 2 * HOUR }),
    )
    expect((await DIDSession.load())?.keyDID).toBe(session.keyDID)
  })

  it('works in load, hasSessionFor and explain too', async () => {
    const { expiresAt } = await DIDSession.get(ACCOUNT_A, auth(), soon)
    for (const [minValiditySecs, isEnough] of [
      [HOUR - 60, true],
      [HOUR + 60, false],
    ] as const) {
      expect((await DIDSession.load(ACCOUNT_A, { minValiditySecs })) !== undefined).toBe(isEnough)
      expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources, { minValiditySecs })).toBe(isEnough)
    }
    expect(await DIDSession.explain(ACCOUNT_A, resources, { minValiditySecs: 2 * HOUR })).toEqual({
      status: 'expired',
      expiresAt,
    })
  })

  it('must be less than expiresInSecs, or each call would prompt', async () => {
    for (const wrong of [
      { minValiditySecs: 7 * 24 * HOUR },
      { expiresInSecs: HOUR, minValiditySecs: HOUR },
      { expiresInSecs: HOUR, minValiditySecs: 1000 * HOUR },
    ]) {
      const get = DIDSession.get(ACCOUNT_A, auth(), { resources, ...wrong })
      await expect(get).rejects.toThrow(/^minValiditySecs must be less than expiresInSecs/)
    }
    expect(await DIDSession.list()).toEqual([])
    const inTwoHours = new Date(Date.now() + 2 * HOUR * 1000).toISOString()
    for (const right of [
      { expiresInSecs: HOUR, minValiditySecs: HOUR - 1 },
      { expirationTime: inTwoHours, minValiditySecs: 3 * HOUR },
    ])
      expect(await DIDSession.get(ACCOUNT_A, auth(), { resources, ...right })).toBeDefined()
  })

  it.each([-1, Number.NaN, '60'])('rejects with a TypeError for %s', async (minValiditySecs) => {
    const options = { resources, minValiditySecs } as never
    expect(await failureOf(() => DIDSession.get(ACCOUNT_A, auth(), options))).toBeInstanceOf(TypeError)
  })
})
