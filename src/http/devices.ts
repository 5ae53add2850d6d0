import { callHook } from '../base/app-hook.js'
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
import { methodOption, type Revocation } from '../capability/check-options.js'
import { capabilityIdentity } from '../capability/cid.js'
import { encodeDagJSON } from '../capability/dag-json.js'
import type { Caller } from './capability-gate.js'
import type { IncomingRequest } from './incoming-request.js'
import type { OfRequest } from './requirements.js'

/**
 * A session that a person started on one of their devices, as a store keeps it. Times are milliseconds since 1970. A
 * capability that a session key delegated counts as part of that key's session.
 */
export interface SeenDevice {
  /** The account that signed in: a CAIP-10 id in its normal form, or a did:key. */
  readonly account: string
  /** The `capabilityIdentity` of the capability that the wallet signed. */
  readonly id: string
  /** The did:key of the session key that the wallet signed for. */
  readonly keyDID: string
  /** The capability that the wallet signed, as DAG-JSON. It is needed to revoke the session. */
  readonly capability: string
  /** The app's name for the device, if the app passed one. */
  readonly name?: string | undefined
  readonly firstSeen: number
  readonly lastSeen: number
  /** When the session expires; `Infinity` if it never does. */
  readonly expiresAt: number
}

/** Remembers on which devices an account has signed in. Servers of the same app must share one store. */
export interface DeviceStore {
  /**
   * Adds a session, or updates its record: `lastSeen` never decreases, `firstSeen` never increases, and a name stays
   * until a new name is passed. A store may limit the sessions that it keeps for one account; it then keeps those that
   * were seen last.
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
   * Returns the name of a device: a function of the request that reads, for example, a header that your page sends.
   * Nothing else of the request is stored: no IP address and no `User-Agent`. At most 100 characters are stored,
   * without hidden characters; an empty name counts as none. Escape the name when you show it in HTML, like any other
   * text from a user. If the function fails, or doesn't answer within `storeTimeoutMs`, `onFailed` is called, and the
   * device is remembered without a name.
   */
  name?: OfRequest<R, string | undefined>
  /**
   * Called when a device, or its name, could not be stored, or when it could not be checked whether its session was
   * revoked in the meantime. The request is accepted nevertheless, because remembering devices is not a check. After the store has failed, no device is stored for ten seconds. By default, the error is
   * written to the console.
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
  name: check(functionOption('a function of the request that returns a text, or undefined')),
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

// Each process writes a session at most once a minute, however many requests it sends.
const RECORD_EVERY_MS = 60_000
const RECENT = 10_000
const PAUSE_MS = 10_000
const MAX_NAME = 100

interface RecorderOptions {
  readonly now: Clock
  readonly timeoutMs: number
  readonly revocation: Revocation | undefined
}

/**
 * Returns a recorder of devices. An accepted request waits for the store for up to `timeoutMs`, because some serverless
 * platforms stop work that the handler doesn't await.
 */
export function deviceRecorder<R>(
  { store, name, onFailed = logFailure }: ReadDevicesOptions,
  { now, timeoutMs, revocation }: RecorderOptions,
): DeviceRecorder<R> {
  const recent = new LRUCache<number>(RECENT)
  let failedAt = Number.NEGATIVE_INFINITY
  return async (caller, incoming, url) => {
    const time = now()
    const { root } = caller
    const key = `${root.p.aud} ${root.p.iss} ${root.p.nonce}`
    if (isWithin(PAUSE_MS, failedAt, time) || isWithin(RECORD_EVERY_MS, recent.get(key), time)) return
    recent.set(key, time)
    const named = await deviceName(timeoutMs, async () =>
      (name as OfRequest<R, string | undefined> | undefined)?.(await incoming.at(url.href), new URL(url)),
    ).catch((error: unknown) => {
      // The name may depend on what the client sent, and a client must not be able to keep its device off the list.
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
      const write = async (): Promise<boolean> => {
        await store.seen(device)
        // `revokeDevice` may have removed the device after the revocation of this request was checked.
        if (revocation && (await revocation.isRevoked(root)) !== false)
          await store.remove(device.account, device.id)
        return true
      }
      if (!(await within(timeoutMs, write())))
        throw new Error(`the stores gave no answer within ${timeoutMs} ms`)
    } catch (error) {
      failedAt = time
      // So that the session is written again after the pause.
      recent.set(key, Number.NEGATIVE_INFINITY)
      report(onFailed, error)
    }
  }
}

function isWithin(ms: number, before: number | undefined, time: number): boolean {
  return before !== undefined && Math.abs(time - before) < ms
}

async function deviceName(timeoutMs: number, nameOf: () => Promise<unknown>): Promise<string | undefined> {
  const answer = await within(
    timeoutMs,
    nameOf().then((name) => ({ name })),
  )
  if (!answer)
    throw new Error(`the function \`name\` of the option devices gave no answer within ${timeoutMs} ms`)
  const { name } = answer
  if (name === undefined) return undefined
  if (typeof name !== 'string')
    throw new TypeError('the function `name` of the option devices must return a text, or undefined')
  // Cut first, because the text may be very long; then cut by whole characters, because a store may refuse a lone
  // surrogate.
  const shown = withoutHidden(name.slice(0, 10 * MAX_NAME), () => ' ').trim()
  // An empty name counts as none, so that the list shows no blank and an earlier name stays.
  return Array.from(shown).slice(0, MAX_NAME).join('') || undefined
}

// An error in the app's `onFailed` must not reject the request, which was already accepted.
function report(onFailed: (error: unknown) => void, error: unknown): void {
  try {
    callHook(() => onFailed(error), logFailure)
  } catch (failure) {
    logFailure(failure)
  }
}

function logFailure(error: unknown): void {
  console.warn('cacao-session could not remember a device:', error)
}

/** Options of `memoryDevices`. */
export interface MemoryDevicesOptions {
  /** The most sessions that are kept for one account; 100 by default. Those that were seen last stay. */
  maxPerAccount?: number
  /** The most accounts that are kept; 10,000 by default. Those that were seen last stay. */
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
 * Remembers devices in the memory of this process: for tests, and for servers that run as a single process. Throws a
 * `TypeError` for a wrong option.
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

/** Merges the stored record of a session with a new one. */
function mergedDevice(before: SeenDevice, device: SeenDevice): SeenDevice {
  const name = device.name ?? before.name
  return {
    ...device,
    ...(name !== undefined && { name }),
    firstSeen: Math.min(before.firstSeen, device.firstSeen),
    lastSeen: Math.max(before.lastSeen, device.lastSeen),
  }
}
