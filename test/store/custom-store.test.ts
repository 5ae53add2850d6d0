import { describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore } from '../../src/store/store.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const auth = (wallet = testWallet()) => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })
const boom = async (): Promise<never> => {
  throw new Error('boom')
}

describe('a store of the app', () => {
  it('keeps sessions, and names their persistence', async () => {
    const store: SessionStore = { ...memoryStore(), persistence: 'mine' }
    const wallet = testWallet()
    const session = await DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store })
    expect(session.persistence).toBe('mine')
    expect((await DIDSession.load(undefined, { store }))?.keyDID).toBe(session.keyDID)
    expect(await DIDSession.load(undefined, { store: memoryStore() })).toBeUndefined()
    await DIDSession.remove(ACCOUNT_A, { store })
    expect(await DIDSession.load(ACCOUNT_A, { store })).toBeUndefined()
    expect(wallet.prompts).toBe(1)
  })

  it('that fails rejects before the wallet is asked, with its error as the cause', async () => {
    const wallet = testWallet()
    const store: SessionStore = {
      persistence: 'mine',
      read: boom,
      readKey: boom,
      readLast: boom,
      write: boom,
    }
    const error = await expectCode('ERR_STORE_UNAVAILABLE', () =>
      DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store }),
    )
    expect(error.cause).toMatchObject({ message: 'boom' })
    for (const work of [
      () => DIDSession.load(ACCOUNT_A, { store }),
      () => DIDSession.list({ store }),
      () => DIDSession.remove(ACCOUNT_A, { store }),
    ]) {
      await expectCode('ERR_STORE_UNAVAILABLE', work)
    }
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources, { store })).toBe(false)
    expect(await DIDSession.explain(ACCOUNT_A, resources, { store })).toEqual({ status: 'store-unavailable' })
    expect(wallet.prompts).toBe(0)
  })

  it('that can not write rejects with ERR_STORE_UNAVAILABLE', async () => {
    const store: SessionStore = { ...memoryStore(), write: boom }
    await expectCode('ERR_STORE_UNAVAILABLE', () => DIDSession.get(ACCOUNT_A, auth(), { resources, store }))
  })

  it('that loses what was written rejects with ERR_STORE_CORRUPT', async () => {
    const store: SessionStore = {
      persistence: 'sieve',
      read: async () => [],
      readKey: async () => undefined,
      readLast: async () => undefined,
      write: async () => undefined,
    }
    await expectCode('ERR_STORE_CORRUPT', () => DIDSession.get(ACCOUNT_A, auth(), { resources, store }))
  })

  it.each([undefined, null, {}, 'x', 7, [], [undefined, 7], [[]]])(
    'that returns %j counts as signed out',
    async (contents) => {
      const store: SessionStore = {
        persistence: 'odd',
        read: async () => contents as unknown as unknown[],
        readKey: async () => undefined,
        readLast: async () => contents,
        write: async () => undefined,
      }
      expect(await DIDSession.load(undefined, { store })).toBeUndefined()
      expect(await DIDSession.load(ACCOUNT_A, { store })).toBeUndefined()
      expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources, { store })).toBe(false)
      expect(await DIDSession.list({ store })).toEqual([])
    },
  )

  it('that returns sessions of other accounts does not sign anyone in as them', async () => {
    const full = memoryStore()
    await DIDSession.get(ACCOUNT_B, auth(testWallet({ privateKey: KEY_B })), { resources, store: full })
    const store: SessionStore = { ...full, read: (namespace) => full.read(namespace) }
    expect(await DIDSession.load(ACCOUNT_A, { store })).toBeUndefined()
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources, { store })).toBe(false)
  })
})
