import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSessionClient, type DIDSession } from '../../src/session/did-session.js'
import { indexedDBStore } from '../../src/store/indexeddb-store.js'
import { testWallet } from '../../src/testing/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { clearOrigin } from '../setup/origin.js'
import { SOON } from '../setup/soon.js'

const resources = ['https://api.example.com/notes/*']

describe('transactions of IndexedDB', () => {
  const wallet = testWallet()
  const auth = ethereumAuth(wallet.provider, wallet.account, { domain: 'app.example.com' })
  // A separate database, because earlier tests may still be watching the usual one.
  const name = 'counted'
  const sessions = createSessionClient({ store: indexedDBStore({ name }) })
  const get = (): Promise<DIDSession> => sessions.get(wallet.account, auth, { resources })
  let count = 0
  let reads: string[] = []

  beforeEach(async () => {
    await clearOrigin()
    const { transaction } = IDBDatabase.prototype
    vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (this: IDBDatabase, ...args) {
      // fake-indexeddb also counts one without stores for the upgrade.
      if (this.name === name && [...args[0]].length > 0) count++
      return transaction.apply(this, args)
    })
    const { get: read } = IDBObjectStore.prototype
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore, key) {
      reads.push(this.name)
      return read.call(this, key)
    })
    count = 0
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await sessions.signOut(wallet.account)
  })

  it('number eight for a new sign-in, two of them for the lease that replaces Web Locks', async () => {
    await get()
    const most = 8
    // The last transaction reads once more, in the background, what other tabs did meanwhile.
    await vi.waitFor(() => expect(count).toBe(most), SOON)
    await sessions.hasSessionFor(wallet.account, resources)
    expect(count).toBe(most + 1)
  })

  it('number one to resume a stored session', async () => {
    await get()
    await vi.waitFor(() => expect(count).toBeGreaterThan(5), SOON)
    await sessions.list()
    count = 0
    await sessions.hasSessionFor(wallet.account, resources)
    expect(count).toBe(1)
    await get()
    expect(count).toBe(2)
    await sessions.load()
    expect(count).toBe(3)
  })

  it('read only the records that a call needs', async () => {
    await get()
    await vi.waitFor(() => expect(count).toBeGreaterThan(5), SOON)
    await sessions.list()
    await sessions.hasSessionFor(wallet.account, resources)
    // The id of a known session is enough, and the session used last is read only to resume one.
    reads = []
    expect(await sessions.hasSessionFor(wallet.account, resources)).toBe(true)
    expect(reads).toEqual([])
    expect(await sessions.load(wallet.account)).toBeDefined()
    expect(reads).toEqual(['last'])
    // Checks apply to the records as they are stored now.
    reads = []
    const checks = { domains: ['app.example.com'] }
    expect(await sessions.hasSessionFor(wallet.account, resources, checks)).toBe(true)
    expect(reads).toContain('sessions')
  })
})
