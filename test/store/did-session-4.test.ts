import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { generateSessionKey } from '../../src/key/generate-key.js'
import { DIDSession } from '../../src/session/did-session.js'
import { failingIndexedDB } from '../../src/testing/failing-indexeddb.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import {
  clearOrigin,
  databaseNames,
  didSession4Accounts,
  plantDIDSession4,
  storedSessions,
} from '../setup/origin.js'
import { shortWaits } from '../setup/short-waits.js'
import { ACCOUNT_A, ACCOUNT_B, ADDRESS_A, KEY_A, KEY_B } from '../setup/wallet.js'

const resources = ['ceramic://*']
const auth = (wallet = testWallet()) => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })

// As did-session 4 does: a P-256 pair that may only sign, and a capability, under the account's id.
async function didSession4(
  key: string,
  { changes = {}, pair }: { changes?: object; pair?: CryptoKeyPair } = {},
): Promise<{ cacao: object; keypair: CryptoKeyPair; did: string }> {
  const own = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const { sessionKeyOfPair } = await import('../../src/key/session-key.js')
  const did = (await sessionKeyOfPair(own))?.did ?? ''
  const cacao = await ethereumAuth(key as `0x${string}`, undefined, { domain: 'app.example' })({
    uri: did,
    resources,
  })
  return { cacao: { ...cacao, p: { ...cacao.p, ...changes } }, keypair: pair ?? own, did }
}
const plant = async (
  account: string,
  { cacao, keypair }: { cacao: object; keypair: CryptoKeyPair },
): Promise<void> => plantDIDSession4(account, { cacao: structuredClone(cacao), keypair })

beforeEach(clearOrigin)

describe('a session that did-session 4 stored', () => {
  it.each([
    [
      'get',
      async (wallet: ReturnType<typeof testWallet>) => DIDSession.get(ACCOUNT_A, auth(wallet), { resources }),
    ],
    ['load', async () => DIDSession.load(ACCOUNT_A)],
    ['load without an account', async () => DIDSession.load()],
  ])('is resumed by %s without a prompt, and moved to our store', async (_, take) => {
    const old = await didSession4(KEY_A)
    await plant(ACCOUNT_A, old)
    const wallet = testWallet()
    const session = await take(wallet)
    expect(session?.keyDID).toBe(old.did)
    expect(session?.persistence).toBe('indexeddb')
    expect(await session?.sign(new Uint8Array(1))).toHaveLength(64)
    expect(wallet.calls).toEqual([])
    expect((await storedSessions()).map(({ keyDID }) => keyDID)).toEqual([old.did])
    expect(await didSession4Accounts()).toEqual([])
    expect((await DIDSession.load())?.keyDID).toBe(old.did)
  })

  it('is found by hasSessionFor and list, in whichever case its account was written', async () => {
    await plant(`eip155:1:${ADDRESS_A}`, await didSession4(KEY_A))
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources)).toBe(true)
    await clearOrigin()
    await plant(ACCOUNT_A, await didSession4(KEY_A))
    await plant(ACCOUNT_B, await didSession4(KEY_B))
    expect((await DIDSession.list()).map(({ account }) => account).sort()).toEqual([ACCOUNT_B, ACCOUNT_A])
  })

  it('is checked with the verifiers, which did-session did not do', async () => {
    await plant(ACCOUNT_A, await didSession4(KEY_A))
    expect(await DIDSession.load(ACCOUNT_A, { verifiers: ethereumVerifiers() })).toBeDefined()
    await clearOrigin()
    await plant(ACCOUNT_A, await didSession4(KEY_A, { changes: { statement: 'forged' } }))
    expect(await DIDSession.load(ACCOUNT_A, { verifiers: ethereumVerifiers() })).toBeUndefined()
  })

  it('is deleted by signing out, and does not come back', async () => {
    await plant(ACCOUNT_A, await didSession4(KEY_A))
    await DIDSession.remove(ACCOUNT_A)
    expect(await didSession4Accounts()).toEqual([])
    expect(await DIDSession.load(ACCOUNT_A)).toBeUndefined()
    const wallet = testWallet()
    await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    expect(wallet.prompts).toBe(1)
  })

  it.each([
    ['has expired', async () => didSession4(KEY_A, { changes: { exp: '2020-01-01T00:00:00.000Z' } })],
    ['has garbage for exp', async () => didSession4(KEY_A, { changes: { exp: 'garbage' } })],
    ['has an empty exp', async () => didSession4(KEY_A, { changes: { exp: '' } })],
    ['is of another account', async () => didSession4(KEY_B)],
    [
      'has another key',
      async () => didSession4(KEY_A, { pair: (await generateSessionKey('P-256')).pair as CryptoKeyPair }),
    ],
    [
      'has a key that can be exported',
      async () =>
        didSession4(KEY_A, {
          pair: await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']),
        }),
    ],
    [
      'does not cover the resources',
      async () => didSession4(KEY_A, { changes: { resources: ['other://*'] } }),
    ],
  ])('is not used if it %s', async (_, make) => {
    await plant(ACCOUNT_A, await make())
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources)).toBe(false)
    expect(await DIDSession.load(ACCOUNT_A, { resources })).toBeUndefined()
    const wallet = testWallet()
    await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    expect(wallet.prompts).toBe(1)
  })

  it.each([{}, { cacao: null }, 'text', null, 7])('is ignored if it is %j', async (value) => {
    await plantDIDSession4(ACCOUNT_A, value)
    await plantDIDSession4('not an account', value)
    expect(await DIDSession.load(ACCOUNT_A)).toBeUndefined()
  })

  it('belongs to the default namespace only', async () => {
    await plant(ACCOUNT_A, await didSession4(KEY_A))
    expect(await DIDSession.load(ACCOUNT_A, { namespace: 'admin' })).toBeUndefined()
  })
})

describe('a browser where did-session 4 never ran', () => {
  it('gets no database named did-session', async () => {
    const wallet = testWallet()
    await DIDSession.load()
    await DIDSession.list()
    await DIDSession.hasSessionFor(ACCOUNT_A, resources)
    await DIDSession.get(ACCOUNT_A, auth(wallet), { resources })
    await DIDSession.remove(ACCOUNT_A)
    expect(await databaseNames()).not.toContain('did-session')
  })

  // WebKit keeps an empty database after an aborted upgrade, but all its versions can list the databases.
  it.skipIf(globalThis.navigator?.vendor?.startsWith('Apple'))(
    'gets none either if it can not list databases',
    async () => {
      const { databases } = IDBFactory.prototype
      Object.defineProperty(IDBFactory.prototype, 'databases', {
        value: undefined,
        configurable: true,
        writable: true,
      })
      try {
        await DIDSession.load(ACCOUNT_A)
        await DIDSession.remove(ACCOUNT_A)
      } finally {
        Object.defineProperty(IDBFactory.prototype, 'databases', {
          value: databases,
          configurable: true,
          writable: true,
        })
      }
      expect(await databaseNames()).not.toContain('did-session')
    },
  )
})

describe('while IndexedDB hangs', () => {
  // The time for which the default store waits for its database, and the migration from did-session 4 for the list of
  // databases.
  const WAIT_MS = 2000

  it('the list of databases is waited for only for a limited time', async () => {
    // Opens the default store's database, which may take longer than the shortened wait.
    await DIDSession.load(ACCOUNT_A, { namespace: 'admin' })
    shortWaits(WAIT_MS)
    const { databases } = IDBFactory.prototype
    IDBFactory.prototype.databases = () => new Promise(() => undefined)
    onTestFinished(() => void Object.assign(IDBFactory.prototype, { databases }))
    expect(await DIDSession.load()).toBeUndefined()
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources)).toBe(false)
    expect((await DIDSession.explain(ACCOUNT_A)).status).toBe('none')
    expect(await DIDSession.list()).toEqual([])
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    await session.remove()
    expect(await DIDSession.load()).toBeUndefined()
  })

  it('a sign-in works, with the session in memory', async () => {
    shortWaits(WAIT_MS)
    onTestFinished(failingIndexedDB('hangs'))
    expect(await DIDSession.load()).toBeUndefined()
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources })
    expect(session.persistence).toBe('memory')
    expect(await session.sign(new Uint8Array(1))).toHaveLength(64)
  })
})
