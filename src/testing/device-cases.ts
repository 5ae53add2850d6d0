import { capabilityIdentity } from '../capability/cid.js'
import { stringifyCacao } from '../capability/dag-json.js'
import type { DeviceStore, SeenDevice } from '../http/devices.js'
import { type TestClock, testClock } from './fake-clock.js'
import { type NewAccount, newAccount } from './revocation-cases.js'
import {
  brokenCases,
  casesOptions,
  equal,
  MINUTE_MS,
  type StoreCase,
  type StoreCasesOptions,
} from './store-cases.js'

/**
 * Returns test cases for a `DeviceStore` of your own, one for each thing that such a store must do. They work with
 * every test runner. Throws a `TypeError` for a wrong option.
 *
 * @example
 * const cases = deviceStoreCases({ open: ({ now }) => myDevices(database, { now }) })
 * for (const { name, run } of cases) test(`my store ${name}`, run)
 */
export function deviceStoreCases(options: StoreCasesOptions<DeviceStore>): StoreCase[] {
  const { open, isShared = true, openBroken } = casesOptions(options)
  const withClock = (work: (store: DeviceStore, clock: TestClock) => Promise<void>) => async () => {
    const clock = testClock()
    await work(await open({ now: clock.now }), clock)
  }
  const lists = async (store: DeviceStore, account: string, wanted: readonly SeenDevice[], what: string) => {
    const found = [...(await store.list(account))].map(lineOf).sort()
    equal(found.join('\n'), wanted.map(lineOf).sort().join('\n'), what)
  }
  const cases: StoreCase[] = [
    {
      name: 'lists the sessions of an account with all their members, and no other sessions',
      run: withClock(async (store, clock) => {
        const [account, other] = [newAccount(), newAccount()]
        const one = newDevice(account, clock.now(), { name: 'Zoë’s "laptop" 🍫' })
        const two = newDevice(account, clock.now(), { expiresAt: Number.POSITIVE_INFINITY })
        const foreign = newDevice(other, clock.now())
        await lists(store, account.id, [], 'an account that was never seen')
        for (const device of [one, two, foreign]) await store.seen(device)
        await lists(store, account.id, [one, two], 'the sessions of an account')
        await lists(store, other.id, [foreign], 'the sessions of another account')
      }),
    },
    {
      name: 'keeps the time when a session was first seen, the time when it was last seen, and its name',
      run: withClock(async (store, clock) => {
        const account = newAccount()
        const start = clock.now()
        const device = newDevice(account, start, { name: 'Laptop' })
        const at = (time: number, name?: string): SeenDevice => ({
          ...device,
          name,
          firstSeen: time,
          lastSeen: time,
        })
        for (const time of [start, start + 2000, start + 1000])
          await store.seen(at(time, time === start ? 'Laptop' : undefined))
        const seen = { ...device, firstSeen: start, lastSeen: start + 2000 }
        await lists(store, account.id, [seen], 'a session that was seen three times')
        await store.seen(at(start + 3000, 'Phone'))
        await lists(
          store,
          account.id,
          [{ ...seen, lastSeen: start + 3000, name: 'Phone' }],
          'a session whose name changed',
        )
      }),
    },
    {
      name: 'loses no session if many are seen at the same time',
      run: withClock(async (store, clock) => {
        const account = newAccount()
        const devices = Array.from({ length: 20 }, () => newDevice(account, clock.now()))
        await Promise.all(devices.map(async (device) => store.seen(device)))
        await lists(store, account.id, devices, 'twenty sessions')
      }),
    },
    {
      name: 'removes a session, but only from the given account',
      run: withClock(async (store, clock) => {
        const [account, other] = [newAccount(), newAccount()]
        const [one, two] = [newDevice(account, clock.now()), newDevice(account, clock.now())]
        for (const device of [one, two]) await store.seen(device)
        await store.remove(other.id, one.id)
        await lists(store, account.id, [one, two], 'sessions after a removal from another account')
        await store.remove(account.id, one.id)
        await store.remove(account.id, one.id)
        await lists(store, account.id, [two], 'sessions after a removal')
      }),
    },
    {
      name: 'lists no session that has expired',
      run: withClock(async (store, clock) => {
        const account = newAccount()
        const brief = newDevice(account, clock.now(), { expiresAt: clock.now() + MINUTE_MS })
        const long = newDevice(account, clock.now(), { expiresAt: clock.now() + 2 * MINUTE_MS })
        for (const device of [brief, long]) await store.seen(device)
        clock.set(brief.expiresAt)
        await lists(store, account.id, [long], 'two sessions, one of which has expired')
      }),
    },
    {
      name: 'lists the sessions that another server has seen',
      run: withClock(async (store, clock) => {
        const account = newAccount()
        const device = newDevice(account, clock.now())
        await store.seen(device)
        await lists(await open({ now: clock.now }), account.id, [device], 'a session that another server saw')
      }),
    },
  ]
  return [
    ...(isShared ? cases : cases.slice(0, -1)),
    ...brokenCases(openBroken, {
      seen: (store) => store.seen(newDevice(newAccount(), testClock().now())),
      list: (store) => store.list(newAccount().id),
      remove: (store) => store.remove(newAccount().id, 'id'),
    }),
  ]
}

let count = 0

function newDevice(
  account: NewAccount,
  time: number,
  { name, expiresAt = time + 60 * MINUTE_MS }: { readonly name?: string; readonly expiresAt?: number } = {},
): SeenDevice {
  const cacao = account.capability(time, expiresAt - time)
  return {
    account: account.id,
    id: capabilityIdentity(cacao),
    keyDID: `${cacao.p.aud}${count++}`,
    capability: stringifyCacao(cacao),
    name,
    firstSeen: time,
    lastSeen: time,
    expiresAt,
  }
}

function lineOf({
  account,
  id,
  keyDID,
  capability,
  name,
  firstSeen,
  lastSeen,
  expiresAt,
}: SeenDevice): string {
  return JSON.stringify([account, id, keyDID, capability, name, firstSeen, lastSeen, String(expiresAt)])
}
