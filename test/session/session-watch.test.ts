import { expect, it, vi } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { watchOf } from '../../src/tabs/session-watch.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { SOON } from '../setup/soon.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'

const auth = (privateKey: typeof KEY_A) => ethereumAuth(privateKey, undefined, { domain: 'app.example' })
const resources = ['https://api.example/notes/*']

/** A watch whose first read began before the session was stored, and ends when `release` is called. */
async function watchedDuringRead() {
  const store = memoryStore()
  const session = await DIDSession.get(ACCOUNT_A, auth(KEY_A), { resources, store })
  const { account, keyDID, cacao } = session
  let reads = 0
  let release = (): void => undefined
  const read = (namespace: string, of?: string): Promise<readonly unknown[]> => {
    if (reads++ > 0) return store.read(namespace, of)
    return new Promise((resolve) => {
      release = () => resolve([])
    })
  }
  const watch = watchOf({ stores: [{ ...store, read }], namespace: 'default', shared: {} })
  const heard: string[] = []
  watch.onChange(({ type }) => heard.push(type))
  await vi.waitFor(() => expect(reads).toBe(1), SOON)
  watch.follow({ account, keyDID, cacao, persistence: 'memory' })
  return { session, store, heard, watch, release: () => release() }
}

it('a session that is stored and followed during a read of the store stays signed in', async () => {
  const { session, store, heard, watch, release } = await watchedDuringRead()
  release()
  await watch.changed()
  expect([session.isAuthorized(), heard]).toEqual([true, []])
  await store.write('default', { remove: [session] })
  await watch.changed()
  expect([session.isAuthorized(), heard]).toEqual([false, ['removed']])
})

it('a session that is followed during a read, but was signed out in another tab before, ends', async () => {
  const { session, store, heard, release } = await watchedDuringRead()
  await store.write('default', { remove: [session], last: { at: Date.now() } })
  release()
  await vi.waitFor(() => expect(heard).toEqual(['removed']), SOON)
  expect(session.isAuthorized()).toBe(false)
})

it('a sign-in that another tab signs out as soon as it is stored is refused, and not kept in memory', async () => {
  const inner = memoryStore()
  const keys: string[] = []
  const store: typeof inner = {
    ...inner,
    async write(namespace, change) {
      await inner.write(namespace, change)
      for (const { account, keyDID } of change.put ?? []) {
        keys.push(keyDID)
        if (account === ACCOUNT_A) await inner.write(namespace, { remove: [{ account }], last: { at: 1 } })
      }
    },
  }
  await expectCode('ERR_SESSION_REMOVED', () => DIDSession.get(ACCOUNT_A, auth(KEY_A), { resources, store }))
  expect(await DIDSession.list({ store })).toEqual([])
  const other = await DIDSession.get(ACCOUNT_B, auth(KEY_B), { resources, store })
  expect([keys.length, other.isAuthorized(), (await DIDSession.load(undefined, { store }))?.keyDID]).toEqual([
    2,
    true,
    other.keyDID,
  ])
})

it('a sign-out that takes long does not forget the account that signs in meanwhile', async () => {
  const inner = memoryStore()
  let release = (): void => undefined
  let isHeld = false
  const store: typeof inner = {
    ...inner,
    async write(namespace, change) {
      if (isHeld && change.remove?.length)
        await new Promise<void>((resolve) => {
          release = resolve
        })
      await inner.write(namespace, change)
    },
  }
  const first = await DIDSession.get(ACCOUNT_A, auth(KEY_A), { resources, store })
  isHeld = true
  const removing = first.remove()
  const held = release
  await vi.waitFor(() => expect(release).not.toBe(held), SOON)
  isHeld = false
  const second = await DIDSession.get(ACCOUNT_B, auth(KEY_B), { resources, store })
  release()
  await removing
  expect((await DIDSession.load(undefined, { store }))?.keyDID).toBe(second.keyDID)
  await second.remove()
  expect(await DIDSession.load(undefined, { store })).toBeUndefined()
})

it('a session that is followed after the read in which its sign-out was seen ends', async () => {
  const store = memoryStore()
  const session = await DIDSession.get(ACCOUNT_A, auth(KEY_A), { resources, store })
  const { account, keyDID, cacao } = session
  const watch = watchOf({ stores: [store], namespace: 'default', shared: {} })
  watch.onChange(() => undefined)
  await store.write('default', { remove: [{ account }], last: { at: Date.now() } })
  await watch.changed()
  watch.follow({ account, keyDID, cacao, persistence: 'memory' })
  await vi.waitFor(() => expect(session.isAuthorized()).toBe(false), SOON)
})
