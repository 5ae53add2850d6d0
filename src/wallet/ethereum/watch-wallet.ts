import type { AccountInput } from '../../base/account.js'
import { assertOptions } from '../message-options.js'
import type { WalletChange, WalletEvent } from './account-watch.js'
import type { EIP1193Provider } from './signer.js'
import { ethereumArgument } from './wallet-account.js'

export type { WalletChange } from './account-watch.js'

const EVENTS: readonly WalletEvent[] = ['accountsChanged', 'chainChanged', 'disconnect', 'connect']
const NO_ACCOUNT: WalletChange = { account: undefined, accounts: [], isWatched: false }

/** Which account `watchWallet` watches, and for how long. */
export interface WatchWalletOptions {
  /**
   * The account to watch, usually the one of the session. The default is the account that the wallet shows
   * first.
   */
  account?: AccountInput | undefined
  /**
   * Compares addresses only: switching to a different chain is not a change, and the watched account keeps its id. The default is
   * false.
   */
  anyChain?: boolean
  /** Stops watching, like the returned function. */
  signal?: AbortSignal
}

/**
 * Calls the listener each time an EIP-1193 wallet shows a different account than before, so that an app never
 * acts for the wrong person. The wallet never opens, because it is only asked silently. A wallet that does not
 * answer within 3 seconds counts as showing no account. Returns a function that stops watching. Throws a
 * `TypeError` if the provider has no events, or for a wrong argument.
 *
 * If `account` is given and the wallet already shows a different account, the listener is called at once. It is
 * not called for a wallet that is locked from the start, because a session needs no wallet.
 *
 * While a promise that the listener returned is pending, further changes wait. Then the listener is called
 * once, with the latest change.
 *
 * @example
 * let session = await DIDSession.load()
 * const changed = async ({ account }: WalletChange) => {
 *   session = undefined // Do nothing until we know who is signed in.
 *   if (account) session = await DIDSession.load(account)
 * }
 * const stop = watchWallet(provider, changed, { account: session?.id })
 */
export function watchWallet(
  provider: EIP1193Provider,
  listener: (change: WalletChange) => unknown,
  options: WatchWalletOptions = {},
): () => void {
  assertOptions(options, ['account', 'anyChain', 'signal'])
  const { account, anyChain = false, signal } = options
  const { on, off } = eventsOf(provider)
  if (typeof listener !== 'function') throw new TypeError('listener must be a function')
  const own = account === undefined ? undefined : ethereumArgument(account)
  if (signal?.aborted) return () => undefined

  const end = new AbortController()
  // Ask the wallet now: it may change while the rest of the code loads.
  const answers = Promise.all(
    ['eth_accounts', 'eth_chainId'].map(async (method) => provider.request({ method })),
  )
  answers.catch(() => undefined)
  const watching = import('./account-watch.js').then(
    ({ AccountWatch }) =>
      new AccountWatch({ provider, listener, account: own, anyChain, answers, signal: end.signal }),
  )
  watching.catch(() => undefined)
  // If that code cannot be loaded, any account may be chosen: report none, so that the app stops acting.
  const reportNoAccount = (): unknown => end.signal.aborted || listener(NO_ACCOUNT)
  const handlers = EVENTS.map((event) => {
    const handler = (payload: unknown): void =>
      void watching.then((watch) => watch.handle(event, payload), reportNoAccount)
    on(event, handler)
    return [event, handler] as const
  })
  const stop = (): void => {
    end.abort()
    for (const [event, handler] of handlers) off(event, handler)
  }
  signal?.addEventListener('abort', stop, { once: true, signal: end.signal })
  return stop
}

type Subscribe = (event: string, handler: (payload: unknown) => void) => unknown
type Emitter = Readonly<Partial<Record<'on' | 'removeListener' | 'off', Subscribe>>>

function eventsOf(provider: EIP1193Provider): { readonly on: Subscribe; readonly off: Subscribe } {
  const { request, on, removeListener, off } = Object(provider) as EIP1193Provider & Emitter
  const remove = removeListener ?? off
  if (typeof request === 'function' && typeof on === 'function' && typeof remove === 'function')
    return { on: on.bind(provider), off: remove.bind(provider) }
  throw new TypeError('provider must be an EIP-1193 provider with the methods on and removeListener')
}
