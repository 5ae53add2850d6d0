import { expect, it } from 'vitest'
import { memoryRevocation } from '../../src/http/revocation.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { DIDSession } from '../../src/index.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { createPasskey, webauthnAuth, webauthnVerifiers } from '../../src/wallet/webauthn/index.js'
import { expectCode } from '../setup/expect-code.js'
import { installPasskeys } from '../setup/with-passkeys.js'

const resources = ['https://api.example.com/*']
const site = { domain: 'app.example.com', rpId: 'app.example.com' }
const verifiers = webauthnVerifiers()

it('a passkey’s session can be stored, loaded, sign requests, be serialized and be revoked', async () => {
  const passkeys = installPasskeys()
  const account = await createPasskey({ name: 'alice', rpId: site.rpId })
  const store = memoryStore()
  const auth = webauthnAuth(account, site)
  const session = await DIDSession.get(account, auth, { resources, store, verifiers })
  expect((await DIDSession.load(undefined, { store, verifiers }))?.keyDID).toBe(session.keyDID)
  const revocation = memoryRevocation()
  const verify = requestVerifier({
    verifiers: { ...ethereumVerifiers(), ...verifiers },
    authority: 'api.example.com',
    domains: ['app.example.com'],
    resources,
    revocation,
  })
  const post = (): Request => new Request('https://api.example.com/notes', { method: 'POST', body: 'a note' })
  expect((await verify(await session.signRequest(post()))).account).toBe(account)
  const text = (await DIDSession.authorize(auth, { resources })).serialize()
  const copy = await DIDSession.fromSession(text, { verifiers })
  expect([copy.id, copy.serialize()]).toEqual([account, text])
  expect(copy.cacao.s.m?.aad).toBeInstanceOf(Uint8Array)
  expect((await verify(await copy.signRequest(post()))).account).toBe(account)
  await revocation.revoke(session.cacao)
  await expectCode('ERR_CAPABILITY_REVOKED', async () => verify(await session.signRequest(post())))
  await verify(await copy.signRequest(post()))
  expect(passkeys.requests).toHaveLength(2)
})
