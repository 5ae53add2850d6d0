import { describe, expect, it } from 'vitest'
import type { SessionErrorCode } from '../../src/base/errors.js'
import { SessionError } from '../../src/base/errors.js'
import { generateSessionKey, seedKey } from '../../src/key/generate-key.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { NewSession, SessionStore } from '../../src/store/store.js'
import { stringStore } from '../../src/store/string-store.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { signed, unsigned } from '../setup/capability.js'
import { trustOptions } from '../setup/cookies.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { forgedItem } from '../setup/forged-store.js'
import { mapBackend } from '../setup/string-backends.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A } from '../setup/wallet.js'

// A store that others can write to, and what attackers write there.

const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
const resources = ['https://api.example/notes/*']
const SEED = new Uint8Array(32).fill(3)

/** A string store with content that somebody else has written. */
function storeWith(item: string): SessionStore {
  const backend = mapBackend()
  backend.setItem('cacao-session:default', item)
  return stringStore(backend, { writableByOthers: true })
}

const granted = async (changes: object = {}) =>
  signed({ aud: (await seedKey(SEED)).did, domain: 'app.example', resources, ...changes })

const forged = async () => {
  const { h, p, s } = unsigned({ aud: (await seedKey(SEED)).did, domain: 'app.example', resources })
  return { h, p, s } as never
}

describe('a store into which others wrote', () => {
  it('loads a session that the wallet signed for an allowed domain', async () => {
    const store = storeWith(forgedItem([{ cacao: await granted(), seed: SEED }]))
    expect((await DIDSession.load(undefined, { store, ...trustOptions }))?.id).toBe(`did:pkh:${ACCOUNT_A}`)
    expect(await DIDSession.list({ store, ...trustOptions })).toHaveLength(1)
  })

  it.each<[attack: string, code: SessionErrorCode, cacao: () => Promise<never>, options: object]>([
    ['that no wallet signed', 'ERR_CAPABILITY_SIGNATURE', forged, {}],
    [
      'that was signed on another site',
      'ERR_CAPABILITY_DOMAIN',
      async () => (await granted({ domain: 'example.co' })) as never,
      {},
    ],
    [
      'of a site that the function does not accept, but for nearly',
      'ERR_CAPABILITY_DOMAIN',
      async () => (await granted()) as never,
      { domains: () => 1 },
    ],
    [
      'that was revoked',
      'ERR_CAPABILITY_REVOKED',
      async () => (await granted()) as never,
      { revocation: { isRevoked: async () => true } },
    ],
    [
      'of an account type without a verifier',
      'ERR_CAPABILITY_UNSUPPORTED',
      async () => (await granted()) as never,
      { verifiers: { eip1271: async () => undefined } },
    ],
  ])('does not load a session %s', async (_, code, cacao, changes) => {
    const item = forgedItem([{ cacao: await cacao(), seed: SEED }])
    const options = { store: storeWith(item), ...trustOptions, ...changes }
    expect(await DIDSession.load(undefined, options)).toBeUndefined()
    expect(await DIDSession.load(ACCOUNT_A, options)).toBeUndefined()
    expect(await DIDSession.use(ACCOUNT_A, options)).toBeUndefined()
    expect(await DIDSession.list(options)).toEqual([])
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, undefined, options)).toBe(false)
    expect(await DIDSession.explain(ACCOUNT_A, undefined, options)).toEqual({ status: 'untrusted', code })
    let prompts = 0
    const counting: typeof auth = (opts) => {
      prompts++
      return auth(opts)
    }
    await DIDSession.get(ACCOUNT_A, counting, { resources, ...options }).catch(() => undefined)
    expect(prompts).toBe(1)
  })

  it.each([
    ['an error of its own', new Error('down')],
    ['ERR_STORE_UNAVAILABLE', new SessionError('ERR_STORE_UNAVAILABLE', 'down')],
  ])('rejects while the revocation store throws %s, and asks for no new sign-in', async (_, error) => {
    const store = storeWith(forgedItem([{ cacao: await granted(), seed: SEED }]))
    const isRevoked = () => {
      throw error
    }
    const options = { store, ...trustOptions, revocation: { isRevoked } }
    await expectCode('ERR_STORE_UNAVAILABLE', () => DIDSession.load(undefined, options))
    await expectCode('ERR_STORE_UNAVAILABLE', () =>
      DIDSession.get(ACCOUNT_A, auth, { resources, ...options }),
    )
    await expectCode('ERR_STORE_UNAVAILABLE', () => DIDSession.list(options))
  })

  it('can not replace the session of this page, not even as its renewal', async () => {
    const backend = mapBackend()
    const store = stringStore(backend, { writableByOthers: true })
    const session = await DIDSession.get(ACCOUNT_A, auth, {
      resources,
      store,
      ...trustOptions,
      expiresInSecs: 60,
    })
    const later = { iat: new Date(Date.now() + 1000).toISOString() }
    const planted = [
      { cacao: await granted({ ...later, domain: 'example.co' }), seed: SEED },
      { cacao: session.cacao, seed: new Uint8Array(32) },
    ]
    backend.setItem('cacao-session:default', forgedItem(planted))
    const renewed = await session.renew(auth)
    expect(renewed.cacao.p.domain).toBe('app.example')
  })

  it('loads no session whose private key does not belong to its public key', async () => {
    const [victim, mine] = [await generateSessionKey('P-256'), await generateSessionKey('P-256')]
    const keyPair = { publicKey: victim.pair?.publicKey, privateKey: mine.pair?.privateKey } as CryptoKeyPair
    const cacao = await signed({ aud: victim.did, domain: 'app.example', resources })
    const store = { ...memoryStore(), writableByOthers: true }
    const record: NewSession = { account: ACCOUNT_A, keyDID: victim.did, cacao, keyPair }
    await store.write('default', { put: [record] })
    expect(await DIDSession.load(ACCOUNT_A, { store, ...trustOptions })).toBeUndefined()
  })
})

describe('a session string from others', () => {
  const text = async (changes: object = {}) => {
    const session = await DIDSession.authorize(
      ethereumAuth(KEY_A, undefined, { domain: 'app.example', ...changes }),
      {
        resources,
      },
    )
    return session.serialize()
  }

  it('is read if its domain is allowed and it is not revoked', async () => {
    const options = { ...trustOptions, revocation: { isRevoked: () => false } }
    expect((await DIDSession.fromSession(await text(), options)).id).toBe(`did:pkh:${ACCOUNT_A}`)
  })

  it.each<[SessionErrorCode, text: object, options: object]>([
    ['ERR_CAPABILITY_DOMAIN', { domain: 'example.co' }, trustOptions],
    ['ERR_CAPABILITY_DOMAIN', {}, { domains: async () => false }],
    ['ERR_CAPABILITY_REVOKED', {}, { revocation: { isRevoked: () => true } }],
    ['ERR_CAPABILITY_REVOKED', {}, { ...trustOptions, revocation: { isRevoked: () => undefined } }],
  ])('is refused with %s', async (code, changes, options) => {
    await expectCode(code, async () => DIDSession.fromSession(await text(changes), options as never))
  })

  it('of a delegated session is checked by the wallet’s capability, and each link for revocation', async () => {
    const session = await DIDSession.fromSession(await text())
    const seed = new Uint8Array(32).fill(4)
    const cacao = await session.delegate({ audience: (await seedKey(seed)).did, resources })
    const delegated = await DIDSession.authorize(
      async ({ uri }) => session.delegate({ audience: uri ?? '' }),
      {
        resources,
      },
    )
    const written = delegated.serialize()
    expect((await DIDSession.fromSession(written, trustOptions)).id).toBe(session.id)
    await expectCode('ERR_CAPABILITY_DOMAIN', () =>
      DIDSession.fromSession(written, { ...trustOptions, domains: ['example.co'] }),
    )
    const isRevoked = ({ p }: { p: { aud: string } }) => p.aud === session.keyDID
    await expectCode('ERR_CAPABILITY_REVOKED', () =>
      DIDSession.fromSession(written, { revocation: { isRevoked } }),
    )
    expect(cacao.s.m?.parent?.p.aud).toBe(session.keyDID)
  })
})

describe('a sign-out', () => {
  /** A session that somebody else uses in the same process. */
  const theirs = memoryStore()
  const victims = () => DIDSession.get(ACCOUNT_A, auth, { resources, store: theirs })

  it.each<[attack: string, plant: (victim: DIDSession) => Promise<SessionStore>]>([
    [
      'of a store with the victim’s capability and some seed',
      async ({ cacao }) => storeWith(forgedItem([{ cacao, seed: SEED }])),
    ],
    [
      'of a store with a session of one’s own beside it',
      async ({ cacao }) =>
        storeWith(
          forgedItem([
            { cacao: await granted(), seed: SEED },
            { cacao, seed: SEED },
          ]),
        ),
    ],
    [
      'of a store with the victim’s public key and another private one',
      async ({ cacao, keyDID }) => {
        const mine = await generateSessionKey('P-256')
        const id = { account: ACCOUNT_A, keyDID }
        const { publicKey } = (await theirs.readKey('default', id)) as CryptoKeyPair
        const keyPair = { publicKey, privateKey: mine.pair?.privateKey } as CryptoKeyPair
        const store = memoryStore()
        await store.write('default', { put: [{ ...id, cacao, keyPair }] })
        return store
      },
    ],
    [
      'of a store that returns the capability only before a write',
      async ({ cacao, keyDID }) => {
        const store = memoryStore()
        let isWritten = false
        return {
          ...store,
          read: async () => (isWritten ? [] : [{ account: ACCOUNT_A, keyDID, cacao }]),
          readLast: async () => ({ at: Date.now() }),
          write: async () => {
            isWritten = true
          },
        }
      },
    ],
  ])('%s leaves the victim signed in', async (_, plant) => {
    const victim = await victims()
    victim.on('removed', () => expect.fail('told that it was removed'))
    const store = await plant(victim)
    const options = { store, ...trustOptions }
    // The watch first sees the content of the store, and then that it was removed.
    const stop = DIDSession.onChange(() => undefined, { store })
    await DIDSession.load(undefined, options)
    await DIDSession.remove(ACCOUNT_A, { store })
    stop()
    expect(victim.isAuthorized(resources)).toBe(true)
    expect(await victim.sign(new Uint8Array(1))).toHaveLength(64)
  })

  it('of a store that holds the key ends the session in every store that has it', async () => {
    const backend = mapBackend()
    const [one, two] = ['a', 'b'].map((persistence) => stringStore(backend, { persistence }))
    const session = await DIDSession.get(ACCOUNT_A, auth, { resources, store: one as SessionStore })
    await DIDSession.remove(ACCOUNT_A, { store: two as SessionStore })
    await expectCode('ERR_SESSION_REMOVED', () => session.sign(new Uint8Array(1)))
  })

  it('of another account leaves this one signed in', async () => {
    const store = memoryStore()
    const session = await DIDSession.get(ACCOUNT_A, auth, { resources, store })
    await DIDSession.remove(ACCOUNT_B, { store })
    expect(session.isAuthorized()).toBe(true)
  })
})

it('wrappers of a backend keep its writableByOthers', async () => {
  const { callbackStore } = await import('../../src/store/string-store.js')
  const { failingStore, failingStrings } = await import('../../src/testing/failing-store.js')
  const backend = { ...mapBackend(), writableByOthers: true }
  const { getItem, setItem, removeItem } = mapBackend()
  const called = callbackStore({
    getItem: (key, callback) => callback(undefined, getItem(key)),
    setItem: (key, value, callback) => callback(undefined, setItem(key, value)),
    removeItem: (key, callback) => callback(undefined, removeItem(key)),
    writableByOthers: true,
  })
  for (const strings of [backend, called, failingStrings(backend)])
    for (const options of [{}, { writableByOthers: false }]) {
      const store = stringStore(strings, options)
      for (const made of [store, failingStore(store), { ...store }]) {
        expect(await failureOf(() => DIDSession.load(undefined, { store: made }))).toBeInstanceOf(TypeError)
        const verifiers = ethereumVerifiers()
        expect(
          await DIDSession.load(undefined, { store: made, verifiers, domains: ['app.example'] }),
        ).toBeUndefined()
      }
    }
  expect(await DIDSession.load(undefined, { store: stringStore(mapBackend()) })).toBeUndefined()
})
