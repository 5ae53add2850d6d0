import { describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { stringStore } from '../../src/store/string-store.js'
import { failingStrings, type StringsBehaviour } from '../../src/testing/failing-store.js'
import { testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { mapBackend } from '../setup/string-backends.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const ITEM = 'cacao-session:default'
const resources = ['https://api.example/notes/*']
const auth = (wallet = testWallet()) => ethereumAuth(wallet.provider, undefined, { domain: 'app.example' })

describe('a backend that fails', () => {
  it.each<[how: string, StringsBehaviour]>([
    ['at once', 'throws'],
    ['later', 'unavailable'],
  ])('%s, makes every call reject with its error as the cause, without a prompt', async (_, behaviour) => {
    const backend = failingStrings()
    backend.behaviour = behaviour
    const store = stringStore(backend)
    const wallet = testWallet()
    for (const work of [
      () => DIDSession.get(ACCOUNT_A, auth(wallet), { resources, store }),
      () => DIDSession.load(ACCOUNT_A, { store }),
      () => DIDSession.load(undefined, { store }),
      () => DIDSession.list({ store }),
      () => DIDSession.remove(ACCOUNT_A, { store }),
      () => store.read('default'),
      () => store.readLast('default'),
    ]) {
      const { cause } = await expectCode('ERR_STORE_UNAVAILABLE', work)
      expect(cause).toMatchObject({
        message: expect.stringContaining('behaviour of the failing backend makes it fail'),
      })
    }
    expect(wallet.prompts).toBe(0)
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, resources, { store })).toBe(false)
    expect(await DIDSession.explain(ACCOUNT_A, resources, { store })).toEqual({ status: 'store-unavailable' })
  })

  it('because it is full makes calls reject, and keeps its old content', async () => {
    const backend = mapBackend()
    const store = stringStore(backend)
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    const filled = failingStrings(backend)
    filled.behaviour = 'full'
    const full = stringStore(filled)
    const before = backend.items.get(ITEM)
    await expectCode('ERR_STORE_UNAVAILABLE', () =>
      DIDSession.get(ACCOUNT_A, auth(), { resources: ['a:b'], store: full }),
    )
    const held = await DIDSession.load(ACCOUNT_A, { store: full })
    expect(held?.keyDID).toBe(session.keyDID)
    await expectCode('ERR_STORE_UNAVAILABLE', () =>
      held?.renew(ethereumAuth(KEY_A, undefined, { domain: 'app.example' })),
    )
    await expectCode('ERR_STORE_UNAVAILABLE', () => held?.remove())
    expect(backend.items.get(ITEM)).toBe(before)
    // The item stays in the backend, but the session no longer signs and is not resumed.
    await expectCode('ERR_SESSION_REMOVED', () => held?.sign(new Uint8Array(1)))
    expect(await DIDSession.load(ACCOUNT_A, { store: full })).toBeUndefined()
  })

  it.runIf(typeof document !== 'undefined')('because its quota is used up, fails the same way', async () => {
    localStorage.clear()
    const store = stringStore(localStorage)
    const session = await DIDSession.get(ACCOUNT_A, auth(), { resources, store })
    let filling = 'x'.repeat(2 ** 22)
    while (filling !== '') {
      try {
        localStorage.setItem('filling', (localStorage.getItem('filling') ?? '') + filling)
      } catch {
        filling = filling.slice(filling.length / 2)
        if (filling.length === 1) filling = ''
      }
    }
    const { cause } = await expectCode('ERR_STORE_UNAVAILABLE', () =>
      DIDSession.get(ACCOUNT_A, auth(), { resources: ['a:b'], store }),
    )
    expect(cause).toBeInstanceOf(DOMException)
    expect((await DIDSession.load(undefined, { store }))?.keyDID).toBe(session.keyDID)
    // Signing out needs less space than before, so it works in a full storage too.
    await DIDSession.remove(ACCOUNT_A, { store })
    expect(await DIDSession.load(undefined, { store })).toBeUndefined()
    localStorage.clear()
  })

  it('once fails one write, and later writes work', async () => {
    const backend = failingStrings()
    backend.behaviour = 'throws'
    const store = stringStore(backend)
    const write = () => store.write('default', { last: { at: 1 } })
    await expectCode('ERR_STORE_UNAVAILABLE', write)
    backend.behaviour = 'works'
    await write()
    expect(await store.readLast('default')).toEqual({ at: 1 })
  })
})
