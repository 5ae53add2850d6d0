import { accountOfDID } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'
import { check, type OptionReaders, readOptions, required } from '../base/options.js'
import { type Cacao, parentOf } from '../capability/cacao.js'
import { methodOption, type Revocation, revocationOption } from '../capability/check-options.js'
import { capabilityIdentity } from '../capability/cid.js'
import { decodeDagJSON } from '../capability/dag-json.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { type Caller, storeAsker } from '../http/capability-gate.js'
import { type DeviceStore, type SeenDevice, storeOfDevicesOption } from '../http/devices.js'
import type { RevocationStore } from '../http/revocation.js'

/** A device on which a person has signed in: a session key, with what is known of it. */
export interface Device {
  /** The session key: what `revokeDevice` takes. */
  readonly keyDID: string
  /** What the app calls it; `undefined` if it passed no name. */
  readonly name: string | undefined
  readonly firstSeen: Date
  readonly lastSeen: Date
  /** When its session expires; `undefined` if it never does. */
  readonly expiresAt: Date | undefined
  /** Whether this is the device that asks. */
  readonly isCurrent: boolean
}

/** Where devices are remembered, and where sessions are revoked. */
export interface DevicesAndRevocation {
  /** The store that the option `devices` of `requireSession` has. */
  devices: DeviceStore
  /** The store that the option `revocation` of `requireSession` has. */
  revocation: RevocationStore
}

/** The options of `listDevices`. */
export interface ListDevicesOptions extends Pick<DevicesAndRevocation, 'devices'> {
  /** Leaves out sessions that were revoked in another way, such as by `session.revoke`. */
  revocation?: Revocation
}

const LIST_OPTIONS: OptionReaders<{ devices: DeviceStore; revocation: Revocation | undefined }> = {
  devices: required(storeOfDevicesOption),
  revocation: check(revocationOption),
}

const REVOKE_OPTIONS: OptionReaders<DevicesAndRevocation> = {
  devices: required(storeOfDevicesOption),
  revocation: required(
    methodOption<RevocationStore>(
      'revoke',
      'a store with a method revoke, such as redisRevocation(client) returns',
    ),
  ),
}

/**
 * The devices on which the caller's account has signed in and whose sessions have not expired, the one seen last first. Rejects with
 * `ERR_STORE_UNAVAILABLE` if a store fails, with `ERR_STORE_CORRUPT` if it gives something else, and with a `TypeError` for wrong options.
 *
 * @example
 * app.get('/api/devices', async (c) => c.json(await listDevices(c.var.caller, { devices, revocation })))
 */
export async function listDevices(caller: Caller, options: ListDevicesOptions): Promise<Device[]> {
  const { devices, revocation } = readOptions(options, LIST_OPTIONS)
  const seen = await seenOf(caller, devices)
  const isRevoked = async (cacao: Cacao): Promise<boolean> =>
    revocation !== undefined && askStore(() => revocation.isRevoked(cacao))
  const revoked = await Promise.all(seen.map(({ cacao }) => isRevoked(cacao)))
  const byKey = new Map<string, SeenDevice[]>()
  seen.forEach(({ device }, i) => {
    if (revoked[i]) return
    byKey.set(device.keyDID, [...(byKey.get(device.keyDID) ?? []), device])
  })
  return [...byKey]
    .map(([keyDID, sessions]) => deviceOf(keyDID, sessions, caller))
    .sort((a, b) => b.lastSeen.getTime() - a.lastSeen.getTime())
}

/**
 * Signs out one device of the caller's account, by its session key: revokes each of its sessions, with all that was delegated from
 * them, and then forgets it. Returns whether the account has such a device; those of other accounts can't be reached.
 *
 * Rejects with `ERR_CAPABILITY_DELEGATED` if the caller acts by delegation, with `ERR_STORE_UNAVAILABLE` if a store fails (the
 * device is then still listed), and with a `TypeError` for wrong options.
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
  const revoked = await revokeSeen(caller, options, (device) => device.keyDID === keyDID)
  return revoked > 0
}

/**
 * Signs out all devices of the caller's account but the one that asks, and returns how many. Only devices that were seen can be signed
 * out so. A session that was never used here, or a device that `maxPerAccount` no longer has room for, is not among them: to be
 * sure, use `revocation.revokeAll(caller.account)`, after which this device has to sign in anew too.
 *
 * Rejects as `revokeDevice` does.
 *
 * @example
 * app.post('/api/devices/sign-out-others', async (c) =>
 *   c.json({ signedOut: await revokeOtherDevices(c.var.caller, { devices, revocation }) }),
 * )
 */
export async function revokeOtherDevices(caller: Caller, options: DevicesAndRevocation): Promise<number> {
  return revokeSeen(caller, options, (device) => device.keyDID !== caller.keyDID)
}

/** Throws `ERR_CAPABILITY_DELEGATED` if the caller acts under a capability that a session key delegated. */
export function assertOwnSession({ cacao }: Caller): void {
  if (parentOf(cacao) === undefined) return
  throw new SessionError(
    'ERR_CAPABILITY_DELEGATED',
    'only a session that the wallet itself signed may do this, not a key that acts for one: sign in on this device',
  )
}

const askStore = storeAsker(2000)

/** What a store gives, or does. Rejects with `ERR_STORE_UNAVAILABLE` if it fails. */
async function ofStore<T>(ask: () => T | Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    const reason = cause instanceof Error ? ` (${withoutHidden(cause.message, () => ' ').slice(0, 100)})` : ''
    throw new SessionError(
      'ERR_STORE_UNAVAILABLE',
      `the store of devices or of revocations failed${reason}: check that it is running`,
      { cause },
    )
  }
}

interface Seen {
  readonly device: SeenDevice
  readonly cacao: Cacao
}

/** The sessions of the caller's account. Rejects with `ERR_STORE_CORRUPT` if the store gives something else. */
async function seenOf({ account }: Caller, devices: DeviceStore): Promise<Seen[]> {
  const list: unknown = await ofStore(() => devices.list(account))
  const seen = Array.isArray(list) ? (list as (SeenDevice | undefined)[]) : [undefined]
  return seen.map((device) => {
    const cacao = device && capabilityOf(device)
    const isOwn = cacao && device.account === account && accountOfDID(cacao.p.iss) === account
    if (isOwn && cacao.p.aud === device.keyDID && capabilityIdentity(cacao) === device.id)
      return { device, cacao }
    throw new SessionError(
      'ERR_STORE_CORRUPT',
      `the store of devices has something other than sessions of ${account}: remove what it has for this account`,
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

/** Revokes the chosen sessions of the caller's account, and returns how many devices they were of. */
async function revokeSeen(
  caller: Caller,
  options: DevicesAndRevocation,
  isChosen: (device: SeenDevice) => boolean,
): Promise<number> {
  const { devices, revocation } = readOptions(options, REVOKE_OPTIONS)
  assertOwnSession(caller)
  const chosen = (await seenOf(caller, devices)).filter(({ device }) => isChosen(device))
  for (const { device, cacao } of chosen) {
    // First, so that a device that is gone from the list can't act any more.
    await ofStore(() => revocation.revoke(cacao))
    await ofStore(() => devices.remove(device.account, device.id))
  }
  return new Set(chosen.map(({ device }) => device.keyDID)).size
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
