import { beforeEach, describe, expect, it } from 'vitest'
import type { Cacao } from '../../src/capability/cacao.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { WalletBehaviour } from '../../src/testing/fake-user.js'
import { type TestWallet, testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { gatedStore } from '../setup/gated-store.js'
import { clearOrigin, plantSession, storedSessions } from '../setup/origin.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A, KEY_A, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const WEEK = 7 * 24 * 60 * 60
const auth = (wallet: TestWallet) => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })

type StoredSession = Awaited<ReturnType<typeof storedSessions>>[number]

let wallet: TestWallet
beforeEach(async () => {
  await clearOrigin()
  wallet = testWallet()
})

describe('DIDSession.remove', () => {
  it('waits for a session that is being stored, and removes it too', async () => {
    const { store, close, open } = gatedStore()
    const waits = close()
    const signingIn = DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store })
    await waits
    const removing = DIDSession.remove(ACCOUNT_A, { store })
    // By then the first removal would have finished too.
    await DIDSession.remove(ACCOUNT_A, { store, namespace: 'admin' })
    open()
    const session = await signingIn
    await removing
    expect(await DIDSession.list({ store })).toEqual([])
    await expectCode('ERR_SESSION_REMOVED', () => session.sign(new Uint8Array(1)))
  })

  it('does not wait for sign-ins in another namespace or at the wallet', async () => {
    const { store, close, open } = gatedStore()
    const waits = close()
    const signingIn = DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store })
    await waits
    await DIDSession.remove(ACCOUNT_A, { store, namespace: 'admin' })
    open()
    await signingIn
    expect(await DIDSession.load(ACCOUNT_A, { store })).toBeDefined()

    wallet.behaviour = 'hangs'
    const other = DIDSession.get(ACCOUNT_A, auth(wallet), { resources: ['a:b'], store })
    await wallet.prompted(2)
    await DIDSession.remove(ACCOUNT_A, { store })
    wallet.behaviour = 'approves'
    expect(await DIDSession.load(ACCOUNT_A, { store })).toBeUndefined()
    expect(await (await other).sign(new Uint8Array(1))).toHaveLength(64)
  })
})

describe('DIDSession.get', () => {
  it('prompts the wallet once and stores the session', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    expect(session.id).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(session.keyDID).toMatch(/^did:key:zDn/)
    expect(session.cacao.p.aud).toBe(session.keyDID)
    expect(session.authorizations).toEqual(resources)
    expect(session.persistence).toBe('indexeddb')
    expect(session.hasSession).toBe(true)
    expect(session.isExpired).toBe(false)
    expect(session.isAuthorized(['https://api.example/notes/1'])).toBe(true)
    expect(session.isAuthorized(['https://api.example/other'])).toBe(false)
    expect(session.expiresInSecs).toBeGreaterThan(WEEK - 600)
    expect(session.expiresInSecs).toBeLessThanOrEqual(WEEK)
    expect(Math.abs(session.expireInSecs - session.expiresInSecs)).toBeLessThan(60)
    expect(session.expiresAt).toEqual(new Date(session.cacao.p.exp ?? ''))
    expect(await session.sign(new Uint8Array(3))).toHaveLength(64)
    const again = await DIDSession.get(ACCOUNT_A, auth(wallet), {
      resources: ['https://api.example/notes/1'],
    })
    expect(again.keyDID).toBe(session.keyDID)
    expect(wallet.prompts).toBe(1)
  })

  it('stores a private key that can not be exported', async () => {
    await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    const [stored] = await storedSessions()
    const key = stored?.keyPair.privateKey as CryptoKey
    expect(key.type).toBe('private')
    for (const format of ['pkcs8', 'jwk'] as const)
      await expect(crypto.subtle.exportKey(format, key)).rejects.toThrow()
    const wrapping = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['wrapKey'])
    await expect(
      crypto.subtle.wrapKey('jwk', key, wrapping, { name: 'AES-GCM', iv: new Uint8Array(12) }),
    ).rejects.toThrow()
  })

  it.each([
    ['a lower-case id', ACCOUNT_A],
    ['a checksummed id', `eip155:1:${ADDRESS_A}`],
    ['a DID', `did:pkh:eip155:1:${ADDRESS_A}`],
    ['an object', { toString: (): string => `eip155:1:${ADDRESS_A}` }],
  ])('finds the same session by %s', async (_, account) => {
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    expect((await DIDSession.get(account, auth(wallet), { resources })).keyDID).toBe(session.keyDID)
    expect((await DIDSession.load(account))?.keyDID).toBe(session.keyDID)
    expect(await DIDSession.hasSessionFor(account, resources)).toBe(true)
    expect(wallet.prompts).toBe(1)
  })

  it('does not change its options', async () => {
    const options = Object.freeze({
      resources: Object.freeze([...resources]),
      verifiers: Object.freeze(ethereumVerifiers()),
    })
    await expect(DIDSession.get(ACCOUNT_A, auth(wallet), options)).resolves.toBeDefined()
  })

  it('creates an Ed25519 key if keyType says so', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources, keyType: 'Ed25519' })
    expect(session.keyDID).toMatch(/^did:key:z6Mk/)
    expect((await DIDSession.load())?.keyDID).toBe(session.keyDID)
  })

  it('stores sessions with different resources separately', async () => {
    const notes = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    const files = await DIDSession.get(ACCOUNT_A, auth(wallet), {
      resources: ['https://api.example/files/*'],
    })
    expect(files.keyDID).not.toBe(notes.keyDID)
    expect((await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })).keyDID).toBe(notes.keyDID)
    expect((await DIDSession.load(ACCOUNT_A, { resources: ['https://api.example/files/1'] }))?.keyDID).toBe(
      files.keyDID,
    )
    expect(wallet.prompts).toBe(2)
  })

  it('prompts again once the session has expired, and deletes the old one', async () => {
    const old = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources, expiresInSecs: 60 })
    const now = (): number => Date.now() + 61_000
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources, now })
    expect(session.keyDID).not.toBe(old.keyDID)
    expect((await storedSessions()).map(({ keyDID }) => keyDID)).toEqual([session.keyDID])
  })

  it('prompts once for simultaneous calls', async () => {
    const calls = [1, 2, 3].map(() => DIDSession.get(ACCOUNT_A, auth(wallet), { resources }))
    const sessions = await Promise.all(calls)
    expect(new Set(sessions.map(({ keyDID }) => keyDID)).size).toBe(1)
    expect(wallet.prompts).toBe(1)
  })

  it('waits with a prompt for more resources until the first prompt is answered', async () => {
    const more = [...resources, 'https://api.example/files/*']
    const [one, two] = await Promise.all([
      DIDSession.get(ACCOUNT_A, auth(wallet), { resources }),
      DIDSession.get(ACCOUNT_A, auth(wallet), { resources: more }),
    ])
    expect(two.authorizations).toEqual(more)
    expect(one.authorizations).toEqual(resources)
    expect(wallet.prompts).toBe(2)
  })

  it.each([
    { code: 4001 },
    { code: -32603, message: 'MetaMask Message Signature: User denied message signature.' },
  ])('rejects all waiting calls with the same refusal: %j', async (throws) => {
    wallet.behaviour = { throws }
    const [one, two] = [1, 2].map(() =>
      failureOf(() => DIDSession.get(ACCOUNT_A, auth(wallet), { resources })),
    )
    expect(await one).toMatchObject({ code: 'ERR_AUTH_REJECTED' })
    expect(await two).toMatchObject({ code: 'ERR_AUTH_REJECTED' })
    expect(wallet.prompts).toBe(1)
  })

  it.each<[string, WalletBehaviour, Parameters<typeof expectCode>[0]]>([
    ['rejects', { throws: { code: 4001 } }, 'ERR_AUTH_REJECTED'],
    ['fails', { throws: new Error('boom') }, 'ERR_AUTH_FAILED'],
    ['answers null', { answers: null }, 'ERR_AUTH_FAILED'],
    ['answers garbage', { answers: 'garbage' }, 'ERR_AUTH_FAILED'],
    ['answers 0x', { answers: '0x' }, 'ERR_AUTH_FAILED'],
  ])('stores nothing if the wallet %s', async (_, behaviour, code) => {
    wallet.behaviour = behaviour
    await expectCode(code, () => DIDSession.get(ACCOUNT_A, auth(wallet), { resources }))
    expect(await storedSessions()).toEqual([])
    wallet.behaviour = 'approves'
    await expect(DIDSession.get(ACCOUNT_A, auth(wallet), { resources })).resolves.toBeDefined()
  })

  it('stores nothing if another account signed', async () => {
    const other = testWallet({ privateKey: KEY_B })
    await expectCode('ERR_CAPABILITY_SIGNATURE', () =>
      DIDSession.get(ACCOUNT_A, ethereumAuth(other.provider, ACCOUNT_A, { domain: 'a.example' }), {
        resources,
      }),
    )
    expect(await storedSessions()).toEqual([])
  })

  it('stops waiting for the wallet when aborted, and ignores a late answer', async () => {
    let answer: (signature: unknown) => void = () => undefined
    const late = new Promise((resolve) => {
      answer = resolve
    })
    wallet.behaviour = { answers: late }
    const controller = new AbortController()
    const call = DIDSession.get(ACCOUNT_A, auth(wallet), { resources, signal: controller.signal })
    await wallet.prompted()
    const reason = new Error('closed')
    controller.abort(reason)
    expect(await failureOf(() => call)).toBe(reason)
    answer(
      await testWallet().provider.request({
        method: 'personal_sign',
        params: [`0x${hex(wallet.texts[0])}`, ADDRESS_A],
      }),
    )
    wallet.behaviour = 'approves'
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    expect((await storedSessions()).map(({ keyDID }) => keyDID)).toEqual([session.keyDID])
  })

  it('can be aborted until it starts to write to the store, and not after', async () => {
    const backing = memoryStore()
    let onWrite = (): void => undefined
    const write: typeof backing.write = async (...args) => {
      onWrite()
      return backing.write(...args)
    }
    const store = { ...backing, write }
    const signIn = (signal: AbortSignal) =>
      DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store, signal })

    const early = new AbortController()
    onWrite = () => expect.fail('written')
    wallet.behaviour = { answers: Promise.resolve().then(() => early.abort()) }
    expect(await failureOf(() => signIn(early.signal))).toMatchObject({ name: 'AbortError' })

    const late = new AbortController()
    onWrite = () => late.abort()
    wallet.behaviour = 'approves'
    const session = await signIn(late.signal)
    expect(late.signal.aborted).toBe(true)
    expect((await DIDSession.load(ACCOUNT_A, { store }))?.keyDID).toBe(session.keyDID)

    const renewing = new AbortController()
    onWrite = () => renewing.abort()
    const renewed = await session.renew(auth(wallet), { signal: renewing.signal })
    expect((await DIDSession.load(ACCOUNT_A, { store }))?.keyDID).toBe(renewed.keyDID)
    expect(renewed.keyDID).not.toBe(session.keyDID)
  })

  it('shares a pending sign-in only if its session is valid for long enough', async () => {
    const store = memoryStore()
    wallet.behaviour = 'hangs'
    const short = DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store, expiresInSecs: 60 })
    await wallet.prompted()
    const content = DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store, minValiditySecs: 30 })
    const long = DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store, minValiditySecs: 3600 })
    wallet.behaviour = 'approves'
    expect((await content).keyDID).toBe((await short).keyDID)
    expect((await long).expiresInSecs).toBeGreaterThan(3600)
    expect(wallet.prompts).toBe(2)
  })

  it('goes on for one call when another call is aborted', async () => {
    let answer: (signature: unknown) => void = () => undefined
    wallet.behaviour = {
      answers: new Promise((resolve) => {
        answer = resolve
      }),
    }
    const controller = new AbortController()
    const leaving = failureOf(() =>
      DIDSession.get(ACCOUNT_A, auth(wallet), { resources, signal: controller.signal }),
    )
    const staying = DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    await wallet.prompted()
    controller.abort()
    expect(await leaving).toMatchObject({ name: 'AbortError' })
    answer(
      await testWallet().provider.request({
        method: 'personal_sign',
        params: [`0x${hex(wallet.texts[0])}`, ADDRESS_A],
      }),
    )
    expect((await staying).id).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(wallet.prompts).toBe(1)
  })

  it('does not call the wallet if the signal is already aborted', async () => {
    const reason = new Error('gone')
    expect(
      await failureOf(() =>
        DIDSession.get(ACCOUNT_A, auth(wallet), { resources, signal: AbortSignal.abort(reason) }),
      ),
    ).toBe(reason)
    expect(wallet.calls).toEqual([])
  })

  it.each<[string, unknown]>([
    ['no options', undefined],
    ['no resources', {}],
    ['an empty list of resources', { resources: [] }],
    ['resources that are no list', { resources: 'a:b' }],
    ['a resource that is no string', { resources: [7] }],
    ...[0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e30, '60', null].map((secs): [string, unknown] => [
      `expiresInSecs ${secs}`,
      { resources, expiresInSecs: secs },
    ]),
    ...['', 'soon', '2020-01-01T00:00:00Z', 7].map((time): [string, unknown] => [
      `expirationTime ${time}`,
      { resources, expirationTime: time },
    ]),
    ['an unknown key type', { resources, keyType: 'RSA' }],
    ['an empty namespace', { resources, namespace: '' }],
    ['a clock that is a number', { resources, now: 5 }],
  ])('rejects with a TypeError for %s', async (_, options) => {
    expect(await failureOf(() => DIDSession.get(ACCOUNT_A, auth(wallet), options as never))).toBeInstanceOf(
      TypeError,
    )
    expect(wallet.calls).toEqual([])
  })

  it('rejects with a TypeError for a malformed account or auth method', async () => {
    expect(await failureOf(() => DIDSession.get('0x1', auth(wallet), { resources }))).toBeInstanceOf(
      TypeError,
    )
    expect(await failureOf(() => DIDSession.get(ACCOUNT_A, wallet as never, { resources }))).toBeInstanceOf(
      TypeError,
    )
  })
})

describe('the result of an auth method', () => {
  const genuine =
    (change: (cacao: { h: object; p: Record<string, unknown>; s: object }) => object) =>
    async (opts: object) =>
      change(
        structuredClone(await ethereumAuth(KEY_A, undefined, { domain: 'app.example' })(opts)) as never,
      ) as never
  const p = (changes: object) => genuine((cacao) => ({ ...cacao, p: { ...cacao.p, ...changes } }))

  it.each([
    ['nothing', async () => undefined, 'ERR_AUTH_FAILED'],
    ['no signature', genuine(({ h, p }) => ({ h, p })), 'ERR_CAPABILITY_INVALID'],
    ['garbage for exp', p({ exp: 'garbage' }), 'ERR_CAPABILITY_INVALID'],
    ['a number for exp', p({ exp: 4102444800 }), 'ERR_CAPABILITY_INVALID'],
    ['a list for exp', p({ exp: ['2099-12-31T00:00:00Z'] }), 'ERR_CAPABILITY_INVALID'],
    ['an empty exp', p({ exp: '' }), 'ERR_CAPABILITY_INVALID'],
    ['an expired capability', p({ exp: '2020-01-01T00:00:00Z' }), 'ERR_CAPABILITY_EXPIRED'],
    [
      'a capability that is not yet valid',
      p({ nbf: '2999-01-01T00:00:00Z' }),
      'ERR_CAPABILITY_NOT_YET_VALID',
    ],
    ["another account's", p({ iss: `did:pkh:${ACCOUNT_B}` }), 'ERR_CAPABILITY_ISSUER'],
    [
      "another key's",
      p({ aud: 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3' }),
      'ERR_CAPABILITY_AUDIENCE',
    ],
    ['fewer resources', p({ resources: ['https://api.example/other'] }), 'ERR_CAPABILITY_RESOURCES'],
    ['no resources', p({ resources: undefined }), 'ERR_CAPABILITY_RESOURCES'],
    ['another nonce', p({ nonce: 'othernonce' }), 'ERR_CAPABILITY_NONCE'],
    ['a statement that was not signed', p({ statement: 'other' }), 'ERR_CAPABILITY_SIGNATURE'],
  ] as const)('is refused and not stored: %s', async (_, authMethod, code) => {
    const options = { resources, nonce: 'mynonce01', verifiers: ethereumVerifiers() }
    await expectCode(code, () => DIDSession.get(ACCOUNT_A, authMethod as never, options))
    expect(await storedSessions()).toEqual([])
  })

  it('is used even if the auth method changed its options, which are copies', async () => {
    const options = Object.freeze({ resources: Object.freeze([...resources]) })
    const writing = async (opts: { domain?: string; resources?: string[] }) => {
      opts.domain = 'written.example'
      const granted = await ethereumAuth(KEY_A)({ ...opts, resources: [...resources] })
      opts.resources?.push('urn:more')
      return granted
    }
    const session = await DIDSession.get(ACCOUNT_A, writing, options)
    expect(session.cacao.p.domain).toBe('written.example')
    expect(options.resources).toEqual(resources)
  })
})

describe('DIDSession.load', () => {
  it('returns the session used last, without a wallet', async () => {
    expect(await DIDSession.load()).toBeUndefined()
    const a = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    const b = await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), { resources })
    expect((await DIDSession.load())?.keyDID).toBe(b.keyDID)
    await DIDSession.load(ACCOUNT_A)
    expect((await DIDSession.load())?.keyDID).toBe(a.keyDID)
  })

  it('returns undefined for an expired session, missing resources or another account', async () => {
    await DIDSession.get(ACCOUNT_A, auth(wallet), { resources, expiresInSecs: 60 })
    expect(await DIDSession.load(ACCOUNT_A, { now: () => Date.now() + 60_000 })).toBeUndefined()
    expect(await DIDSession.load(undefined, { now: () => Date.now() + 60_000 })).toBeUndefined()
    expect(await DIDSession.load(ACCOUNT_A, { resources: ['https://api.example/'] })).toBeUndefined()
    expect(await DIDSession.load(ACCOUNT_B)).toBeUndefined()
    expect(await DIDSession.load(ACCOUNT_A, { namespace: 'admin' })).toBeUndefined()
    expect(await DIDSession.load(ACCOUNT_A)).toBeDefined()
  })

  it('returns no other account’s session after a sign-out, unless it is named', async () => {
    await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), { resources })
    await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    await DIDSession.remove(ACCOUNT_A)
    expect(await DIDSession.load()).toBeUndefined()
    expect((await DIDSession.load(ACCOUNT_B))?.id).toBe(`did:pkh:${ACCOUNT_B}`)
  })

  it('checks the wallet’s signature too if verifiers are given', async () => {
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    expect(await DIDSession.load(ACCOUNT_A, { verifiers: ethereumVerifiers() })).toBeDefined()
    const [{ cacao, keyPair, ...id }] = (await storedSessions()) as [StoredSession]
    const forged = { ...session.cacao, p: { ...session.cacao.p, statement: 'forged' } }
    await plantSession(id, { ...id, cacao: forged }, keyPair)
    expect(await DIDSession.load(ACCOUNT_A, { verifiers: ethereumVerifiers() })).toBeUndefined()
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources, { verifiers: ethereumVerifiers() })).toBe(
      false,
    )
  })
})

describe('DIDSession.hasSessionFor and explain', () => {
  it('accept resources as a list or in an object, and hasSessionFor returns a boolean', async () => {
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources)).toBe(false)
    await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    for (const asked of [resources, { resources }, ['https://api.example/notes/7'], {}, undefined]) {
      expect(await DIDSession.hasSessionFor(ACCOUNT_A, asked)).toBe(true)
    }
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, ['a:b'])).toBe(false)
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, { resources: ['a:b'] })).toBe(false)
    expect(await DIDSession.hasSessionFor(ACCOUNT_B, resources)).toBe(false)
  })

  it('return a status with its reason', async () => {
    expect(await DIDSession.explain(ACCOUNT_A, resources, { namespace: 'never used' })).toEqual({
      status: 'none',
    })
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources, expiresInSecs: 60 })
    const { expiresAt } = session
    expect(await DIDSession.explain(ACCOUNT_A, resources)).toEqual({
      status: 'ok',
      expiresAt,
      persistence: 'indexeddb',
    })
    expect(await DIDSession.explain(ACCOUNT_A, { resources: ['a:b', resources[0] ?? ''] })).toEqual({
      status: 'missing-resources',
      missing: ['a:b'],
    })
    expect(await DIDSession.explain(ACCOUNT_A, resources, { now: () => Date.now() + 60_000 })).toEqual({
      status: 'expired',
      expiresAt,
    })
    expect(await DIDSession.explain(ACCOUNT_A, resources, { now: () => Date.now() - 600_000 })).toEqual({
      status: 'not-yet-valid',
    })
  })

  it('agree with get about whether it would prompt', async () => {
    await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    for (const asked of [resources, ['https://api.example/notes/1'], ['a:b']]) {
      const before = wallet.prompts
      const says = await DIDSession.hasSessionFor(ACCOUNT_A, asked)
      await DIDSession.get(ACCOUNT_A, auth(wallet), { resources: asked })
      expect(wallet.prompts - before).toBe(says ? 0 : 1)
    }
  })
})

describe('a stored session', () => {
  const pair = { name: 'ECDSA', namedCurve: 'P-256' }
  const other = (extractable = false): Promise<CryptoKeyPair> =>
    crypto.subtle.generateKey(pair, extractable, ['sign', 'verify'])

  // Created without the library, so that this page knows nothing of it.
  async function fresh(): Promise<StoredSession> {
    const key = await generateSessionKey('P-256')
    const cacao = await ethereumAuth(KEY_A, undefined, { domain: 'app.example' })({ uri: key.did, resources })
    return { account: ACCOUNT_A, keyDID: key.did, cacao, keyPair: key.pair as CryptoKeyPair }
  }
  const plant = async (
    { keyPair, ...record }: StoredSession,
    changed: Record<string, unknown> = {},
  ): Promise<void> => {
    const { keyPair: key, ...members } = { keyPair, ...changed }
    await plantSession(record, 'record' in members ? members['record'] : { ...record, ...members }, key)
  }

  it('is used if its record is intact', async () => {
    const stored = await fresh()
    await plant(stored)
    expect((await DIDSession.load())?.keyDID).toBe(stored.keyDID)
    expect((await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })).keyDID).toBe(stored.keyDID)
    expect(wallet.prompts).toBe(0)
  })

  it.each<[string, (stored: StoredSession) => Record<string, unknown> | Promise<Record<string, unknown>>]>([
    ['with another key than aud', async () => ({ keyPair: await other() })],
    ['with a key that can be exported', async () => ({ keyPair: await other(true) })],
    ['of another account', () => ({ account: ACCOUNT_B })],
    [
      'under the name of another key',
      () => ({ keyDID: 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3' }),
    ],
    ['without a key', () => ({ keyPair: undefined })],
    ['with an empty key, as WebKit gives back in a shared worker', () => ({ keyPair: {} })],
    ['without a capability', () => ({ cacao: undefined })],
    ['with an exp that is no date', ({ cacao }) => change(cacao, { exp: 'garbage' })],
    ['with an empty exp', ({ cacao }) => change(cacao, { exp: '' })],
    ['with a number for exp', ({ cacao }) => change(cacao, { exp: 4102444800 })],
    ['with a list for exp', ({ cacao }) => change(cacao, { exp: ['2099-12-31T00:00:00Z'] })],
    ['that is null', () => ({ record: null })],
    ['that is a string', () => ({ record: 'session' })],
  ])('%s is never used, and get prompts the wallet', async (_, corrupt) => {
    const stored = await fresh()
    await plant(stored, await corrupt(stored))
    expect(await DIDSession.load()).toBeUndefined()
    expect(await DIDSession.load(ACCOUNT_A)).toBeUndefined()
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources)).toBe(false)
    expect(await DIDSession.explain(ACCOUNT_A, resources)).toEqual({ status: 'wrong-key' })
    expect((await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })).keyDID).not.toBe(stored.keyDID)
    expect(wallet.prompts).toBe(1)
  })

  function change({ h, p, s }: Cacao, changes: object): Record<string, unknown> {
    return { cacao: { h, p: { ...p, ...changes }, s } }
  }
})

describe('DIDSession.list and remove', () => {
  it('list every account, and remove one of them', async () => {
    expect(await DIDSession.list()).toEqual([])
    const a = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    const b = await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), {
      resources,
      expiresInSecs: 60,
    })
    const list = await DIDSession.list({ now: () => Date.now() + 60_000 })
    expect(list.map(({ account, isExpired }) => [account, isExpired]).sort()).toEqual([
      [ACCOUNT_B, true],
      [ACCOUNT_A, false],
    ])
    expect(list.find(({ account }) => account === ACCOUNT_A)).toEqual({
      account: ACCOUNT_A,
      id: a.id,
      keyDID: a.keyDID,
      resources,
      expiresAt: a.expiresAt,
      domain: a.cacao.p.domain,
      isExpired: false,
      persistence: 'indexeddb',
    })
    await DIDSession.remove(`did:pkh:eip155:1:${ADDRESS_A}`)
    expect((await DIDSession.list()).map(({ keyDID }) => keyDID)).toEqual([b.keyDID])
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources)).toBe(false)
  })

  it('remove one session and leave the others', async () => {
    const notes = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    const files = await DIDSession.get(ACCOUNT_A, auth(wallet), {
      resources: ['https://api.example/files/*'],
    })
    await files.remove()
    expect((await DIDSession.list()).map(({ keyDID }) => keyDID)).toEqual([notes.keyDID])
  })

  it('keep namespaces apart', async () => {
    const user = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources, namespace: 'user' })
    const admin = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources, namespace: 'admin' })
    expect(admin.keyDID).not.toBe(user.keyDID)
    await DIDSession.remove(ACCOUNT_A, { namespace: 'admin' })
    expect(await DIDSession.load(undefined, { namespace: 'admin' })).toBeUndefined()
    expect((await DIDSession.load(undefined, { namespace: 'user' }))?.keyDID).toBe(user.keyDID)
  })

  it('do not fail if there is nothing to remove', async () => {
    await expect(DIDSession.remove(ACCOUNT_A)).resolves.toBeUndefined()
  })
})

function hex(text = ''): string {
  return Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
