import { abortable } from '../base/abort.js'
import { chainless } from '../base/account.js'
import { missingGrants } from '../capability/recap.js'
import type { SessionData } from '../store/store.js'

/** What is signed in or renewed: an account, or else what `id` names, for these resources. */
export interface SignInRequest {
  readonly account: string
  readonly id?: string
  readonly resources: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/** How a pending sign-in hears from those who wait for it, and tells them. */
export interface SignInControl {
  /** Aborted once nobody waits any more. */
  readonly signal: AbortSignal
  /** To be called before the session is stored. Aborting has no effect from then on: the caller gets the session. */
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

/** The sign-ins and renewals that are under way in this page, for one store and namespace. */
export class PendingSignIns {
  readonly #pending = new Map<string, PendingSignIn>()

  /**
   * Starts a sign-in, or joins the pending one for the same account if that asks for as much. `isOwn` tells which of the two
   * it was.
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
      // It asks for less than this one needs. Two prompts at once would confuse the person, so this one waits.
      await abortable(settled(pending.result), signal)
    }
    return { session: await join(this.#start(id, account, resources, start), signal), isOwn: true }
  }

  /** Waits for the sessions of the account, on any chain, that are being stored at this moment. */
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

/** The pending sign-ins of all that share a store and namespace, made when first asked for. */
export function pendingSignInsOf({ shared }: { readonly shared: object }): PendingSignIns {
  const own = pendingSignIns.get(shared) ?? new PendingSignIns()
  pendingSignIns.set(shared, own)
  return own
}

// Aborting ends the caller's own waiting. The sign-in itself is given up when nobody waits any more.
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
