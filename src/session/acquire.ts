import { abortable } from '../base/abort.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { missingResources } from '../capability/resources.js'
import { verifySignature } from '../capability/verify-signature.js'
import type { SessionStore } from '../store/store.js'
import { type GrantRequest, grantRequest, requestCapability } from './grant.js'
import type { HeldSession } from './held-session.js'
import { keep } from './keep.js'
import { newKey, newSession } from './new-key.js'
import type { GetOptions } from './options.js'
import type { Place } from './place.js'
import { resume } from './resume.js'

/** Takes up the account's stored session, or asks the wallet for a new one: once, however many ask at a time. */
export async function acquire(
  place: Place,
  account: string,
  authMethod: AuthMethod,
  options: GetOptions,
): Promise<HeldSession> {
  const request = grantRequest(options, account)
  const { signal, verifiers, keyType } = options
  if (keyType !== undefined && keyType !== 'P-256' && keyType !== 'Ed25519')
    throw new TypeError('keyType must be "P-256" or "Ed25519"')
  if (typeof authMethod !== 'function')
    throw new TypeError('authMethod must be a function, such as ethereumAuth(provider) gives')
  signal?.throwIfAborted()
  const start = async (abandoned: AbortSignal): Promise<HeldSession> => {
    const wanted = { ...(verifiers && { verifiers }), resources: request.resources }
    return (
      (await resume(place, account, wanted)) ??
      authorizeAndKeep(place, account, authMethod, request, { ...options, signal: abandoned })
    )
  }
  const { session, isOwn } = await shareFlight(place, account, request.resources, signal, start)
  // Whoever began it may have had no verifiers.
  if (verifiers && !isOwn) await verifySignature(session.cacao, verifiers, place.now())
  return session
}

async function authorizeAndKeep(
  place: Place,
  account: string,
  authMethod: AuthMethod,
  request: GrantRequest,
  options: GetOptions & { signal: AbortSignal },
): Promise<HeldSession> {
  // The key comes first: Firefox and Chromium end an IndexedDB transaction across an awaited WebCrypto call.
  const { key, ...kept } = await newKey(place, options.keyType)
  const cacao = await requestCapability(authMethod, key.did, request, { ...options, account })
  const persistence = await keep(place, { account, keyDID: key.did, cacao, ...kept })
  return newSession({ key, ...kept }, cacao, persistence)
}

/** A `get` that is under way, and how many still wait for it. */
interface Flight {
  readonly resources: readonly string[]
  readonly controller: AbortController
  readonly result: Promise<HeldSession>
  waiting: number
  isOver: boolean
}

const flights = new WeakMap<SessionStore, Map<string, Flight>>()

async function shareFlight(
  { stores, namespace }: Place,
  account: string,
  resources: readonly string[],
  signal: AbortSignal | undefined,
  start: (abandoned: AbortSignal) => Promise<HeldSession>,
): Promise<{ session: HeldSession; isOwn: boolean }> {
  const [store] = stores
  if (!store) throw new TypeError('no store')
  const underWay = flights.get(store) ?? new Map<string, Flight>()
  flights.set(store, underWay)
  const id = `${namespace}\n${account}`
  for (;;) {
    const flight = underWay.get(id)
    if (!flight || flight.controller.signal.aborted) break
    if (missingResources(flight.resources, resources).length === 0)
      return { session: await join(flight, signal), isOwn: false }
    // It asks for less than we need: ours comes after it, for two prompts at once would confuse the person.
    await abortable(
      flight.result.then(
        () => undefined,
        () => undefined,
      ),
      signal,
    )
  }
  const controller = new AbortController()
  const result = start(controller.signal).finally(() => {
    flight.isOver = true
    if (underWay.get(id) === flight) underWay.delete(id)
  })
  const flight: Flight = { resources, controller, result, waiting: 0, isOver: false }
  underWay.set(id, flight)
  return { session: await join(flight, signal), isOwn: true }
}

// Whoever aborts leaves; the flight itself is given up when nobody waits any more.
async function join(flight: Flight, signal: AbortSignal | undefined): Promise<HeldSession> {
  flight.waiting++
  flight.result.catch(() => undefined)
  try {
    return await abortable(flight.result, signal)
  } finally {
    if (--flight.waiting === 0 && !flight.isOver) flight.controller.abort(signal?.reason)
  }
}
