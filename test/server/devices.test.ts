import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { capabilityIdentity } from '../../src/capability/cid.js'
import { encodeDagJSON } from '../../src/capability/dag-json.js'
import type { Caller } from '../../src/http/capability-gate.js'
import {
  type DeviceStore,
  type DevicesOptions,
  memoryDevices,
  type SeenDevice,
} from '../../src/http/devices.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { signRequest } from '../../src/http/sign-request.js'
import { requestVerifier, type VerifiedRequest } from '../../src/http/verify-request.js'
import { requireSession } from '../../src/middleware/fetch.js'
import {
  type DevicesAndRevocation,
  type ListDevicesOptions,
  listDevices,
  revokeDevice,
  revokeOtherDevices,
} from '../../src/server/devices.js'
import { testClock } from '../../src/testing/fake-clock.js'
import { signed } from '../setup/capability.js'
import { delegated } from '../setup/chain.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { accepting, NOW, post, RESOURCE, type TestSigner, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_B } from '../setup/wallet.js'

const MINUTE = 60_000
const HOUR_SECS = 3600
const LATER = '2026-02-14T12:00:00.000Z'

let clock: ReturnType<typeof testClock>
let devices: DeviceStore
let revocation: ReturnType<typeof memoryRevocation>
let both: DevicesAndRevocation
beforeEach(() => {
  clock = testClock(NOW)
  devices = memoryDevices({ now: clock.now })
  revocation = memoryRevocation({ now: clock.now })
  both = { devices, revocation }
})

/** A server that remembers devices. */
const server = (options: Partial<DevicesOptions> = {}) => {
  const verify = requestVerifier({
    ...accepting,
    now: clock.now,
    revocation,
    delegation: { maxLinks: 2 },
    devices: { store: devices, ...options },
  })
  return async ({ sign }: Pick<TestSigner, 'sign'>, headers: HeadersInit = {}): Promise<VerifiedRequest> =>
    verify(await sign(new Request(post(), { headers }), clock.now()))
}

const signers = async (count: number): Promise<TestSigner[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => testSigner('P-256', { nonce: `device${i}abcd` })))

describe('a server with devices', () => {
  it('stores each session key of an account with its first use, last use and expiry', async () => {
    const visit = server()
    const [laptop, phone] = [
      await testSigner('P-256', { exp: '2026-02-07T12:00:00.000Z' }),
      await testSigner('Ed25519', { nonce: 'anotherone', exp: undefined }),
    ]
    await visit(laptop)
    clock.advance(HOUR_SECS)
    await visit(phone)
    clock.advance(HOUR_SECS)
    const caller = await visit(laptop)
    expect(await listDevices(caller, both)).toEqual([
      {
        keyDID: laptop.key.did,
        name: undefined,
        firstSeen: new Date(NOW),
        lastSeen: new Date(NOW + 120 * MINUTE),
        expiresAt: new Date('2026-02-07T12:00:00.000Z'),
        isCurrent: true,
      },
      {
        keyDID: phone.key.did,
        name: undefined,
        firstSeen: new Date(NOW + 60 * MINUTE),
        lastSeen: new Date(NOW + 60 * MINUTE),
        expiresAt: undefined,
        isCurrent: false,
      },
    ])
  })

  it('names a device by the name function, without control characters', async () => {
    const seen: unknown[] = []
    const store = { ...devices, seen: (device: object) => void seen.push(device) }
    const name = ({ headers }: Request, url: URL) =>
      `${decodeURIComponent(headers.get('x-device') ?? '')} at ${url.pathname}`
    const named = server({ store, name })
    await named(await testSigner(), {
      'x-device': encodeURIComponent(' My \u202Ephone '),
      'user-agent': 'Secret/1.0',
      'x-forwarded-for': '192.0.2.1',
    })
    expect(seen).toMatchObject([{ name: 'My  phone  at /notes' }])
    expect(JSON.stringify(seen)).not.toMatch(/Secret|192\.0\.2\.1/)
    await named(await testSigner('P-256', { nonce: 'another1234' }), { 'x-device': 'x'.repeat(1000) })
    expect((seen[1] as { name: string }).name).toHaveLength(100)
    // No half of a surrogate pair, which Postgres and Redis refuse.
    const emoji = encodeURIComponent(`x${'😀'.repeat(150)}`)
    await named(await testSigner('P-256', { nonce: 'emoji12345' }), { 'x-device': emoji })
    expect((seen[2] as { name: string }).name).toBe(`x${'😀'.repeat(99)}`)
  })

  it('keeps a name if a later request has none', async () => {
    const visit = server({ name: (request) => request.headers.get('x-device') ?? undefined })
    const signer = await testSigner()
    await visit(signer, { 'x-device': 'Laptop' })
    clock.advance(HOUR_SECS)
    const caller = await visit(signer)
    expect(await listDevices(caller, both)).toMatchObject([
      { name: 'Laptop', lastSeen: new Date(clock.now()) },
    ])
  })

  it('treats an empty name as none', async () => {
    const visit = server({ name: (request) => decodeURIComponent(request.headers.get('x-device') ?? '') })
    const signer = await testSigner()
    const nameAfter = async (sent: string): Promise<unknown> => {
      clock.advance(HOUR_SECS)
      const caller = await visit(signer, { 'x-device': encodeURIComponent(sent) })
      return (await listDevices(caller, both))[0]?.name
    }
    expect(await nameAfter('')).toBeUndefined()
    expect(await nameAfter('Laptop')).toBe('Laptop')
    for (const empty of ['', '  ', '\u200b\u202e']) expect(await nameAfter(empty)).toBe('Laptop')
    expect(await nameAfter('0')).toBe('0')
  })

  it('writes once a minute for each session', async () => {
    const seen = vi.spyOn(devices, 'seen')
    const visit = server()
    const [one, other] = (await signers(2)) as [TestSigner, TestSigner]
    for (let i = 0; i < 5; i++) await visit(one)
    expect(seen).toHaveBeenCalledTimes(1)
    await visit(other)
    expect(seen).toHaveBeenCalledTimes(2)
    clock.advance(59)
    await visit(one)
    expect(seen).toHaveBeenCalledTimes(2)
    clock.advance(1)
    await visit(one)
    expect(seen).toHaveBeenCalledTimes(3)
  })

  it('stores nothing for a refused request', async () => {
    const seen = vi.spyOn(devices, 'seen')
    const visit = server()
    const signer = await testSigner()
    await revocation.revoke(signer.cacao)
    await expectCode('ERR_CAPABILITY_REVOKED', () => visit(signer))
    const stranger = await testSigner('P-256', { domain: 'evil.example.com' })
    await expectCode('ERR_CAPABILITY_DOMAIN', () => visit(stranger))
    expect(seen).not.toHaveBeenCalled()
  })

  describe('while a request is verified', () => {
    it('does not store a device again that is signed out at that moment', async () => {
      const [laptop, phone] = (await signers(2)) as [TestSigner, TestSigner]
      await server()(phone)
      const caller = await server()(laptop)
      const seen = async (device: SeenDevice): Promise<void> => {
        expect(await revokeDevice(caller, device.keyDID, both)).toBe(true)
        await devices.seen(device)
      }
      const accepted = await server({ store: { ...devices, seen } })(phone)
      expect(accepted.keyDID).toBe(phone.key.did)
      expect((await listDevices(caller, { devices })).map(({ keyDID }) => keyDID)).toEqual([laptop.key.did])
    })

    it('treats any answer but false as revoked, and removes the device', async () => {
      const isRevoked = vi.spyOn(revocation, 'isRevoked')
      const seen = (device: SeenDevice): void => {
        isRevoked.mockResolvedValue(undefined as never)
        devices.seen(device)
      }
      const caller = await server({ store: { ...devices, seen } })(await testSigner())
      expect(await listDevices(caller, { devices })).toEqual([])
    })

    it('calls onFailed if the revocation store can not answer', async () => {
      const isRevoked = vi.spyOn(revocation, 'isRevoked')
      const down = new Error('down')
      const seen = (device: SeenDevice): void => {
        isRevoked.mockRejectedValue(down)
        devices.seen(device)
      }
      const onFailed = vi.fn()
      const caller = await server({ store: { ...devices, seen }, onFailed })(await testSigner())
      expect(onFailed.mock.calls).toEqual([[down]])
      expect(await listDevices(caller, { devices })).toHaveLength(1)
    })
  })

  it('counts a delegated session as the session that delegated', async () => {
    const visit = server()
    const signer = await testSigner()
    const worker = await delegatedSigner(signer)
    const caller = await visit(worker)
    expect(caller.keyDID).not.toBe(signer.key.did)
    expect(await listDevices(caller, both)).toMatchObject([{ keyDID: signer.key.did, isCurrent: true }])
  })

  it('works as an option of requireSession too', async () => {
    const handler = requireSession(
      { ...accepting, devices: { store: devices }, debug: false },
      async (_, caller) => Response.json(await listDevices(caller, { devices })),
    )
    const { sign, key } = await testSigner()
    expect(await (await handler(await sign(post()))).json()).toMatchObject([
      { keyDID: key.did, isCurrent: true },
    ])
  })

  describe('whose store fails', () => {
    const failing = (seen: DeviceStore['seen']) => ({ ...devices, seen })

    it.each<[string, DeviceStore['seen']]>([
      ['throws', () => expect.fail('it is down')],
      ['rejects', () => Promise.reject(new Error('it is down'))],
    ])('and %s admits the request, and calls onFailed', async (_, seen) => {
      const failures: unknown[] = []
      const visit = server({ store: failing(seen), onFailed: (error) => failures.push(error) })
      const [one, other] = (await signers(2)) as [TestSigner, TestSigner]
      await visit(one)
      expect(String(failures)).toContain('it is down')
      // For ten seconds, the store is not asked again.
      await visit(other)
      expect(failures).toHaveLength(1)
      clock.advance(10)
      await visit(other)
      expect(failures).toHaveLength(2)
      clock.advance(10)
      await visit(one)
      expect(failures).toHaveLength(3)
    })

    it('and does not answer is waited for as long as other stores', async () => {
      const failures: unknown[] = []
      const store = failing(() => new Promise(() => undefined))
      const verify = requestVerifier({
        ...accepting,
        storeTimeoutMs: 20,
        devices: { store, onFailed: (error) => failures.push(error) },
      })
      const { sign } = await testSigner()
      await verify(await sign(post()))
      expect(String(failures)).toContain('20 ms')
    })

    it.each([
      ['answers', async () => 'Laptop', 0, 'Laptop'],
      ['never answers', () => new Promise<string>(() => undefined), 1, undefined],
    ])('is not held for ever by a function `name` that %s', async (_, name, count, known) => {
      const failures: unknown[] = []
      const verify = requestVerifier({
        ...accepting,
        storeTimeoutMs: known ? 2000 : 20,
        devices: { store: devices, name, onFailed: (error) => failures.push(error) },
      })
      const { sign } = await testSigner()
      const caller = await verify(await sign(post()))
      expect(failures).toHaveLength(count)
      if (!known)
        expect(String(failures)).toContain('`name` of the option devices gave no answer within 20 ms')
      const [device] = await listDevices(caller, both)
      expect(device?.name).toBe(known)
    })

    it('is reported on the console if onFailed is missing or throws', async () => {
      const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
      onTestFinished(() => warn.mockRestore())
      const store = failing(() => Promise.reject(new Error('it is down')))
      await server({ store })(await testSigner())
      expect(String(warn.mock.calls)).toContain('it is down')
      await server({ store, onFailed: () => expect.fail('the hook fails') })(await testSigner())
      expect(String(warn.mock.calls)).toContain('the hook fails')
      const onFailed = async () => expect.fail('the async hook fails')
      await server({ store, onFailed })(await testSigner())
      await vi.waitFor(() => expect(String(warn.mock.calls)).toContain('the async hook fails'))
    })

    it.each<[string, () => unknown]>([
      ['throws', () => expect.fail('no name')],
      ['returns a number', () => 5],
      ['returns null', () => null],
    ])('or whose name function %s admits the request, and calls onFailed', async (_, name) => {
      const failures: unknown[] = []
      const visit = server({ name: name as () => string, onFailed: (error) => failures.push(error) })
      const caller = await visit(await testSigner())
      expect(failures).toHaveLength(1)
      // Otherwise, a client whose request makes the function fail could keep its device, and other devices, off the list.
      expect(await listDevices(caller, both)).toMatchObject([{ keyDID: caller.keyDID, name: undefined }])
      const [other] = (await signers(1)) as [TestSigner]
      await visit(other)
      expect(await listDevices(caller, both)).toHaveLength(2)
    })
  })

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['true', true],
    ['a store itself', memoryDevices()],
    ['no store', {}],
    ['an invalid store', { store: { seen: () => undefined } }],
    ['a name that is no function', { store: memoryDevices(), name: 'Laptop' }],
    ['a name that is undefined', { store: memoryDevices(), name: undefined }],
    ['a misspelt hook', { store: memoryDevices(), onError: () => undefined }],
  ])('throws a TypeError if devices is %s', async (_, wrong) => {
    const error = await failureOf(() => requestVerifier({ ...accepting, devices: wrong as DevicesOptions }))
    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toMatch(/devices|store|name|onError/)
  })
})

/** Signs requests with a key under a capability. */
const signerOf = ({ key, cacao }: Pick<TestSigner, 'key' | 'cacao'>): TestSigner => ({
  key,
  cacao,
  sign: (request, now = NOW) => signRequest(request, { key, cacao }, now),
})

/** A key to which the signer’s session has delegated. */
const delegatedSigner = async (signer: TestSigner): Promise<TestSigner> => signerOf(await delegated(signer))

describe('a caller with several devices', () => {
  let visit: ReturnType<typeof server>
  let laptop: TestSigner
  let phone: TestSigner
  let tablet: TestSigner
  let caller: Caller
  beforeEach(async () => {
    visit = server()
    ;[laptop, phone, tablet] = (await signers(3)) as [TestSigner, TestSigner, TestSigner]
    for (const each of [phone, tablet, laptop]) caller = await visit(each)
  })
  const keys = async (of: Caller = caller): Promise<string[]> =>
    (await listDevices(of, both)).map(({ keyDID }) => keyDID)
  const expectAccepted = async (...signers: TestSigner[]): Promise<void> => {
    for (const signer of signers) await visit(signer)
  }
  const expectRevoked = async (...signers: TestSigner[]): Promise<void> => {
    for (const signer of signers) await expectCode('ERR_CAPABILITY_REVOKED', () => visit(signer))
  }

  it('can revoke one of them', async () => {
    expect(await revokeDevice(caller, phone.key.did, both)).toBe(true)
    expect((await keys()).sort()).toEqual([laptop.key.did, tablet.key.did].sort())
    await expectRevoked(phone)
    await expectAccepted(laptop, tablet)
    expect(await revokeDevice(caller, phone.key.did, both)).toBe(false)
  })

  it('can revoke all but the current one', async () => {
    expect(await revokeOtherDevices(caller, both)).toBe(2)
    expect(await keys()).toEqual([laptop.key.did])
    await expectRevoked(phone, tablet)
    await expectAccepted(laptop)
    expect(await revokeOtherDevices(caller, both)).toBe(0)
  })

  it('can revoke the current one', async () => {
    expect(await revokeDevice(caller, laptop.key.did, both)).toBe(true)
    await expectRevoked(laptop)
    await expectAccepted(phone, tablet)
  })

  it('revokes all sessions of a key, and those delegated from it', async () => {
    const cacao = signed({ aud: phone.key.did, resources: [RESOURCE], nonce: 'renewed1234' })
    const renewed = signerOf({ key: phone.key, cacao })
    const worker = await delegatedSigner(renewed)
    await expectAccepted(renewed, worker)
    expect(await revokeDevice(caller, phone.key.did, both)).toBe(true)
    await expectRevoked(phone, renewed, worker)
    expect(await revokeDevice(caller, phone.key.did, both)).toBe(false)
  })

  it('sees a key with several sessions as one device, those seen last first', async () => {
    const cacao = signed({ aud: phone.key.did, resources: [RESOURCE], nonce: 'renewed1234', exp: LATER })
    const known = await devices.list(ACCOUNT_A)
    const of = ({ key }: TestSigner) => known.find(({ keyDID }) => keyDID === key.did) as SeenDevice
    const renewed = { ...of(phone), id: capabilityIdentity(cacao), capability: encodeDagJSON(cacao) }
    const [start, end] = [{ firstSeen: NOW + 1 }, { firstSeen: NOW + 5 }]
    const entries = [
      { ...of(laptop), lastSeen: NOW + 7 },
      { ...of(phone), ...start, lastSeen: NOW + 4, name: 'Old', expiresAt: NOW + 20 },
      { ...renewed, ...end, lastSeen: NOW + 9, name: 'New', expiresAt: Date.parse(LATER) },
      { ...of(tablet), lastSeen: NOW + 8 },
    ]
    for (const stored of [entries, [...entries].reverse()]) {
      const list = await listDevices(caller, { devices: { ...devices, list: () => stored } })
      expect(list.map(({ keyDID }) => keyDID)).toEqual([phone, tablet, laptop].map(({ key }) => key.did))
      expect(list[0]).toMatchObject({
        name: 'New',
        firstSeen: new Date(NOW + 1),
        lastSeen: new Date(NOW + 9),
        expiresAt: new Date(LATER),
      })
    }
  })

  it('can neither list nor revoke devices of another account', async () => {
    const stranger = await testSigner('P-256', { iss: `did:pkh:${ACCOUNT_B}`, nonce: 'stranger12' }, KEY_B)
    const other = await visit(stranger)
    expect(await keys(other)).toEqual([stranger.key.did])
    for (const signer of [laptop, phone, tablet])
      expect(await revokeDevice(other, signer.key.did, both)).toBe(false)
    expect(await revokeOtherDevices(other, both)).toBe(0)
    await expectAccepted(laptop, phone, tablet)
    expect(await keys()).toHaveLength(3)
  })

  it('can not be revoked by a worker to which a device delegated', async () => {
    const worker = await visit(await delegatedSigner(phone))
    await expectCode('ERR_CAPABILITY_DELEGATED', () => revokeDevice(worker, laptop.key.did, both))
    await expectCode('ERR_CAPABILITY_DELEGATED', () => revokeOtherDevices(worker, both))
    await expectAccepted(laptop, phone, tablet)
  })

  it('does not see a session revoked in another way, if the revocation store is given', async () => {
    await revocation.revoke(phone.cacao)
    expect((await keys()).sort()).toEqual([laptop.key.did, tablet.key.did].sort())
    expect(await listDevices(caller, { devices })).toHaveLength(3)
  })

  it('does not count a session revoked in another way as signed out now', async () => {
    await revocation.revoke(phone.cacao)
    expect(await revokeDevice(caller, phone.key.did, both)).toBe(false)
    expect(await listDevices(caller, { devices })).toHaveLength(2)
    await revocation.revokeAll(ACCOUNT_A, new Date(clock.now()))
    clock.advance(1)
    const iat = new Date(clock.now()).toISOString()
    const [again, other] = await Promise.all([
      testSigner('P-256', { iat, nonce: 'again12345' }),
      testSigner('P-256', { iat, nonce: 'other12345' }),
    ])
    await visit(other)
    expect(await revokeOtherDevices(await visit(again), both)).toBe(1)
    await expectRevoked(laptop, tablet, other)
    await expectAccepted(again)
    expect(await listDevices(await visit(again), { devices })).toHaveLength(1)
  })

  it('signs devices out even if the store can be written but not read', async () => {
    const unread = { ...revocation, isRevoked: () => Promise.reject(new Error('it is down')) }
    expect(await revokeDevice(caller, phone.key.did, { devices, revocation: unread })).toBe(true)
    expect(await revokeOtherDevices(caller, { devices, revocation: unread })).toBe(1)
    await expectRevoked(phone, tablet)
  })

  it('keeps a device in the list if its revocation fails', async () => {
    const broken = { ...revocation, revoke: () => Promise.reject(new Error('it is down')) }
    expect(
      String(await failureOf(() => revokeDevice(caller, phone.key.did, { devices, revocation: broken }))),
    ).toContain('it is down')
    expect(await keys()).toHaveLength(3)
    const stuck = { ...devices, remove: () => Promise.reject(new Error('it is down')) }
    await failureOf(() => revokeDevice(caller, phone.key.did, { devices: stuck, revocation }))
    await expectRevoked(phone)
  })

  it('gets ERR_STORE_UNAVAILABLE if the store does not answer for two seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const never = () => new Promise<never>(() => undefined)
    const list = expectCode('ERR_STORE_UNAVAILABLE', () =>
      listDevices(caller, { devices: { ...devices, list: never } }),
    )
    await vi.advanceTimersByTimeAsync(2000)
    expect((await list).message).toContain('within 2000 ms')
  })

  it.each<[string, () => unknown]>([
    ['fails', () => Promise.reject(new Error('it is down'))],
    ['throws', () => expect.fail('it is down')],
  ])('gets ERR_STORE_UNAVAILABLE if the store %s', async (_, fails) => {
    const down = { ...devices, list: fails as () => never }
    await expectCode('ERR_STORE_UNAVAILABLE', () => listDevices(caller, { devices: down }))
    await expectCode('ERR_STORE_UNAVAILABLE', () => revokeOtherDevices(caller, { devices: down, revocation }))
    for (const isRevoked of [fails, () => 'no'])
      await expectCode('ERR_STORE_UNAVAILABLE', () =>
        listDevices(caller, { devices, revocation: { isRevoked: isRevoked as () => never } }),
      )
    const stuck = { ...revocation, revoke: fails as () => never }
    await expectCode('ERR_STORE_UNAVAILABLE', () =>
      revokeOtherDevices(caller, { devices, revocation: stuck }),
    )
  })

  it.each([undefined, null, {}, 'none', [undefined], [null], [5]])(
    'gets ERR_STORE_CORRUPT if the store lists %j',
    async (list) => {
      const odd = { ...devices, list: () => list as never }
      await expectCode('ERR_STORE_CORRUPT', () => listDevices(caller, { devices: odd }))
    },
  )

  it('gets ERR_STORE_CORRUPT if the store lists other data or other accounts', async () => {
    const [known] = await devices.list(ACCOUNT_A)
    if (!known) throw new Error('there is none')
    const stranger = await testSigner('P-256', { iss: `did:pkh:${ACCOUNT_B}` }, KEY_B)
    const foreign = { ...known, capability: JSON.stringify(stranger.cacao) }
    for (const entry of [
      foreign,
      // Consistent in itself, but of another account than it says.
      { ...foreign, keyDID: stranger.key.did, id: capabilityIdentity(stranger.cacao) },
      { ...known, account: ACCOUNT_B },
      { ...known, keyDID: stranger.key.did },
      { ...known, id: 'another' },
      { ...known, capability: '{}' },
      { ...known, capability: 'no JSON' },
    ]) {
      const store = { ...devices, list: () => [entry] }
      await expectCode('ERR_STORE_CORRUPT', () => listDevices(caller, { devices: store }))
      await expectCode('ERR_STORE_CORRUPT', () => revokeOtherDevices(caller, { devices: store, revocation }))
    }
    await expectAccepted(laptop, phone, tablet)
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no store', { revocation: memoryRevocation() }],
    ['no revocation', { devices: memoryDevices() }],
    [
      'a revocation that can only be asked',
      { devices: memoryDevices(), revocation: { isRevoked: () => false } },
    ],
    ['a misspelt name', { devices: memoryDevices(), revocation: memoryRevocation(), except: 'this' }],
  ])('gets a TypeError for options with %s', async (_, options) => {
    for (const work of [
      () => revokeDevice(caller, phone.key.did, options as DevicesAndRevocation),
      () => revokeOtherDevices(caller, options as DevicesAndRevocation),
    ])
      expect(await failureOf(work)).toBeInstanceOf(TypeError)
    const list = { devices, revocation: undefined } as unknown as ListDevicesOptions
    expect(await failureOf(() => listDevices(caller, list))).toBeInstanceOf(TypeError)
  })
})

describe('memoryDevices', () => {
  const device = (account: string, i: number) => ({
    account,
    id: `id ${i}`,
    keyDID: `did:key:z${i}`,
    capability: '{}',
    firstSeen: NOW + i,
    lastSeen: NOW + i,
    expiresAt: Number.POSITIVE_INFINITY,
  })

  it('keeps the sessions seen last, at most maxPerAccount and maxAccounts', async () => {
    const store = memoryDevices({ maxPerAccount: 2, maxAccounts: 2, now: () => NOW })
    for (const i of [1, 3, 2]) store.seen(device(ACCOUNT_A, i))
    expect((await store.list(ACCOUNT_A)).map(({ id }) => id).sort()).toEqual(['id 2', 'id 3'])
    store.seen(device(ACCOUNT_B, 1))
    store.seen(device('eip155:1:0xc', 1))
    expect(await store.list(ACCOUNT_A)).toEqual([])
    expect(await store.list(ACCOUNT_B)).toHaveLength(1)
  })

  it.each<object>([{ maxPerAccount: 0 }, { maxAccounts: -1 }, { maxPerAccount: 1.5 }])(
    'throws a TypeError for %j',
    async (options) => {
      expect(await failureOf(() => memoryDevices(options))).toBeInstanceOf(TypeError)
    },
  )
})
