import { describe, expect, it, vi } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import type { SessionStore } from '../../src/store/store.js'
import { failingStore, testWallet } from '../../src/testing/index.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { SOON } from '../setup/soon.js'

const resources = ['https://api.example.com/notes/*']

describe('a store that hangs or fails', () => {
  const wallet = testWallet()
  const auth = ethereumAuth(wallet.provider, wallet.account, { domain: 'app.example.com' })

  /** A store that hangs, and reports when it is first called. */
  function hangingStore(): { store: SessionStore; asked: Promise<void>; works(): void } {
    const failing = failingStore()
    failing.behaviour = 'hangs'
    let isAsked = (): void => undefined
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve
    })
    const telling = <A extends unknown[], R>(work: (...args: A) => R) => {
      return (...args: A): R => {
        isAsked()
        return work(...args)
      }
    }
    const { read, readLast } = failing
    const store = { ...failing, read: telling(read), readLast: telling(readLast) }
    return { store, asked, works: () => Object.assign(failing, { behaviour: 'works' }) }
  }

  it('does not keep an aborted get waiting, and the next get works', async () => {
    const { store, asked, works } = hangingStore()
    const controller = new AbortController()
    const waiting = DIDSession.get(wallet.account, auth, { resources, store, signal: controller.signal })
    await asked
    controller.abort(new Error('given up'))
    await expect(waiting).rejects.toThrow('given up')
    expect(wallet.prompts).toBe(0)
    works()
    expect((await DIDSession.get(wallet.account, auth, { resources, store })).account).toBe(wallet.account)
  })

  const calls: Record<string, (options: { store: SessionStore; signal: AbortSignal }) => Promise<unknown>> = {
    load: (options) => DIDSession.load(wallet.account, options),
    'load without an account': (options) => DIDSession.load(undefined, options),
    use: (options) => DIDSession.use(wallet.account, options),
    hasSessionFor: (options) => DIDSession.hasSessionFor(wallet.account, resources, options),
    explain: (options) => DIDSession.explain(wallet.account, resources, options),
    list: (options) => DIDSession.list(options),
    remove: (options) => DIDSession.remove(wallet.account, options),
  }

  it.each(Object.entries(calls))('does not keep an aborted %s waiting', async (_, call) => {
    const { store, asked, works } = hangingStore()
    const controller = new AbortController()
    const waiting = call({ store, signal: controller.signal })
    await asked
    controller.abort(new Error('given up'))
    await expect(waiting).rejects.toThrow('given up')
    works()
    await call({ store, signal: new AbortController().signal })
  })

  it.each(Object.entries(calls))(
    'is not read by a call of %s whose signal is already aborted',
    async (_, call) => {
      const { store, asked } = hangingStore()
      void asked.then(() => expect.fail('it was asked'))
      await expect(call({ store, signal: AbortSignal.abort(new Error('given up')) })).rejects.toThrow(
        'given up',
      )
    },
  )

  it('does not keep an aborted sign-out from ending sessions in all tabs', async () => {
    const failing = failingStore()
    const session = await DIDSession.get(wallet.account, auth, { resources, store: failing })
    failing.behaviour = 'hangs'
    const controller = new AbortController()
    const waiting = DIDSession.remove(wallet.account, { store: failing, signal: controller.signal })
    await vi.waitFor(() => expect(session.isAuthorized()).toBe(false), SOON)
    controller.abort(new Error('given up'))
    await expect(waiting).rejects.toThrow('given up')
    await expectCode('ERR_SESSION_REMOVED', () => session.sign(new Uint8Array(1)))
  })

  it('and a verifier that hangs do not keep an aborted fromSession waiting', async () => {
    const text = (await DIDSession.authorize(auth, { resources })).serialize()
    const controller = new AbortController()
    const verifiers = {
      ...ethereumVerifiers(),
      eip191: () => new Promise<void>(() => controller.abort(new Error('given up'))),
    }
    await expect(DIDSession.fromSession(text, { verifiers, signal: controller.signal })).rejects.toThrow(
      'given up',
    )
  })

  it('is read once by load, which does not retry a failed read', async () => {
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
