import { describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { failingStore, testWallet } from '../../src/testing/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'

const resources = ['https://api.example.com/notes/*']

describe('a store that hangs or fails', () => {
  const wallet = testWallet()
  const auth = ethereumAuth(wallet.provider, wallet.account, { domain: 'app.example.com' })

  it('keeps no call of get waiting that is aborted, and the next one goes on', async () => {
    const failing = failingStore()
    failing.behaviour = 'hangs'
    let isAsked = (): void => undefined
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve
    })
    const read = (namespace: string, account?: string) => {
      isAsked()
      return failing.read(namespace, account)
    }
    const store = { ...failing, read }
    const controller = new AbortController()
    const waiting = DIDSession.get(wallet.account, auth, { resources, store, signal: controller.signal })
    await asked
    controller.abort(new Error('given up'))
    await expect(waiting).rejects.toThrow('given up')
    expect(wallet.prompts).toBe(0)
    failing.behaviour = 'works'
    expect((await DIDSession.get(wallet.account, auth, { resources, store })).account).toBe(wallet.account)
  })

  it('is asked once by load, and not again for what it could not say', async () => {
    const store = failingStore()
    store.behaviour = 'unavailable'
    let reads = 0
    const counting = {
      ...store,
      read: (namespace: string, account?: string) => {
        reads++
        return store.read(namespace, account)
      },
      readAccount: (namespace: string, account?: string) =>
        counting.read(namespace, account).then((records) => ({ records })),
    }
    await expectCode('ERR_STORE_UNAVAILABLE', () => DIDSession.load(undefined, { store: counting }))
    expect(reads).toBe(1)
    store.behaviour = 'works'
    expect(await DIDSession.load(undefined, { store: counting })).toBeUndefined()
  })
})
