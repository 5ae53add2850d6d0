import type { AccountInput } from '../base/account.js'
import type { WalletChange, WalletEvent } from './account-watch.js'
import { ethereumArgument } from './asked-account.js'
import type { EIP1193Provider } from './ethereum/signer.js'

export type { WalletChange } from './account-watch.js'

/** Which account is watched, and until when. */
export interface WatchWalletOptions {
  /** The account that is watched: the session's. By default, the one that the wallet shows at the start. */
  account?: AccountInput | undefined
  /** Only the address matters: another chain is no change, and the watched account keeps its id on any of them. */
  anyChain?: boolean
  /** Ends the watching, as the returned function does. */
  signal?: AbortSignal
}

/**
 * Calls the listener each time that an EIP-1193 wallet shows another account than before, so that an app never
 * acts for the wrong person. The wallet is asked silently and never opens; if it fails to say within 3 seconds
 * what it shows, it shows no account. Gives a function that ends the watching. Throws a `TypeError` if the
 * provider emits no events.
 *
 * Where `account` is given, the first call comes at once if the wallet shows another one already. A wallet that
 * is locked then, and stays so, is no change: a session needs none.
 *
 * While a promise that the listener returned is pending, changes wait; then it is called with the last one.
 *
 * @example
 * let session = await DIDSession.load()
 * const changed = async ({ account }) => {
 *   session = undefined // Nobody acts until it is known who.
 *   if (account) session = await DIDSession.load(account)
 * }
 * const stop = watchWallet(window.ethereum, changed, { account: session?.id })
 */
export function watchWallet(
  provider: EIP1193Provider,
  listener: (change: WalletChange) => unknown,
  { account, anyChain = false, signal }: WatchWalletOptions = {},
): () => void {
  const { on, off } = eventsOf(provider)
  if (typeof listener !== 'function') throw new TypeError('listener must be a function')
  const own = account === undefined ? undefined : ethereumArgument(account)
  if (signal?.aborted) return () => undefined

  const end = new AbortController()
  // Asked at once: while the rest loads, the wallet may change.
  const answers = Promise.all(
    ['eth_accounts', 'eth_chainId'].map(async (method) => provider.request({ method })),
  )
  answers.catch(() => undefined)
  const watching = import('./account-watch.js').then(
    ({ AccountWatch }) =>
      new AccountWatch({ provider, listener, account: own, anyChain, answers, signal: end.signal }),
  )
  watching.catch(() => undefined)
  const blind = (): unknown => end.signal.aborted || listener(NOBODY)
  const handlers = EVENTS.map((event) => {
    const handler = (payload: unknown): void =>
      void watching.then((watch) => watch.take(event, payload), blind)
    on(event, handler)
    return [event, handler] as const
  })
  const stop = (): void => {
    end.abort()
    signal?.removeEventListener('abort', stop)
    for (const [event, handler] of handlers) off(event, handler)
  }
  signal?.addEventListener('abort', stop, { once: true })
  return stop
}

const EVENTS: readonly WalletEvent[] = ['accountsChanged', 'chainChanged', 'disconnect', 'connect']
// What is told if the code that looks at the wallet can't be loaded: then anyone may be there.
const NOBODY: WalletChange = { account: undefined, accounts: [], isWatched: false }

type Subscribe = (event: string, handler: (payload: unknown) => void) => unknown
type Emitter = Readonly<Partial<Record<'on' | 'removeListener' | 'off', Subscribe>>>

function eventsOf(provider: EIP1193Provider): { readonly on: Subscribe; readonly off: Subscribe } {
  const { request, on, removeListener, off } = (provider ?? {}) as EIP1193Provider & Emitter
  const remove = removeListener ?? off
  if (typeof request === 'function' && typeof on === 'function' && typeof remove === 'function')
    return { on: on.bind(provider), off: remove.bind(provider) }
  throw new TypeError(
    'provider must be an EIP-1193 provider that emits events, with on and removeListener: this one has none',
  )
}
