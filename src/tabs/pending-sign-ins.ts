import { abortable } from '../base/abort.js'
import { chainless } from '../base/account.js'
import { missingGrants } from '../capability/recap.js'
import type { SessionData } from '../store/store.js'

/** Which sign-in or renewal is requested. */
export interface SignInRequest {
  readonly account: string
  /** Requests with the same id share one sign-in; the account by default. */
  readonly id?: string
  readonly resources: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/** What connects a pending sign-in with the calls that wait for it. */
export interface SignInControl {
  /** Aborts when no call is waiting any more. */
  readonly signal: AbortSignal
  /** The sign-in must call this before it stores the session. From then on, aborting has no effect: the calls get the session. */
  storing(): void
}

interface PendingSignIn {
  readonly account: string
  readonly resources: readonly string[]
  readonly controller: AbortController
  readonly result: Promise<SessionData>
  waiting: number
  isStoring: boolean
  isOver: boolean
}

/** The sign-ins and renewals that are running in this page, for one store and namespace. */
export class PendingSignIns {
  readonly #pending = new Map<string, PendingSignIn>()

  /**
   * Starts a sign-in, or joins the pending one with the same id if that one asks for at least the same resources. `isOwn` is true if
   * it started one.
   */
  async share(
    { account, id = account, resources, signal }: SignInRequest,
    start: (control: SignInControl) => Promise<SessionData>,
  ): Promise<{ session: SessionData; isOwn: boolean }> {
    for (;;) {
      const pending = this.#pending.get(id)
      if (!pending || pending.controller.signal.aborted) break
      if (missingGrants(pending.resources, resources).length === 0)
        return { session: await join(pending, signal), isOwn: false }
      // The pending one asks for less than is needed here. Two prompts at once would confuse the person, so wait for its end.
      await abortable(settled(pending.result), signal)
    }
    return { session: await join(this.#start(id, account, resources, start), signal), isOwn: true }
  }

  /** Waits until the sessions of the account, on any chain, that are being stored at this moment are stored. */
  async stored(account: string): Promise<void> {
    const own = [...this.#pending.values()].filter(
      (pending) => pending.isStoring && chainless(pending.account) === chainless(account),
    )
    await Promise.all(own.map(({ result }) => settled(result)))
  }

  #start(
    id: string,
    account: string,
    resources: readonly string[],
    start: (control: SignInControl) => Promise<SessionData>,
  ): PendingSignIn {
    const controller = new AbortController()
    const storing = (): void => {
      pending.isStoring = true
    }
    const result = start({ signal: controller.signal, storing }).finally(() => {
      pending.isOver = true
      if (this.#pending.get(id) === pending) this.#pending.delete(id)
    })
    const pending: PendingSignIn = {
      account,
      resources,
      controller,
      result,
      waiting: 0,
      isStoring: false,
      isOver: false,
    }
    this.#pending.set(id, pending)
    return pending
  }
}

const pendingSignIns = new WeakMap<object, PendingSignIns>()

/** The pending sign-ins of a store and namespace; created at the first call. */
export function pendingSignInsOf({ shared }: { readonly shared: object }): PendingSignIns {
  const own = pendingSignIns.get(shared) ?? new PendingSignIns()
  pendingSignIns.set(shared, own)
  return own
}

// Aborting ends only this call's wait. The sign-in itself is aborted when no call is waiting any more.
async function join(pending: PendingSignIn, signal: AbortSignal | undefined): Promise<SessionData> {
  pending.waiting++
  pending.result.catch(() => undefined)
  try {
    return await abortable(pending.result, signal)
  } catch (cause) {
    if (!pending.isStoring) throw cause
    return await pending.result
  } finally {
    if (--pending.waiting === 0 && !pending.isOver) pending.controller.abort(signal?.reason)
  }
}

function settled(result: Promise<unknown>): Promise<void> {
  return result.then(
    () => undefined,
    () => undefined,
  )
}
