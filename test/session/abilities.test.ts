import { beforeEach, describe, expect, it } from 'vitest'
import { fromRecap, recapStatement, toRecap } from '../../src/capability/recap.js'
import type { Abilities } from '../../src/capability/resources.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { DIDSession } from '../../src/index.js'
import { requireSession } from '../../src/middleware/fetch.js'
import { memoryStore } from '../../src/store/memory-store.js'
import type { SessionStore } from '../../src/store/store.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { type TestWallet, testWallet } from '../../src/testing/fake-wallet.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { ACCOUNT_A } from '../setup/wallet.js'

const NOTES = 'https://api.example.com/notes'
const READ: Abilities = { [NOTES]: { 'notes/read': [{}] } }
const BOTH: Abilities = { [NOTES]: { 'notes/read': [{}], 'notes/write': [{}] } }
const verifiers = ethereumVerifiers()

let wallet: TestWallet
let store: SessionStore
const auth = () => ethereumAuth(wallet.provider, ACCOUNT_A, { domain: 'app.example.com' })
const get = (abilities: Abilities, more: object = {}): Promise<DIDSession> =>
  DIDSession.get(ACCOUNT_A, auth(), { abilities, store, verifiers, ...more })
beforeEach(() => {
  wallet = testWallet()
  store = memoryStore()
})

describe('signing in with abilities', () => {
  it('shows the abilities in the signed message and adds them as the last resource', async () => {
    const session = await get(BOTH, { resources: ['https://api.example.com/*'], statement: 'Keep notes.' })
    expect(session.authorizations).toEqual(['https://api.example.com/*', toRecap(BOTH)])
    expect(session.cacao.p.statement).toBe(recapStatement(BOTH, 'Keep notes.'))
    expect(wallet.texts[0]).toContain(
      `\nKeep notes. I further authorize the stated URI to perform the following actions on my behalf: (1) 'notes': 'read', 'write' for '${NOTES}'.\n`,
    )
  })

  it('needs resources or abilities, and throws a TypeError without either', async () => {
    expect((await get(READ)).authorizations).toEqual([toRecap(READ)])
    await expect(DIDSession.get(ACCOUNT_A, auth(), { store })).rejects.toThrow(TypeError)
    await expect(get({})).rejects.toThrow(TypeError)
  })

  const MALFORMED: [string, string[]][] = [
    ['one that is no JSON', ['urn:recap:AA']],
    ['two of them', ['urn:recap:AA', 'urn:recap:AB']],
    ['one beside a good one, which would be all that is granted', ['urn:recap:AA', toRecap(READ)]],
    ['one about methods of a wallet', [`urn:recap:${btoa('{"att":{"eip155":{"request/x":[{}]}}}')}`]],
  ]

  it.each(MALFORMED)('asks for no malformed ReCap: %s', async (_, resources) => {
    const error = await failureOf(() => get(READ, { resources }))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain('resources contains a malformed ReCap')
    expect(wallet.calls).toEqual([])
    expect((await get(READ, { resources: [toRecap(BOTH)] })).authorizations).toEqual([toRecap(BOTH)])
  })

  it.each(MALFORMED)('delegates no malformed ReCap: %s', async (_, resources) => {
    const session = await get(READ)
    const { keyDID: audience } = await get(READ, { namespace: 'worker' })
    const error = await failureOf(() => session.delegate({ audience, resources }))
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).toContain('resources contains a malformed ReCap')
    const { p } = await session.delegate({ audience, resources: [toRecap(READ)] })
    expect(p.resources).toEqual([toRecap(READ)])
  })

  it('returns a session whose can() is true for those abilities only, until it expires', async () => {
    const clock = testClock()
    const session = await get(READ, { now: clock.now })
    expect(session.can('notes/read', NOTES)).toBe(true)
    expect(session.can('notes/write', NOTES)).toBe(false)
    expect(session.can('notes/read', `${NOTES}/1`)).toBe(false)
    const plain = await DIDSession.get(ACCOUNT_A, auth(), { resources: [NOTES], store, namespace: 'plain' })
    expect(plain.can('notes/read', NOTES)).toBe(false)
    clock.advance(8 * 24 * 60 * 60)
    expect(session.can('notes/read', NOTES)).toBe(false)
  })

  it('resumes a session that grants more abilities, and not one that grants fewer', async () => {
    const session = await get(BOTH)
    expect((await get(READ)).keyDID).toBe(session.keyDID)
    expect(wallet.prompts).toBe(1)
    const options = { store, verifiers }
    expect((await DIDSession.load(undefined, { ...options, abilities: READ }))?.keyDID).toBe(session.keyDID)
    expect(await DIDSession.hasSessionFor(ACCOUNT_A, { abilities: READ }, options)).toBe(true)
    const more = { [NOTES]: { 'notes/erase': [{}] } }
    expect(await DIDSession.load(undefined, { ...options, abilities: more })).toBeUndefined()
    expect(await DIDSession.explain(ACCOUNT_A, { abilities: more }, options)).toEqual({
      status: 'missing-resources',
      missing: [toRecap(more)],
    })
    await get(more)
    expect(wallet.prompts).toBe(2)
  })

  it('adds abilities on renewal, with one statement for all of them', async () => {
    const session = await get(READ, { statement: 'Keep notes.' })
    const renewed = await session.renew(auth(), { abilities: { [NOTES]: { 'notes/write': [{}] } } })
    expect(fromRecap(renewed.authorizations.at(-1) ?? '')).toEqual(BOTH)
    expect(renewed.authorizations).toHaveLength(1)
    expect(renewed.cacao.p.statement).toBe(recapStatement(BOTH, 'Keep notes.'))
    expect(wallet.prompts).toBe(2)
    expect(renewed.can('notes/write', NOTES)).toBe(true)
  })

  it('writes a session string whose statement fromSession compares with the abilities', async () => {
    const options = { abilities: READ, verifiers }
    const session = await DIDSession.authorize(auth(), options)
    const copy = await DIDSession.fromSession(session.serialize(), { verifiers })
    expect(copy.can('notes/read', NOTES)).toBe(true)
    // An auth method that shows another statement to the person.
    const lying: typeof auth = () => async (opts) => auth()({ ...opts, statement: 'Nothing to see.' })
    await expectCode('ERR_CAPABILITY_INVALID', () => DIDSession.authorize(lying(), { abilities: READ }))
  })

  it('delegates the ReCap resource whole, and refuses a part of it', async () => {
    const session = await get(READ, { resources: [NOTES] })
    const audience = (await DIDSession.authorize(auth(), { resources: [NOTES] })).keyDID
    expect((await session.delegate({ audience, resources: [NOTES] })).p.resources).toEqual([NOTES])
    const all = await session.delegate({ audience })
    expect(all.p.resources).toEqual([NOTES, toRecap(READ)])
    expect(all.p.statement).toBe(recapStatement(READ))
    await expectCode('ERR_CAPABILITY_RESOURCES', () =>
      session.delegate({ audience, resources: [toRecap(BOTH)] }),
    )
  })
})

describe('a server that requires an ability', () => {
  const options = {
    verifiers,
    authority: 'api.example.com',
    domains: ['app.example.com'],
    resources: false as const,
  }
  const request = (method = 'GET'): Request => new Request(NOTES, { method })

  it('admits only sessions with the ability, fixed or chosen for each request', async () => {
    const session = await get(READ)
    const write = { ability: 'notes/write', resource: NOTES }
    const forEach = ({ method }: Request) =>
      method === 'GET' ? { ability: 'notes/read', resource: NOTES } : write
    const verify = requestVerifier({ ...options, ability: forEach })
    expect((await verify(await session.signRequest(request()))).account).toBe(ACCOUNT_A)
    await expectCode('ERR_CAPABILITY_RESOURCES', async () =>
      verify(await session.signRequest(request('DELETE'))),
    )
    const always = requestVerifier({ ...options, ability: write })
    await expectCode('ERR_CAPABILITY_RESOURCES', async () => always(await session.signRequest(request())))
    const able = await get(BOTH, { namespace: 'able' })
    await always(await able.signRequest(request()))
  })

  it('answers 403 to a session without the ability', async () => {
    const handler = requireSession(
      { ...options, ability: { ability: 'notes/write', resource: NOTES } },
      async () => new Response('done'),
    )
    const [reader, writer] = [await get(READ), await get(BOTH, { namespace: 'able' })]
    expect((await handler(await reader.signRequest(request()))).status).toBe(403)
    expect((await handler(await writer.signRequest(request()))).status).toBe(200)
  })

  it('throws a TypeError if the option is not an ability with a resource', () => {
    expect(() => requestVerifier({ ...options, ability: 'notes/read' as never })).toThrow(TypeError)
    expect(() => requestVerifier({ ...options, ability: null as never })).toThrow(TypeError)
  })
})
