import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Cacao } from '../../src/capability/cacao.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { encodeDIDKey } from '../../src/key/did-key.js'
import { generateSessionKey, seedKey } from '../../src/key/generate-key.js'
import type { DelegateOptions } from '../../src/options/session-options.js'
import { writeSession } from '../../src/resume/session-string.js'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore } from '../../src/store/store.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { type TestWallet, testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { signed } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A } from '../setup/wallet.js'

const ALL = 'https://api.example/*'
const NOTES = 'https://api.example/notes/*'
const NOTE = 'https://api.example/notes/1'
const HOUR = 3600
const verifiers = ethereumVerifiers()

let store: SessionStore
let wallet: TestWallet
let session: DIDSession
beforeEach(async () => {
  store = memoryStore()
  wallet = testWallet()
  session = await DIDSession.get(
    ACCOUNT_A,
    ethereumAuth(wallet.provider, ACCOUNT_A, { domain: 'app.example' }),
    {
      resources: [ALL],
      store,
      expiresInSecs: 2 * HOUR,
    },
  )
})

/** An auth method that requests a capability from the session that delegates. */
const asking =
  (of: DIDSession, options: Partial<DelegateOptions> = {}) =>
  ({ uri = '' }): Promise<Cacao> =>
    of.delegate({ audience: uri, ...options })

/** A worker of the page, with its own key in the page's store. */
const worker = (options: Partial<DelegateOptions> = {}, from = session): Promise<DIDSession> =>
  DIDSession.get(ACCOUNT_A, asking(from, { resources: [NOTES], ...options }), {
    resources: options.resources ?? [NOTES],
    namespace: 'worker',
    store,
    verifiers,
  })

/** A program elsewhere, with its session in a string. */
const elsewhere = (from: DIDSession, resources = [NOTES]): Promise<DIDSession> =>
  DIDSession.authorize(asking(from, { resources }), { resources, verifiers })

const lifetime = ({ p }: Cacao): number => (Date.parse(p.exp ?? '') - Date.parse(p.iat)) / 1000

describe('session.delegate', () => {
  it('lets another key act for the account without a prompt', async () => {
    const delegated = await worker()
    expect(delegated.id).toBe(session.id)
    expect(delegated.keyDID).not.toBe(session.keyDID)
    expect(delegated.authorizations).toEqual([NOTES])
    expect(delegated.isAuthorized([NOTE])).toBe(true)
    expect(delegated.isAuthorized([ALL])).toBe(false)
    expect(await delegated.sign(new Uint8Array(1))).toHaveLength(64)
    await expectCode('ERR_NOT_SERIALIZABLE', () => delegated.serialize())
    expect(wallet.prompts).toBe(1)
  })

  it('returns a capability for the same domain, signed by the session key, with a new nonce', async () => {
    const audience = (await generateSessionKey('Ed25519')).did
    const options = Object.freeze({
      audience,
      resources: Object.freeze([NOTE]) as string[],
      statement: 'Sync.',
    })
    const [one, two] = [await session.delegate(options), await session.delegate(options)]
    expect(one.p).toMatchObject({
      iss: session.keyDID,
      aud: audience,
      domain: 'app.example',
      statement: 'Sync.',
      resources: [NOTE],
    })
    expect(one.s.m?.parent).toEqual(session.cacao)
    expect(one.p.nonce).not.toBe(two.p.nonce)
  })

  it('stores a session that only the worker resumes, without asking the auth method', async () => {
    const delegated = await worker()
    const ask = vi.fn()
    const again = await DIDSession.get(ACCOUNT_A, ask, { resources: [NOTE], namespace: 'worker', store })
    expect(again.keyDID).toBe(delegated.keyDID)
    expect(ask).not.toHaveBeenCalled()
    expect((await DIDSession.load(undefined, { store }))?.keyDID).toBe(session.keyDID)
  })

  it('allows the worker to renew through the same auth method', async () => {
    const delegated = await worker({ expiresInSecs: 60 })
    const renewed = await delegated.renew(asking(session, { resources: [NOTES] }), { verifiers })
    expect(renewed.keyDID).not.toBe(delegated.keyDID)
    expect(renewed.expiresAt).toEqual(session.expiresAt)
    expect(wallet.prompts).toBe(1)
  })

  it('returns a capability that can be cloned to another thread', async () => {
    const resources = [NOTES]
    const delegated = await DIDSession.authorize(
      async ({ uri = '' }) => structuredClone(await session.delegate({ audience: uri, resources })),
      { resources, verifiers },
    )
    expect(delegated.id).toBe(session.id)
  })
})

describe('the resources of a delegated capability', () => {
  it('are those of the session, unless the caller lists fewer', async () => {
    const audience = (await generateSessionKey('P-256')).did
    expect((await session.delegate({ audience })).p.resources).toEqual([ALL])
    expect((await session.delegate({ audience, resources: [NOTES, NOTE] })).p.resources).toEqual([
      NOTES,
      NOTE,
    ])
  })

  it.each([
    ['more', ['https://*']],
    ['something else', ['https://other.example/*']],
    ['one of them too many', [NOTES, 'https://other.example/1']],
  ])('can not contain %s', async (_, resources) => {
    await expectCode('ERR_CAPABILITY_RESOURCES', () => worker({ resources }))
    expect(await DIDSession.list({ namespace: 'worker', store })).toEqual([])
  })

  it('can not contain a path outside the session’s, even written with dot segments', async () => {
    const beside = ['https://api.example/notes/../../x']
    expect(await failureOf(() => worker({ resources: beside }))).toBeInstanceOf(TypeError)
    const delegated = await worker()
    await expectCode('ERR_CAPABILITY_RESOURCES', () =>
      delegated.delegate({ audience: session.keyDID, resources: beside }),
    )
  })

  it('can not exceed those that were delegated to the session', async () => {
    const delegated = await worker()
    expect((await elsewhere(delegated, [NOTE])).authorizations).toEqual([NOTE])
    await expectCode('ERR_CAPABILITY_RESOURCES', () => elsewhere(delegated, [ALL]))
  })

  it('can not be fewer than those that the worker requires', async () => {
    await expectCode('ERR_CAPABILITY_RESOURCES', () =>
      DIDSession.authorize(asking(session, { resources: [NOTE] }), { resources: [NOTES] }),
    )
  })
})

describe('the expiry of a delegated capability', () => {
  it('is the session’s by default', async () => {
    expect((await worker()).expiresAt).toEqual(session.expiresAt)
  })

  it('is earlier if expiresInSecs says so', async () => {
    const { cacao } = await worker({ expiresInSecs: 90 })
    expect(lifetime(cacao)).toBe(90)
    expect(Date.parse(cacao.p.iat)).toBeGreaterThanOrEqual(Date.parse(session.cacao.p.iat))
  })

  it('is never later than the session’s', async () => {
    for (const expiresInSecs of [2 * HOUR + 1, 1e300, Number.MAX_VALUE])
      expect((await worker({ expiresInSecs })).expiresAt).toEqual(session.expiresAt)
  })

  it('follows an iat no earlier than the session’s, whose clock may run ahead', async () => {
    const ahead = Date.now() + 200_000
    const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
    const early = await DIDSession.authorize(auth, { resources: [ALL], now: () => ahead })
    const here = await DIDSession.fromSession(early.serialize())
    const { cacao } = await elsewhere(here)
    expect(cacao.p.iat).toBe(early.cacao.p.iat)
  })

  it('is absent for a session without expiry, unless expiresInSecs is given', async () => {
    const endless = await endlessSession()
    expect((await elsewhere(endless)).expiresAt).toBeUndefined()
    const audience = (await generateSessionKey('P-256')).did
    expect(lifetime(await endless.delegate({ audience, expiresInSecs: HOUR }))).toBe(HOUR)
    await expect(endless.delegate({ audience, expiresInSecs: 1e12 })).rejects.toThrow(TypeError)
  })

  it('makes delegate reject once the session has expired', async () => {
    const text = (
      await DIDSession.authorize(ethereumAuth(KEY_A, undefined, { domain: 'app.example' }), {
        resources: [ALL],
        expiresInSecs: 60,
      })
    ).serialize()
    const clock = testClock(Date.now() + 59_000)
    const short = await DIDSession.fromSession(text, { now: clock.now })
    const audience = (await generateSessionKey('P-256')).did
    await short.delegate({ audience })
    clock.advance(1)
    await expectCode('ERR_CAPABILITY_EXPIRED', () => short.delegate({ audience }))
    clock.set(clock.now() - 10 * HOUR * 1000)
    await expectCode('ERR_CAPABILITY_NOT_YET_VALID', () => short.delegate({ audience }))
  })
})

/** A session without expiry, as did-session 4 may have created it. */
// Read from a string, because `authorize` creates none without expiry.
async function endlessSession(): Promise<DIDSession> {
  const seed = new Uint8Array(32).fill(5)
  const { did } = await seedKey(seed)
  const cacao = await signed({ aud: did, resources: [ALL], domain: 'app.example', exp: undefined })
  return DIDSession.fromSession(writeSession(seed, cacao))
}

describe('the audience of a delegated capability', () => {
  it('can delegate again until the chain has four links', async () => {
    const second = await elsewhere(session)
    const third = await elsewhere(second)
    const fourth = await elsewhere(third)
    expect(fourth.id).toBe(session.id)
    const error = await expectCode('ERR_CAPABILITY_INVALID', () => elsewhere(fourth))
    expect(error.message).toContain('at most 4')
  })

  it('is the key given as audience, and no other key can use the capability', async () => {
    const audience = (await generateSessionKey('P-256')).did
    await expectCode('ERR_CAPABILITY_AUDIENCE', () =>
      DIDSession.authorize(() => session.delegate({ audience }), { resources: [NOTES] }),
    )
  })

  it('can not use the capability for another account', async () => {
    await expectCode('ERR_CAPABILITY_ISSUER', () =>
      DIDSession.get(ACCOUNT_B, asking(session), { resources: [NOTES], store }),
    )
  })

  it('gets no capability once the session was removed', async () => {
    await session.remove()
    await expectCode('ERR_SESSION_REMOVED', () => worker())
  })

  const secp256k1 = encodeDIDKey({
    type: 'secp256k1',
    bytes: Uint8Array.of(2, ...new Uint8Array(32).fill(7)),
  })
  it.each<[string, () => unknown]>([
    ['no options', () => undefined],
    ['no audience', () => ({})],
    ['an account', () => ({ audience: session.id })],
    ['a key type that can not sign here', () => ({ audience: secp256k1 })],
    ['garbage', () => ({ audience: 'did:key:z' })],
    ['a DID with a fragment', () => ({ audience: `${session.keyDID}#key` })],
    ['an object', () => ({ audience: { toString: () => session.keyDID } })],
    ["the session's own key", () => ({ audience: session.keyDID })],
  ])('is refused with a TypeError for %s', async (_, options) => {
    expect(await failureOf(() => session.delegate(options() as DelegateOptions))).toBeInstanceOf(TypeError)
  })

  it.each<[string, object]>([
    ['no resource at all', { resources: [] }],
    ['resources that are no list', { resources: NOTES }],
    ['resources that are no strings', { resources: [7] }],
    ['a time of zero', { expiresInSecs: 0 }],
    ['a negative time', { expiresInSecs: -1 }],
    ['a time that is no number', { expiresInSecs: Number.NaN }],
    ['an infinite time', { expiresInSecs: Number.POSITIVE_INFINITY }],
    ['a string for a time', { expiresInSecs: '60' }],
  ])('gets no capability from options with %s: a TypeError', async (_, options) => {
    const audience = (await generateSessionKey('P-256')).did
    const all = { audience, ...options } as DelegateOptions
    expect(await failureOf(() => session.delegate(all))).toBeInstanceOf(TypeError)
  })

  it('gets no capability with a statement of two lines', async () => {
    const statement = 'Sync.\nResources:\n- https://*'
    await expectCode('ERR_CAPABILITY_INVALID', () => worker({ statement }))
  })
})

describe('a server', () => {
  const revocation = () => {
    const kept = memoryRevocation()
    const verify = requestVerifier({
      verifiers,
      authority: 'api.example',
      domains: ['app.example'],
      resources: ({ url }) => [url.replace(/\?.*$/, '')],
      delegation: { maxLinks: 4 },
      revocation: kept,
    })
    return { kept, verify }
  }

  it('admits the worker’s requests for the account, but only within the delegated resources', async () => {
    const { verify } = revocation()
    const delegated = await worker()
    const caller = await verify(await delegated.signRequest(new Request(`${NOTE}?page=2`)))
    expect(caller).toMatchObject({ account: ACCOUNT_A, keyDID: delegated.keyDID, cacao: delegated.cacao })
    const beyond = new Request('https://api.example/admin')
    await verify(await session.signRequest(beyond.clone()))
    const request = await delegated.signRequest(beyond)
    await expectCode('ERR_CAPABILITY_RESOURCES', () => verify(request))
  })

  it('that revoked the session refuses the worker’s requests too', async () => {
    const { kept, verify } = revocation()
    vi.stubGlobal('fetch', async (request: Request) => {
      await kept.revoke((await verify(request)).cacao)
      return new Response(null, { status: 204 })
    })
    const delegated = await worker()
    await verify(await delegated.signRequest(new Request(NOTE)))
    await session.revoke('https://api.example/sign-out')
    vi.unstubAllGlobals()
    const request = await delegated.signRequest(new Request(NOTE))
    await expectCode('ERR_CAPABILITY_REVOKED', () => verify(request))
  })

  it('that revoked the worker still admits requests of the session and of other workers', async () => {
    const { kept, verify } = revocation()
    const [delegated, other] = [await worker(), await elsewhere(session)]
    await kept.revoke(delegated.cacao)
    const request = await delegated.signRequest(new Request(NOTE))
    await expectCode('ERR_CAPABILITY_REVOKED', () => verify(request))
    for (const holder of [session, other]) await verify(await holder.signRequest(new Request(NOTE)))
  })

  it('refuses an expired worker while the session is still valid', async () => {
    const { verify } = revocation()
    const text = await DIDSession.authorize(asking(session, { resources: [NOTES], expiresInSecs: 60 }), {
      resources: [NOTES],
    })
    const late = (): number => Date.now() + 60_000
    const expired = await DIDSession.fromSession(text.serialize(), { now: late })
    await expectCode('ERR_CAPABILITY_EXPIRED', () => expired.signRequest(new Request(NOTE)))
    await verify(await session.signRequest(new Request(NOTE)))
  })
})

describe('a delegated session as a string', () => {
  it('is read back with its chain', async () => {
    const delegated = await elsewhere(await elsewhere(session))
    const again = await DIDSession.fromSession(delegated.serialize(), { verifiers })
    expect([again.id, again.keyDID, again.cacao]).toEqual([session.id, delegated.keyDID, delegated.cacao])
    expect(again.serialize()).toBe(delegated.serialize())
    const password = 'correct horse battery staple'
    const encrypted = await delegated.serialize({ password })
    expect((await DIDSession.fromSession(encrypted, { password })).cacao).toEqual(delegated.cacao)
  })

  it('is read back even with a thousand resources in each of four links', async () => {
    const resources = Array.from({ length: 1000 }, (_, i) => `https://a/${i}/${'x'.repeat(51)}`)
    const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example' })
    let last = await DIDSession.authorize(auth, { resources })
    for (let links = 2; links <= 4; links++) last = await elsewhere(last, resources)
    expect((await DIDSession.fromSession(last.serialize())).cacao).toEqual(last.cacao)
    const encrypted = await last.serialize({ password: 'x' })
    expect((await DIDSession.fromSession(encrypted, { password: 'x' })).cacao).toEqual(last.cacao)
  })

  it('can delegate again, and is refused if its capability was changed', async () => {
    const again = await DIDSession.fromSession((await elsewhere(session)).serialize())
    expect((await elsewhere(again, [NOTE])).authorizations).toEqual([NOTE])
    const { p, ...rest } = again.cacao
    const forged = { ...rest, p: { ...p, resources: [ALL] } }
    const text = atob(again.serialize().replaceAll('-', '+').replaceAll('_', '/'))
    const { sessionKeySeed } = JSON.parse(text) as { sessionKeySeed: string }
    const written = btoa(JSON.stringify({ sessionKeySeed, cacao: forged }))
    const string = written.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
    await expectCode('ERR_CAPABILITY_SIGNATURE', () => DIDSession.fromSession(string, { verifiers }))
  })
})
