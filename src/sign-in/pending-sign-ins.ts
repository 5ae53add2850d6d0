import { abortable } from '../base/abort.js'
import { chainless } from '../base/account.js'
import { missingGrants } from '../capability/recap.js'
import type { Place } from '../resume/context.js'
import type { HeldSession } from '../store/session-data.js'
import type { SessionStore } from '../store/store.js'
/** What a sign-in or renewal is told, and tells. */
export interface FlightControl {
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal
  /** From now on its session is being kept: whoever aborts comes too late, and gets it. */
  keeping(): void
}

/** A sign-in or renewal that is under way, and how many still wait for it. */
interface Flight {
  readonly namespace: string
  readonly account: string
  readonly resources: readonly string[]
  readonly controller: AbortController
  readonly result: Promise<HeldSession>
  waiting: number
  isBeingKept: boolean
  isOver: boolean
}

const flights = new WeakMap<SessionStore, Map<string, Flight>>()

/**
 * Starts a sign-in, or joins the one that is under way in this page for the same thing, if it asks for as much. Says
 * whether it is the caller's own.
 */
export async function shareFlight(
  { stores, namespace }: Place,
  { account, what = account }: { readonly account: string; readonly what?: string },
  resources: readonly string[],
  signal: AbortSignal | undefined,
  start: (control: FlightControl) => Promise<HeldSession>,
): Promise<{ session: HeldSession; isOwn: boolean }> {
  const [store] = stores
  if (!store) throw new TypeError('no store')
  const underWay = flights.get(store) ?? new Map<string, Flight>()
  flights.set(store, underWay)
  const id = `${namespace}\n${what}`
  for (;;) {
    const flight = underWay.get(id)
    if (!flight || flight.controller.signal.aborted) break
    if (missingGrants(flight.resources, resources).length === 0)
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
  const keeping = (): void => {
    flight.isBeingKept = true
  }
  const result = start({ signal: controller.signal, keeping }).finally(() => {
    flight.isOver = true
    if (underWay.get(id) === flight) underWay.delete(id)
  })
  const flight: Flight = {
    namespace,
    account,
    resources,
    controller,
    result,
    waiting: 0,
    isBeingKept: false,
    isOver: false,
  }
  underWay.set(id, flight)
  return { session: await join(flight, signal), isOwn: true }
}

/** Waits for whatever is being kept there just now of the account, on any chain: of no one else. */
export async function kept({ stores, namespace }: Place, account: string): Promise<void> {
  const underWay = stores[0] ? [...(flights.get(stores[0])?.values() ?? [])] : []
  const own = underWay.filter(
    (flight) =>
      flight.isBeingKept &&
      flight.namespace === namespace &&
      chainless(flight.account) === chainless(account),
  )
  await Promise.allSettled(own.map(({ result }) => result))
}

// Whoever aborts leaves; the flight itself is given up when nobody waits any more.
async function join(flight: Flight, signal: AbortSignal | undefined): Promise<HeldSession> {
  flight.waiting++
  flight.result.catch(() => undefined)
  try {
    return await abortable(flight.result, signal)
  } catch (cause) {
    if (!flight.isBeingKept) throw cause
    return await flight.result
  } finally {
    if (--flight.waiting === 0 && !flight.isOver) flight.controller.abort(signal?.reason)
  }
}
