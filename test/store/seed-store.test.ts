import { describe, expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { stringStore } from '../../src/store/string-store.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { mapBackend } from '../setup/string-backends.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A } from '../setup/wallet.js'

const resources = ['https://api.example/notes/*']
const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })

describe('a store of seeds', () => {
  it('returns keys only from readKey', async () => {
    const store = stringStore(mapBackend())
    const { cacao, keyDID } = await DIDSession.get(ACCOUNT_A, auth, { resources, store })
    expect(await store.read('default')).toEqual([{ account: ACCOUNT_A, keyDID, cacao }])
    expect(await store.readKey('default', { account: ACCOUNT_A, keyDID })).toBeInstanceOf(Uint8Array)
    expect(await store.readKey('default', { account: ACCOUNT_B, keyDID })).toBeUndefined()
    expect(await store.readKey('other', { account: ACCOUNT_A, keyDID })).toBeUndefined()
  })

  it('keeps the bytes inside a capability', async () => {
    const store = stringStore(mapBackend())
    const { cacao, keyDID } = await DIDSession.get(ACCOUNT_A, auth, { resources, store })
    const s = { t: 'webauthn:p256', s: 'c2ln', m: { aad: new Uint8Array([1, 2, 3]) } }
    const seed = await store.readKey('default', { account: ACCOUNT_A, keyDID })
    await store.write('default', {
      put: [{ account: ACCOUNT_A, keyDID, cacao: { ...cacao, s }, seed: seed as never }],
    })
    expect(await store.read('default')).toEqual([{ account: ACCOUNT_A, keyDID, cacao: { ...cacao, s } }])
    expect(await store.readKey('default', { account: ACCOUNT_A, keyDID })).toEqual(seed)
  })

  it('refuses to write anything that is not a session with a seed', async () => {
    const backend = mapBackend()
    const store = stringStore(backend)
    const { cacao, keyDID } = await DIDSession.get(ACCOUNT_A, auth, {
      resources,
      store: stringStore(mapBackend()),
    })
    const good = { account: ACCOUNT_A, keyDID, cacao, seed: new Uint8Array(32) }
    const keyPair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
      'sign',
      'verify',
    ])
    const { seed: _, ...withoutSeed } = good
    for (const bad of [
      { ...withoutSeed, keyPair },
      { ...good, seed: new Uint8Array(31) },
      { ...good, account: ACCOUNT_B },
      { ...good, keyDID: 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3' },
    ]) {
      expect(await failureOf(() => store.write('default', { put: [good, bad] }))).toBeInstanceOf(TypeError)
    }
    await expectCode('ERR_CAPABILITY_INVALID', () =>
      store.write('default', { put: [{ ...good, cacao: {} as never }] }),
    )
    expect(backend.items.size).toBe(0)
    await store.write('default', { put: [good] })
    expect(backend.items.size).toBe(1)
  })
})
