import { describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import type { SessionStore } from '../../src/store/store.js'
import { type StringStoreOptions, stringStore } from '../../src/store/string-store.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { failureOf } from '../setup/expect-code.js'
import { backends, lateBackend, mapBackend, sameStrings } from '../setup/string-backends.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const bytes = new Uint8Array(3)
const auth = (wallet = testWallet()) => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })

describe.each(backends)('stringStore over %s', (_, make) => {
  it('stores a session that another store over the same strings can load', async () => {
    const backend = make()
    const wallet = testWallet()
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store: stringStore(backend) })
    const store = stringStore(sameStrings(backend))
    const loaded = await DIDSession.load(undefined, { store, verifiers: ethereumVerifiers() })
    expect(loaded?.keyDID).toBe(session.keyDID)
    expect(loaded?.cacao).toEqual(session.cacao)
    expect(await loaded?.sign(bytes)).toEqual(await session.sign(bytes))
    expect((await DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store })).keyDID).toBe(session.keyDID)
    expect(wallet.prompts).toBe(1)
  })

  it('creates keys that can be serialized, and reports its persistence', async () => {
    const store = stringStore(make())
    const made = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    for (const session of [made, await DIDSession.load(ACCOUNT_A, { store })]) {
      expect(session?.keyDID).toMatch(/^did:key:z6Mk/)
      expect([session?.persistence, session?.isSerializable]).toEqual(['strings', true])
      const copy = await DIDSession.fromSession(session?.serialize() ?? '', {
        verifiers: ethereumVerifiers(),
      })
      expect(copy.keyDID).toBe(made.keyDID)
    }
    expect((await DIDSession.list({ store }))[0]).toMatchObject({
      keyDID: made.keyDID,
      persistence: 'strings',
    })
  })

  it('has written the result of get, renew and remove once they resolve', async () => {
    const backend = make()
    const there = async (): Promise<string[]> =>
      (await DIDSession.list({ store: stringStore(sameStrings(backend)) })).map(({ keyDID }) => keyDID)
    expect(await there()).toEqual([])
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store: stringStore(backend) })
    expect(await there()).toEqual([session.keyDID])
    const renewed = await session.renew(auth())
    expect(await there()).toEqual([renewed.keyDID])
    expect(renewed.keyDID).toMatch(/^did:key:z6Mk/)
    expect(renewed.isSerializable).toBe(true)
    await renewed.remove()
    expect(await there()).toEqual([])
    expect(await DIDSession.load(undefined, { store: stringStore(sameStrings(backend)) })).toBeUndefined()
  })

  it('keeps namespaces apart', async () => {
    const store = stringStore(make())
    const user = await DIDSession.get(ACCOUNT_A, auth(), { resources, store, namespace: 'user' })
    const admin = await DIDSession.get(ACCOUNT_A, auth(), { resources, store, namespace: 'admin' })
    expect(admin.keyDID).not.toBe(user.keyDID)
    await DIDSession.remove(ACCOUNT_A, { store, namespace: 'admin' })
    expect(await DIDSession.load(undefined, { store, namespace: 'admin' })).toBeUndefined()
    expect((await DIDSession.load(undefined, { store, namespace: 'user' }))?.keyDID).toBe(user.keyDID)
    expect(await DIDSession.load(undefined, { store })).toBeUndefined()
  })

  it('loses no session of simultaneous writes', async () => {
    const store = stringStore(make())
    const wallets = [
      [ACCOUNT_A, testWallet()],
      [ACCOUNT_B, testWallet({ privateKey: KEY_B })],
    ] as const
    const signIns = wallets.flatMap(([account, wallet]) =>
      ['a:b', 'c:d', 'e:f'].map((uri) => DIDSession.get(account, auth(wallet), { resources: [uri], store })),
    )
    const keys = (await Promise.all(signIns)).map(({ keyDID }) => keyDID)
    expect((await DIDSession.list({ store })).map(({ keyDID }) => keyDID).sort()).toEqual(keys.sort())
  })
})

describe('stringStore', () => {
  it.each<[name: string, options: StringStoreOptions, item: string]>([
    ['by itself', {}, 'cacao-session:admin'],
    ['with a prefix', { prefix: 'my-app/' }, 'my-app/admin'],
    ['without one', { prefix: '' }, 'admin'],
  ])('has one item for each namespace, named %s', async (_, options, item) => {
    const backend = mapBackend()
    const store = stringStore(backend, options)
    await DIDSession.get(ACCOUNT_A, auth(), { resources, store, namespace: 'admin' })
    expect([...backend.items.keys()]).toEqual([item])
    await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), {
      resources,
      store,
      namespace: 'admin',
    })
    expect(backend.items.size).toBe(1)
  })

  it('has the persistence that the option sets', async () => {
    const store = stringStore(mapBackend(), { persistence: 'the cellar' })
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    expect(session.persistence).toBe('the cellar')
    expect((await DIDSession.load(undefined, { store }))?.persistence).toBe('the cellar')
  })

  it('returns the same store for the same backend and options, so that calls share a prompt', async () => {
    const backend = lateBackend()
    expect(stringStore(backend, { prefix: 'x' })).toBe(stringStore(backend, { prefix: 'x' }))
    for (const options of [{ prefix: 'x' }, { persistence: 'x' }])
      expect(stringStore(backend, options)).not.toBe(stringStore(backend))
    expect(stringStore(backend)).not.toBe(stringStore(lateBackend()))
    const wallet = testWallet()
    const calls = [1, 2, 3].map(() =>
      DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store: stringStore(backend) }),
    )
    expect(new Set((await Promise.all(calls)).map(({ keyDID }) => keyDID)).size).toBe(1)
    expect(wallet.prompts).toBe(1)
  })

  it('waits until the backend has finished a write', async () => {
    const backend = mapBackend()
    const slow = {
      ...backend,
      setItem: (key: string, value: string) => answer().then(() => backend.setItem(key, value)),
    }
    const answer = async (): Promise<void> => {
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve))
    }
    await stringStore(slow).write('default', { last: { at: 1 } })
    expect(backend.items.size).toBe(1)
  })

  it('leaves no key behind after a sign-out, and writes nothing if it was not used', async () => {
    const backend = mapBackend()
    const store = stringStore(backend)
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const text = (): string =>
      atob((backend.items.get('cacao-session:default') ?? '').replace(/-/g, '+').replace(/_/g, '/'))
    expect(text()).toContain('sessionKeySeed')
    await session.remove()
    expect(JSON.parse(text())).toEqual({ sessions: [], last: { at: expect.any(Number) } })
    await store.write('other', { remove: [{ account: ACCOUNT_A }] })
    expect([...backend.items.keys()]).toEqual(['cacao-session:default'])
  })

  it('keeps the sessions of other accounts after a sign-out of one', async () => {
    const store = stringStore(mapBackend())
    const other = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const wallet = testWallet({ privateKey: KEY_B })
    await DIDSession.get(ACCOUNT_B, auth(wallet), { resources, store })
    await DIDSession.remove(ACCOUNT_B, { store })
    expect((await DIDSession.list({ store })).map(({ keyDID }) => keyDID)).toEqual([other.keyDID])
  })

  it('throws a TypeError for a P-256 key, which is no string, before the wallet is asked', async () => {
    const store = stringStore(mapBackend())
    const wallet = testWallet()
    const failure = await failureOf(() =>
      DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store, keyType: 'P-256' }),
    )
    expect(failure).toBeInstanceOf(TypeError)
    expect(wallet.prompts).toBe(0)
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store, keyType: 'Ed25519' })
    expect(session.isSerializable).toBe(true)
  })

  it.each([undefined, null, {}, 'localStorage', { getItem: () => null, setItem: () => undefined }])(
    'throws a TypeError for the backend %j',
    async (backend) => {
      expect(await failureOf(() => stringStore(backend as never))).toBeInstanceOf(TypeError)
    },
  )

  it.each([{ prefix: 7 }, { prefix: null }, { persistence: '' }, { persistence: 7 }])(
    'throws a TypeError for the options %j',
    async (options) => {
      expect(await failureOf(() => stringStore(mapBackend(), options as never))).toBeInstanceOf(TypeError)
    },
  )

  it('is named in the error if a backend is passed as a store', async () => {
    const store = mapBackend() as unknown as SessionStore
    const failure = await failureOf(() => DIDSession.load(undefined, { store }))
    expect(failure).toBeInstanceOf(TypeError)
    expect(String(failure)).toContain('stringStore')
  })

  it.runIf(globalThis.location && globalThis.navigator.locks)(
    'waits for another tab that is writing',
    async () => {
      const backend = mapBackend()
      const name = 'cacao-session:default is written'
      const isAwaited = async (): Promise<boolean> =>
        (await navigator.locks.query()).pending?.some((lock) => lock.name === name) ?? false
      const { writing } = await navigator.locks.request(name, async () => {
        const writing = stringStore(backend).write('default', { last: { at: 1 } })
        while (!(await isAwaited()));
        expect(backend.items.size).toBe(0)
        return { writing }
      })
      await writing
      expect(backend.items.size).toBe(1)
    },
  )
})
