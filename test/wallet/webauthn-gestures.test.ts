import { beforeEach, describe, expect, it, vi } from 'vitest'
import { toBase64url } from '../../src/base/multibase.js'
import { DIDSession } from '../../src/index.js'
import { memoryStore } from '../../src/store/memory-store.js'
import {
  createPasskey,
  forgetPasskey,
  knownPasskeys,
  webauthnAccount,
  webauthnAuth,
  webauthnVerifiers,
} from '../../src/wallet/webauthn/index.js'
import { rememberPasskey } from '../../src/wallet/webauthn/passkeys.js'
import type { TestPasskeys } from '../setup/passkey.js'
import { makeResident } from '../setup/passkey-capability.js'
import { forgetAll, installPasskeys } from '../setup/with-passkeys.js'

const resources = ['https://api.example.com/*']
const site = { domain: 'app.example.com', rpId: 'app.example.com' }
const verifiers = webauthnVerifiers()
const create = (name = 'alice'): Promise<string> => createPasskey({ name, rpId: site.rpId })

let passkeys: TestPasskeys
beforeEach(async () => {
  await forgetAll()
  passkeys = installPasskeys()
})

const authorize = (account?: string, options: object = {}): Promise<DIDSession> =>
  DIDSession.authorize(webauthnAuth(account, { ...site, ...options }), { resources, verifiers })

describe('the number of passkey prompts is', () => {
  it('one to create a passkey, and one for each session', async () => {
    const account = await create()
    const store = memoryStore()
    const session = await DIDSession.get(account, webauthnAuth(account, site), {
      resources,
      store,
      verifiers,
    })
    expect(session.id).toBe(account)
    expect([passkeys.creations.length, passkeys.requests.length]).toEqual([1, 1])
    const again = await DIDSession.get(account, webauthnAuth(undefined, site), {
      resources,
      store,
      verifiers,
    })
    expect([again.keyDID, passkeys.requests.length]).toEqual([session.keyDID, 1])
    // The browser need not ask for the passkey, nor for the transport.
    const [resident] = passkeys.residents
    expect(passkeys.requests[0]?.allowCredentials).toEqual([
      { type: 'public-key', id: resident?.id, transports: ['internal', 'hybrid'] },
    ])
  })

  it('one for a known account with an unknown passkey', async () => {
    const account = await makeResident(passkeys)
    const options = { resources, verifiers, store: memoryStore() }
    const session = await DIDSession.get(account, webauthnAuth(undefined, site), options)
    expect([session.id, passkeys.requests.length]).toEqual([account, 1])
    expect(passkeys.requests[0]?.allowCredentials).toEqual([])
    expect((await knownPasskeys()).map((known) => known.account)).toEqual([account])
    // Its transports are unknown, so any transport is allowed.
    await authorize(account)
    const { id } = passkeys.residents[0] ?? {}
    expect(passkeys.requests[1]?.allowCredentials).toEqual([{ type: 'public-key', id }])
  })

  it.each<['low' | 'high']>([['low'], ['high']])(
    'two at first, for an unknown account and passkey (%s s)',
    async (s) => {
      const account = await makeResident(passkeys)
      passkeys.behaviour = { s }
      expect((await authorize()).id).toBe(account)
      expect(passkeys.requests).toHaveLength(2)
      expect(passkeys.requests[1]?.allowCredentials?.map(({ id }) => id)).toEqual([passkeys.residents[0]?.id])
      expect((await authorize()).id).toBe(account)
      expect(await webauthnAccount(site)).toBe(account)
      expect(passkeys.requests).toHaveLength(4)
    },
  )

  it('two at first for webauthnAccount, or one if the app knows the account', async () => {
    const account = await makeResident(passkeys)
    const asked: string[] = []
    const isKnown = (candidate: string): boolean => asked.push(candidate) > 0 && candidate === account
    expect(await webauthnAccount({ ...site, isKnown })).toBe(account)
    expect([passkeys.requests.length, new Set(asked).size]).toEqual([1, 2])
    expect(asked).toContain(account)
    await forgetPasskey(account)
    expect(await webauthnAccount({ ...site, isKnown: () => true })).toBe(account)
    expect(passkeys.requests).toHaveLength(3)
  })

  it('one for a choice among several passkeys, which is remembered', async () => {
    const [first, second] = [await create('first'), await create('second')]
    passkeys.chosen = first
    expect(await webauthnAccount(site)).toBe(first)
    expect(passkeys.requests).toHaveLength(1)
    expect((await knownPasskeys()).map(({ name, account }) => [name, account])).toEqual([
      ['first', first],
      ['second', second],
    ])
    passkeys.chosen = undefined
    expect([(await authorize(first)).id, (await authorize(second)).id]).toEqual([first, second])
    expect(passkeys.requests).toHaveLength(3)
    await forgetPasskey(second)
    expect((await knownPasskeys()).map(({ name }) => name)).toEqual(['first'])
  })
})

it('a remembered passkey is a hint, and its account is verified', async () => {
  const [account, other] = [await makeResident(passkeys), await makeResident(passkeys)]
  const [resident] = passkeys.residents.filter((known) => known.account === account)
  passkeys.chosen = account
  rememberPasskey({
    id: toBase64url(resident?.id ?? new Uint8Array()),
    account: other,
    transports: [],
    name: 'planted',
  })
  expect(await webauthnAccount(site)).toBe(account)
  expect(passkeys.requests).toHaveLength(2)
  expect(await knownPasskeys()).toMatchObject([{ account }])
  expect(await knownPasskeys()).not.toMatchObject([{ name: 'planted' }])
})

describe.runIf(typeof document !== 'undefined')('the list of remembered passkeys', () => {
  const ITEM = 'cacao-session:passkeys'

  it('is shared with other tabs, and deleted with the site’s data', async () => {
    const account = await create()
    expect(JSON.parse(localStorage.getItem(ITEM) ?? '')).toMatchObject([{ account, name: 'alice' }])
    localStorage.removeItem(ITEM)
    expect(await knownPasskeys()).toEqual([])
  })

  it('is kept in the page if the browser can not store it', async () => {
    const refusing = vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError')
    })
    const account = await create()
    refusing.mockRestore()
    expect((await knownPasskeys()).map((known) => known.account)).toEqual([account])
    await forgetPasskey(account)
    expect(await knownPasskeys()).toEqual([])
  })

  it('is read without its malformed entries', async () => {
    const good = { id: 'AAAA', account: await create(), transports: [] }
    const others = [null, 1, { ...good, id: '' }, { ...good, id: 'A' }, { ...good, account: 'did:key:z1' }]
    const more = [
      { ...good, transports: 'usb' },
      { ...good, transports: [1] },
      { ...good, name: 1 },
    ]
    localStorage.setItem(ITEM, JSON.stringify([...others, good, ...more]))
    expect(await knownPasskeys()).toEqual([good])
    for (const text of ['{', '{}', 'null', '"x"']) {
      localStorage.setItem(ITEM, text)
      expect(await knownPasskeys()).toEqual([])
    }
    localStorage.setItem(ITEM, JSON.stringify(Array(60).fill(good)))
    expect(await knownPasskeys()).toHaveLength(50)
    localStorage.removeItem(ITEM)
  })
})
