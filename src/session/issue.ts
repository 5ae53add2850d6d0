import type { AuthMethod } from '../capability/auth-method.js'
import { issuerAccount } from '../capability/cacao.js'
import { unionOfGrants } from '../capability/grants.js'
import { expiryTime } from '../capability/validity.js'
import { settle } from './fates.js'
import type { FlightControl } from './flights.js'
import { askedResources, grantRequest, requestCapability } from './grant.js'
import type { HeldSession } from './held-session.js'
import { keep } from './keep.js'
import { markKept } from './kept-marks.js'
import { newKey, newSession } from './new-key.js'
import type { GetOptions } from './options.js'
import type { Place } from './place.js'
import { watchOf } from './watch.js'

/**
 * Has the wallet sign a new session and keeps it. Given one whose place it takes, it can do all that that one could,
 * and that one goes only once the new one is kept: until then, and if anything fails, nothing changes.
 */
export async function issue(
  place: Place,
  account: string,
  authMethod: AuthMethod,
  options: GetOptions & Partial<FlightControl> & { isTimed?: boolean },
  replaced?: HeldSession,
): Promise<HeldSession> {
  const resources = unionOfGrants(replaced?.cacao.p.resources ?? [], askedResources(options))
  const { abilities: _, ...rest } = options
  const request = grantRequest({ ...rest, resources, now: place.now }, account)
  // The key comes first: Firefox and Chromium end an IndexedDB transaction across an awaited WebCrypto call.
  const { key, ...kept } = await newKey(place, options.keyType)
  const { checks, now } = place
  const cacao = await requestCapability(authMethod, key.did, request, { ...options, checks, now, account })
  options.signal?.throwIfAborted()
  options.keeping?.()
  const persistence = await keep(place, { account, keyDID: key.did, cacao, ...kept })
  if (persistence !== 'memory') markKept(place, account, expiryTime(cacao))
  const session = newSession({ key, ...kept }, cacao, persistence)
  if (replaced) await retire(place, replaced, session)
  await watchOf(place).changed()
  return session
}

/** Lets a session go whose place another one has taken. */
export async function retire(
  { stores, namespace, now }: Place,
  replaced: HeldSession,
  session: HeldSession,
): Promise<void> {
  const store = stores.find(({ persistence }) => persistence === replaced.persistence)
  // What a reload would find again stays until it finds something better.
  if (replaced.persistence === session.persistence && store) {
    const remove = [{ account: issuerAccount(replaced.cacao), keyDID: replaced.key.did }]
    const last = { account: issuerAccount(session.cacao), keyDID: session.key.did, at: now() }
    await store.write(namespace, { remove, last }).catch(() => undefined)
  }
  settle(replaced.key.did, { type: 'renewed', keyDID: session.key.did, held: session })
}
