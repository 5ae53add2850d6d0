import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createStorage, prefixStorage, type Storage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import fsLiteDriver from 'unstorage/drivers/fs-lite'
import lruCacheDriver from 'unstorage/drivers/lru-cache'
import { describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { stringStore } from '../../src/store/string-store.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const auth = (key = KEY_A) => ethereumAuth(key, undefined, { domain: 'app.example' })

/** Creates storages over the same place, as several processes would, one after the other. */
type Place = () => Storage

describe.each<[driver: string, newPlace: () => Promise<Place>]>([
  ['memory', async () => once(createStorage())],
  ['lru-cache', async () => once(createStorage({ driver: lruCacheDriver({}) }))],
  ['a prefixed one', async () => once(prefixStorage(createStorage(), 'app'))],
  [
    'fs-lite',
    async () => {
      const base = await temporaryFolder()
      return () => createStorage({ driver: fsLiteDriver({ base }) })
    },
  ],
  [
    'fs',
    async () => {
      const base = await temporaryFolder()
      return () => createStorage({ driver: fsDriver({ base }) })
    },
  ],
])('an unstorage (%s)', (_, newPlace) => {
  it('stores the result of get, renew and remove at once, for the next one who opens it', async () => {
    const open = await newPlace()
    const store = () => stringStore(open())
    expect(await DIDSession.load(undefined, { store: store() })).toBeUndefined()
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store: store() })
    const loaded = await DIDSession.load(undefined, { store: store(), verifiers: ethereumVerifiers() })
    expect(loaded?.keyDID).toBe(session.keyDID)
    const renewed = await loaded?.renew(auth())
    expect((await DIDSession.list({ store: store() })).map(({ keyDID }) => keyDID)).toEqual([renewed?.keyDID])
    await DIDSession.remove(ACCOUNT_A, { store: store() })
    expect(await DIDSession.load(undefined, { store: store() })).toBeUndefined()
    expect(await DIDSession.list({ store: store() })).toEqual([])
  })

  it('keeps accounts that sign in at the same time, and separates namespaces', async () => {
    const storage = (await newPlace())()
    const [store, namespace] = [stringStore(storage), 'admin']
    const signIns = [
      DIDSession.get(ACCOUNT_A, auth(), { resources, store }),
      DIDSession.get(ACCOUNT_B, auth(KEY_B), { resources, store }),
      DIDSession.get(ACCOUNT_A, auth(), { resources, store, namespace }),
    ]
    const [a, b, admin] = (await Promise.all(signIns)).map(({ keyDID }) => keyDID)
    expect((await DIDSession.list({ store })).map(({ keyDID }) => keyDID).sort()).toEqual([a, b].sort())
    expect((await DIDSession.list({ store, namespace })).map(({ keyDID }) => keyDID)).toEqual([admin])
  })
})

it('an unstorage that parses an item as JSON counts as signed out', async () => {
  const storage = createStorage()
  for (const item of ['{"sessions":[]}', 'true', '7', 'null', '"x"']) {
    await storage.setItem('cacao-session:default', item)
    expect(await DIDSession.load(undefined, { store: stringStore(storage) })).toBeUndefined()
  }
})

it('an unstorage whose file was cut or emptied counts as signed out', async () => {
  const base = await temporaryFolder()
  const storage = createStorage({ driver: fsLiteDriver({ base }) })
  const store = stringStore(storage)
  await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
  const [name = ''] = (await readdir(base, { recursive: true })).filter((path) => path.endsWith('default'))
  const text = await readFile(join(base, name), 'utf8')
  expect(await DIDSession.load(undefined, { store })).toBeDefined()
  for (const left of [text.slice(0, -10), '', '{']) {
    await writeFile(join(base, name), left)
    expect(await DIDSession.load(undefined, { store })).toBeUndefined()
  }
})

it('an unstorage whose driver fails rejects with ERR_STORE_UNAVAILABLE', async () => {
  const fail = () => Promise.reject(new Error('boom'))
  const driver = { hasItem: fail, getItem: fail, setItem: fail, removeItem: fail, getKeys: fail }
  const store = stringStore(createStorage({ driver }))
  const { cause } = await expectCode('ERR_STORE_UNAVAILABLE', () => DIDSession.load(undefined, { store }))
  expect(cause).toMatchObject({ message: 'boom' })
})

function once(storage: Storage): Place {
  return () => storage
}
