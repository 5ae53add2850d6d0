import { WebauthnAuth } from '@didtools/key-webauthn'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fromUtf8, utf8 } from '../../src/base/bytes.js'
import { fromBase64url, toBase64url } from '../../src/base/multibase.js'
import type { AuthMethod } from '../../src/capability/auth-method.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { decodeDagJSON, encodeDagJSON } from '../../src/capability/dag-json.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import type { CacaoVerifier } from '../../src/capability/verify-signature.js'
import { DIDSession as DropIn } from '../../src/compat/did-session.js'
import { DIDSession } from '../../src/index.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { createPasskey, webauthnAuth, webauthnVerifiers } from '../../src/wallet/webauthn/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { type PasskeyBehaviour, TestPasskeys } from '../setup/passkey.js'
import { forgetAll, installPasskeys, ORIGIN } from '../setup/with-passkeys.js'

// The real package, in a page at ORIGIN. It uses the first version of @noble/curves in its range (overrides in package.json), because
// with later versions, which npm would choose, it finds no randomness.

const resources = ['ceramic://*']
const verifiers = webauthnVerifiers()
const site = { domain: 'app.example.com' }
const theirVerifier = WebauthnAuth.getVerifier()['webauthn:p256'] as CacaoVerifier
const theirs = async (did: string): Promise<AuthMethod> =>
  (await WebauthnAuth.getAuthMethod({ did })) as AuthMethod

let passkeys: TestPasskeys
beforeEach(async () => {
  await forgetAll()
  vi.stubGlobal('location', new URL(ORIGIN))
  passkeys = installPasskeys()
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const BEHAVIOURS: readonly [string, PasskeyBehaviour][] = [
  ['a low s', { s: 'low' }],
  ['a high s', { s: 'high' }],
  ['an extension', { flags: 0x85, extensions: Uint8Array.of(0xa0) }],
]

describe.each(BEHAVIOURS)('the real @didtools/key-webauthn, with %s,', (_, behaviour) => {
  it('signs capabilities that we verify, and works as an auth method of our sessions', async () => {
    const did = await WebauthnAuth.createDID('alice')
    passkeys.behaviour = behaviour
    const options = { resources, verifiers, store: memoryStore() }
    const session = await DIDSession.get(did, await theirs(did), options)
    expect([session.id, session.cacao.s.t, session.cacao.p.domain]).toEqual([
      did,
      'webauthn:p256',
      'app.example.com',
    ])
    const other = await DIDSession.authorize(await theirs(did), { resources, verifiers })
    const copy = await DIDSession.fromSession(other.serialize(), { verifiers })
    expect([copy.id, copy.keyDID]).toEqual([did, other.keyDID])
    await verifyCacao(copy.cacao, { verifiers, issuer: did, domains: ['app.example.com'], resources })
  })

  it('verifies our capabilities', async () => {
    const account = await createPasskey({ name: 'alice' })
    expect(account).toBe(passkeys.residents[0]?.account)
    passkeys.behaviour = behaviour
    const { cacao } = await DIDSession.authorize(webauthnAuth(account, site), { resources, verifiers })
    await theirVerifier(structuredClone(cacao), {})
    const changed = { ...cacao, p: { ...cacao.p, resources: ['ceramic://other'] } }
    expect(await failureOf(() => theirVerifier(changed, {}))).toMatchObject({ message: 'MessageMismatch' })
  })

  it('encodes a signature in the same way as we do', async () => {
    const did = await WebauthnAuth.createDID('alice')
    passkeys.behaviour = behaviour
    const ours = (await DIDSession.authorize(webauthnAuth(did), { resources })).cacao
    const other = (await DIDSession.authorize(await theirs(did), { resources })).cacao
    const form = ({ h, p, s }: Cacao): unknown[] => [
      h,
      Object.keys(p).sort(),
      s.t,
      typeof s.s,
      s.m?.aad?.slice(0, 48),
    ]
    const [h, members, ...rest] = form(other)
    expect(form(ours)).toEqual([h, (members as string[]).filter((name) => name !== 'nbf'), ...rest])
  })
})

it('has session strings that the drop-in reads, on any port, with the passkey and with no other', async () => {
  // The page has a port, which the real package leaves out of the domain.
  const origin = `${ORIGIN}:8443`
  vi.stubGlobal('location', new URL(origin))
  installPasskeys(new TestPasskeys(origin))
  const did = await WebauthnAuth.createDID('alice')
  const sessions = [
    await DropIn.authorize(await theirs(did), { resources }),
    await DropIn.authorize(webauthnAuth(did), { resources }),
  ]
  const other = await createPasskey({ name: 'bob' })
  for (const session of sessions) {
    const text = session.serialize()
    expect((await DropIn.fromSession(text)).id).toBe(did)
    const content = decodeDagJSON(fromUtf8(fromBase64url(text) ?? new Uint8Array()) ?? '') as {
      cacao: Cacao
    }
    const cacao = { ...content.cacao, p: { ...content.cacao.p, iss: other } }
    const forged = toBase64url(utf8(encodeDagJSON({ ...content, cacao })))
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => DropIn.fromSession(forged))
  }
})

it('finds the same account as the real package', async () => {
  const did = await WebauthnAuth.createDID('alice')
  expect(did).toBe(passkeys.residents[0]?.account)
  const session = await DIDSession.authorize(webauthnAuth(), { resources, verifiers })
  expect(session.id).toBe(did)
  const probed = await WebauthnAuth.probeDIDs()
  expect(probed).toContain(did)
})

it('accepts two issuers for one signature, because it does not sign the issuer, and so do we', async () => {
  const did = await WebauthnAuth.createDID('alice')
  let candidates: string[] = []
  const selectDID = async (...both: string[]): Promise<string> => {
    candidates = both
    return did
  }
  const method = (await WebauthnAuth.getAuthMethod({ selectDID } as never)) as AuthMethod
  const { cacao } = await DIDSession.authorize(method, { resources, verifiers })
  const [nobody] = candidates.filter((candidate) => candidate !== did)
  const under = (iss: string | undefined): object => ({ ...cacao, p: { ...cacao.p, iss } })
  await theirVerifier(under(nobody) as Cacao, {})
  await verifyCacao(under(nobody), { verifiers })
  await expectCode('ERR_CAPABILITY_ISSUER', () => verifyCacao(under(nobody), { verifiers, issuer: did }))
  const stranger = await WebauthnAuth.createDID('bob')
  await expectCode('ERR_CAPABILITY_SIGNATURE', () => verifyCacao(under(stranger), { verifiers }))
})
