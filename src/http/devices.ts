import { type Clock, clockOption, systemClock, within } from '../base/environment.js'
import { withoutHidden } from '../base/hidden-characters.js'
import { LRUCache } from '../base/lru-cache.js'
import {
  check,
  countOption,
  functionOption,
  type OptionReaders,
  type ReadersOf,
  type ReadValue,
  readOptions,
  required,
  setting,
} from '../base/options.js'
import { expiryTime } from '../capability/cacao.js'
import { methodOption } from '../capability/check-options.js'
import { capabilityIdentity } from '../capability/cid.js'
import { encodeDagJSON } from '../capability/dag-json.js'
import type { Caller } from './capability-gate.js'
import type { IncomingRequest } from './incoming-request.js'
import type { OfRequest } from './requirements.js'

/**
 * A session that a person started on one of their devices, as a store keeps it. Times are milliseconds since 1970. What a session
 * key delegated counts as the session that it comes from.
 */
export interface SeenDevice {
  /** The account that signed in: a CAIP-10 id in its normal form, or a did:key. */
  readonly account: string
  /** The `capabilityIdentity` of what the wallet signed. */
  readonly id: string
  /** The session key that the wallet signed for. */
  readonly keyDID: string
  /** What the wallet signed, as DAG-JSON: whoever revokes the session needs it. */
  readonly capability: string
  /** What the app calls the device, if it passed a name. */
  readonly name?: string | undefined
  readonly firstSeen: number
  readonly lastSeen: number
  /** When the session expires; `Infinity` if it never does. */
  readonly expiresAt: number
}

/** Remembers on which devices an account has signed in. Servers that stand in for one another share one. */
export interface DeviceStore {
  /**
   * Adds a session, or updates what is known of it: `lastSeen` never decreases, `firstSeen` never increases, and a name stays
   * until another one is given. At most so many sessions of one account are kept as the store allows, those that were seen last.
   */
  seen(device: SeenDevice): void | Promise<void>
  /** The sessions of an account that have not expired, in any order. */
  list(account: string): readonly SeenDevice[] | Promise<readonly SeenDevice[]>
  /** Forgets a session of an account, by its `id`. */
  remove(account: string, id: string): void | Promise<void>
}

/** The option `devices` of verifiers and middleware. */
export interface DevicesOptions<R = Request> {
  /** Where devices are remembered: `memoryDevices()`, `redisDevices(client)`, `sqlDevices(client)`, or your own. */
  store: DeviceStore
  /**
   * What a device is called: a function of the request, such as one that reads a header of your page. Nothing but what it returns
   * is kept of a request: no address and no `User-Agent`. Up to 100 characters are kept, without hidden ones; to show it in HTML,
   * escape it as you would any other text of a user. If it fails, `onFailed` is told, and the device is remembered without a name.
   */
  name?: OfRequest<R, string | undefined>
  /**
   * Called when a device could not be remembered, or not by its name. The request is accepted all the same, because this is no check. If
   * the store has failed, no other device is remembered for ten seconds. Without it, the error is written to the console.
   */
  onFailed?: (error: unknown) => void
}

/** Reads a store of devices. */
export const storeOfDevicesOption: ReadValue<DeviceStore> = (value, name) => {
  const form = 'a store of devices, such as memoryDevices() returns'
  for (const method of ['seen', 'list', 'remove']) methodOption(method, form)(value, name)
  return value as DeviceStore
}

const DEVICES_OPTIONS: OptionReaders<ReadDevicesOptions> = {
  store: required(storeOfDevicesOption),
  name: check(functionOption('a function of the request that gives a text, or undefined')),
  onFailed: check(functionOption('a function that is called with the error')),
}

/** The option `devices` after it was read. */
export interface ReadDevicesOptions {
  readonly store: DeviceStore
  readonly name: OfRequest<never, string | undefined> | undefined
  readonly onFailed: ((error: unknown) => void) | undefined
}

/** Reads the option `devices`. */
export const devicesOption: ReadValue<ReadDevicesOptions> = (value, name) => {
  try {
    return readOptions<ReadDevicesOptions>(value, DEVICES_OPTIONS)
  } catch (error) {
    throw new TypeError(`${name}: ${(error as Error).message}`)
  }
}

/** Remembers that a request was accepted. Never rejects. */
export type DeviceRecorder<R> = (caller: Caller, incoming: IncomingRequest<R>, url: URL) => Promise<void>

// A session that sends many requests is written once a minute by each process.
const RECORD_EVERY_MS = 60_000
const RECENT = 10_000
const PAUSE_MS = 10_000
const MAX_NAME = 100

/** Remembers which devices were seen. An accepted request waits for the store, up to `timeoutMs`, because some platforms end what is not waited for. */
export function deviceRecorder<R>(
  { store, name, onFailed = logFailure }: ReadDevicesOptions,
  { now, timeoutMs }: { readonly now: Clock; readonly timeoutMs: number },
): DeviceRecorder<R> {
  const recent = new LRUCache<number>(RECENT)
  let failedAt = Number.NEGATIVE_INFINITY
  return async (caller, incoming, url) => {
    const time = now()
    const { root } = caller
    const key = `${root.p.aud} ${root.p.iss} ${root.p.nonce}`
    if (isWithin(PAUSE_MS, failedAt, time) || isWithin(RECORD_EVERY_MS, recent.get(key), time)) return
    recent.set(key, time)
    const named = await deviceName(async () =>
      (name as OfRequest<R, string | undefined> | undefined)?.(await incoming.at(url.href), new URL(url)),
    ).catch((error: unknown) => {
      // What a client sends, of which the app makes the name, must not keep its device from the list.
      report(onFailed, error)
      return undefined
    })
    try {
      const device: SeenDevice = {
        account: caller.account,
        id: capabilityIdentity(root),
        keyDID: root.p.aud,
        capability: encodeDagJSON(root),
        ...(named !== undefined && { name: named }),
        firstSeen: time,
        lastSeen: time,
        expiresAt: expiryTime(root),
      }
      const written = Promise.resolve(store.seen(device)).then(() => true)
      if (!(await within(timeoutMs, written)))
        throw new Error(`the store gave no answer within ${timeoutMs} ms`)
    } catch (error) {
      failedAt = time
      // After the pause it is tried again.
      recent.set(key, Number.NEGATIVE_INFINITY)
      report(onFailed, error)
    }
  }
}

function isWithin(ms: number, before: number | undefined, time: number): boolean {
  return before !== undefined && Math.abs(time - before) < ms
}

async function deviceName(nameOf: () => Promise<unknown>): Promise<string | undefined> {
  const name = await nameOf()
  if (name === undefined) return undefined
  if (typeof name !== 'string')
    throw new TypeError('the function name of devices must give a text, or undefined')
  // Shortened first, because it may be very long. By whole characters, because a store may refuse half of one.
  const shown = withoutHidden(name.slice(0, 10 * MAX_NAME), () => ' ').trim()
  return Array.from(shown).slice(0, MAX_NAME).join('')
}

// The request was accepted: what the app's hook throws can't change that.
function report(onFailed: (error: unknown) => void, error: unknown): void {
  try {
    onFailed(error)
  } catch (failure) {
    logFailure(failure)
  }
}

function logFailure(error: unknown): void {
  console.warn('cacao-session could not remember a device:', error)
}

/** Options of `memoryDevices`. */
export interface MemoryDevicesOptions {
  /** Sessions that are kept of one account, those that were seen last; 100 by default. */
  maxPerAccount?: number
  /** Accounts that are kept, those that were seen last; 10,000 by default. */
  maxAccounts?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

const MEMORY_OPTIONS: ReadersOf<MemoryDevicesOptions> = {
  maxPerAccount: setting(countOption),
  maxAccounts: setting(countOption),
  now: setting(clockOption),
}

/**
 * Remembers devices in the memory of this process: for tests, and for servers that are one process. Throws a `TypeError` for a
 * wrong option.
 *
 * @example
 * const devices = memoryDevices()
 * app.use('/api/*', requireSession({ ...options, devices: { store: devices } }))
 */
export function memoryDevices(options: MemoryDevicesOptions = {}): DeviceStore {
  const {
    maxPerAccount = 100,
    maxAccounts = 10_000,
    now = systemClock,
  } = readOptions<MemoryDevicesOptions>(options, MEMORY_OPTIONS)
  const accounts = new LRUCache<ReadonlyMap<string, SeenDevice>>(maxAccounts)
  const devicesOf = (account: string): SeenDevice[] =>
    [...(accounts.get(account)?.values() ?? [])].filter(({ expiresAt }) => expiresAt > now())
  const keep = (account: string, devices: readonly SeenDevice[]): void =>
    accounts.set(account, new Map(devices.map((device) => [device.id, device])))
  return {
    seen(device) {
      const known = devicesOf(device.account)
      const before = known.find(({ id }) => id === device.id)
      const others = known.filter(({ id }) => id !== device.id)
      const devices = [...others, before ? mergedDevice(before, device) : device]
      keep(device.account, devices.sort((a, b) => b.lastSeen - a.lastSeen).slice(0, maxPerAccount))
    },
    list: (account) => devicesOf(account),
    remove: (account, removed) =>
      keep(
        account,
        devicesOf(account).filter(({ id }) => id !== removed),
      ),
  }
}

/** What is known of a session that was seen before. */
function mergedDevice(before: SeenDevice, device: SeenDevice): SeenDevice {
  const name = device.name ?? before.name
  return {
    ...device,
    ...(name !== undefined && { name }),
    firstSeen: Math.min(before.firstSeen, device.firstSeen),
    lastSeen: Math.max(before.lastSeen, device.lastSeen),
  }
}
