import { accountOfDID } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { check, type OptionReaders, readOptions, required } from '../base/options.js'
import { answerWithin } from '../base/store-answer.js'
import { type Cacao, parentOf } from '../capability/cacao.js'
import { methodOption, type Revocation, revocationOption } from '../capability/check-options.js'
import { capabilityIdentity } from '../capability/cid.js'
import { decodeDagJSON } from '../capability/dag-json.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { type Caller, storeAsker } from '../http/capability-gate.js'
import { type DeviceStore, type SeenDevice, storeOfDevicesOption } from '../http/devices.js'
import type { RevocationStore } from '../http/revocation.js'

/** A device on which a person has signed in. It is identified by its session key. */
export interface Device {
  /** The did:key of the session key, for `revokeDevice`. */
  readonly keyDID: string
  /** The name that the app gave it; `undefined` if it gave none. */
  readonly name: string | undefined
  readonly firstSeen: Date
  readonly lastSeen: Date
  /** When its session expires; `undefined` if it never does. */
  readonly expiresAt: Date | undefined
  /** Whether the request came from this device. */
  readonly isCurrent: boolean
}

/** The stores of devices and of revocations. */
export interface DevicesAndRevocation {
  /** The same store as in the `devices` option of `requireSession`. */
  devices: DeviceStore
  /** The same store as in the `revocation` option of `requireSession`. */
  revocation: RevocationStore
}

/** The options of `listDevices`. */
export interface ListDevicesOptions extends Pick<DevicesAndRevocation, 'devices'> {
  /** Pass it to leave out sessions that were revoked without `revokeDevice`, for example by `session.revoke`. */
  revocation?: Revocation
}

const LIST_OPTIONS: OptionReaders<{ devices: DeviceStore; revocation: Revocation | undefined }> = {
  devices: required(storeOfDevicesOption),
  revocation: check(revocationOption),
}

const REVOKE_OPTIONS: OptionReaders<DevicesAndRevocation> = {
  devices: required(storeOfDevicesOption),
  revocation: required((value, name) => {
    const form = 'a store with the methods revoke and isRevoked, such as redisRevocation(client) returns'
    for (const method of ['revoke', 'isRevoked']) methodOption(method, form)(value, name)
    return value as RevocationStore
  }),
}

/**
 * Returns the devices on which the caller's account has signed in and whose sessions have not expired, the one seen last first.
 * Rejects with `ERR_STORE_UNAVAILABLE` if a store fails, with `ERR_STORE_CORRUPT` if the store of devices returns anything but devices
 * of this account, and with a `TypeError` for wrong options.
 *
 * @example
 * app.get('/api/devices', async (c) => c.json(await listDevices(c.var.caller, { devices, revocation })))
 */
export async function listDevices(caller: Caller, options: ListDevicesOptions): Promise<Device[]> {
  const { devices, revocation } = readOptions(options, LIST_OPTIONS)
  const stored = await readDevices(caller, devices)
  const isRevoked = async (cacao: Cacao): Promise<boolean> =>
    revocation !== undefined && askStore(() => revocation.isRevoked(cacao))
  const revoked = await Promise.all(stored.map(({ cacao }) => isRevoked(cacao)))
  const byKey = new Map<string, SeenDevice[]>()
  stored.forEach(({ device }, i) => {
    if (revoked[i]) return
    byKey.set(device.keyDID, [...(byKey.get(device.keyDID) ?? []), device])
  })
  return [...byKey]
    .map(([keyDID, sessions]) => deviceOf(keyDID, sessions, caller))
    .sort((a, b) => b.lastSeen.getTime() - a.lastSeen.getTime())
}

/**
 * Signs out one device of the caller's account, by the did:key of its session key: revokes each of its sessions and everything that
 * was delegated from them, and removes the device from the store. Returns whether the account had such a device that was still signed
 * in; devices of other accounts can't be signed out.
 *
 * Rejects with `ERR_CAPABILITY_DELEGATED` if the caller acts by delegation, with `ERR_STORE_UNAVAILABLE` if a store fails (the
 * device is then still listed), with `ERR_STORE_CORRUPT` if the store of devices returns anything but devices of this account, and
 * with a `TypeError` for wrong options.
 *
 * @example
 * app.delete('/api/devices/:key', async (c) => {
 *   const isGone = await revokeDevice(c.var.caller, c.req.param('key'), { devices, revocation })
 *   return c.body(null, isGone ? 204 : 404)
 * })
 */
export async function revokeDevice(
  caller: Caller,
  keyDID: string,
  options: DevicesAndRevocation,
): Promise<boolean> {
  const revoked = await revokeChosen(caller, options, (device) => device.keyDID === keyDID)
  return revoked > 0
}

/**
 * Signs out all devices of the caller's account except the one that sent the request, and returns how many of them were still signed
 * in. It only knows devices that are in the store: not a session that was never used here, or a device that `maxPerAccount` has no room
 * for. To sign out those too, call `revocation.revokeAll(caller.account)`; then this device has to sign in again as well.
 *
 * Rejects as `revokeDevice` does.
 *
 * @example
 * app.post('/api/devices/sign-out-others', async (c) =>
 *   c.json({ signedOut: await revokeOtherDevices(c.var.caller, { devices, revocation }) }),
 * )
 */
export async function revokeOtherDevices(caller: Caller, options: DevicesAndRevocation): Promise<number> {
  return revokeChosen(caller, options, (device) => device.keyDID !== caller.keyDID)
}

/** Throws `ERR_CAPABILITY_DELEGATED` if the caller acts under a capability that a session key delegated. */
export function assertOwnSession({ cacao }: Caller): void {
  if (parentOf(cacao) === undefined) return
  throw new SessionError(
    'ERR_CAPABILITY_DELEGATED',
    'only a session that the wallet itself signed may do this, not a key that was delegated to: sign in on this device',
  )
}

const STORE_TIMEOUT_MS = 2000
const askStore = storeAsker(STORE_TIMEOUT_MS)

/** Calls a store. Rejects with `ERR_STORE_UNAVAILABLE` if it fails, or doesn't answer in time. */
function callStore<T>(call: () => T | Promise<T>): Promise<T> {
  return answerWithin(STORE_TIMEOUT_MS, 'the store of devices or revocations', call)
}

/** A device of the store, with its parsed capability. */
interface StoredDevice {
  readonly device: SeenDevice
  readonly cacao: Cacao
}

/** Reads the devices of the caller's account. Rejects with `ERR_STORE_CORRUPT` if the store returns anything else. */
async function readDevices({ account }: Caller, devices: DeviceStore): Promise<StoredDevice[]> {
  const list: unknown = await callStore(() => devices.list(account))
  const seen = Array.isArray(list) ? (list as (SeenDevice | undefined)[]) : [undefined]
  return seen.map((device) => {
    const cacao = device && capabilityOf(device)
    const isOwn = cacao && device.account === account && accountOfDID(cacao.p.iss) === account
    if (isOwn && cacao.p.aud === device.keyDID && capabilityIdentity(cacao) === device.id)
      return { device, cacao }
    throw new SessionError(
      'ERR_STORE_CORRUPT',
      `the store of devices contains entries that are not sessions of ${account}: remove its entries for this account`,
    )
  })
}

function capabilityOf({ capability }: SeenDevice): Cacao | undefined {
  try {
    return parseCacao(decodeDagJSON(capability))
  } catch {
    return undefined
  }
}

/** Revokes the sessions of the chosen devices of the caller's account, and returns the number of devices that were signed in. */
async function revokeChosen(
  caller: Caller,
  options: DevicesAndRevocation,
  isChosen: (device: SeenDevice) => boolean,
): Promise<number> {
  const { devices, revocation } = readOptions(options, REVOKE_OPTIONS)
  assertOwnSession(caller)
  const chosen = (await readDevices(caller, devices)).filter(({ device }) => isChosen(device))
  const signedOut = new Set<string>()
  for (const { device, cacao } of chosen) {
    // A session that was revoked in another way, such as by `revokeAll`, was signed out before, so it doesn't count. If the store can't
    // tell, the session is revoked all the same: signing out must not depend on reading.
    const wasRevoked = await askStore(() => revocation.isRevoked(cacao)).catch(() => false)
    // Revoke first, so that a device that is no longer listed can't act any more.
    await callStore(() => revocation.revoke(cacao))
    await callStore(() => devices.remove(device.account, device.id))
    if (!wasRevoked) signedOut.add(device.keyDID)
  }
  return signedOut.size
}

function deviceOf(keyDID: string, sessions: readonly SeenDevice[], caller: Caller): Device {
  const [latest] = [...sessions].sort((a, b) => b.lastSeen - a.lastSeen)
  const expiresAt = Math.max(...sessions.map((session) => session.expiresAt))
  return {
    keyDID,
    name: latest?.name,
    firstSeen: new Date(Math.min(...sessions.map(({ firstSeen }) => firstSeen))),
    lastSeen: new Date(Math.max(...sessions.map(({ lastSeen }) => lastSeen))),
    expiresAt: Number.isFinite(expiresAt) ? new Date(expiresAt) : undefined,
    isCurrent: keyDID === caller.root.p.aud,
  }
}
