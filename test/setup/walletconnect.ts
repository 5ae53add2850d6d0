import { type TestWallet, testWallet } from '../../src/testing/index.js'

type Listener = (payload?: unknown) => void

/** The behaviour of WalletConnect's provider (`@walletconnect/ethereum-provider`), with a test wallet as the app on the phone. */
interface WalletConnectProvider {
  session: object | undefined
  request(args: { method: string; params?: unknown }): Promise<unknown>
  on(event: string, listener: Listener): WalletConnectProvider
  removeListener(event: string, listener: Listener): WalletConnectProvider
}

export interface WalletConnectStandIn {
  readonly provider: WalletConnectProvider
  /** The app: its behaviour and its calls. */
  readonly app: TestWallet
  /** The person disconnects in the app. Pending requests stay pending, as they do there. */
  end(): void
  /** The number of listeners to an event. */
  listeners(event: string): number
}

export function walletConnect(): WalletConnectStandIn {
  const app = testWallet({ connected: false })
  const listeners = new Map<string, Set<Listener>>()
  const of = (event: string): Set<Listener> => {
    const found = listeners.get(event) ?? new Set()
    listeners.set(event, found)
    return found
  }
  const emit = (event: string, payload?: unknown): void => {
    for (const listener of [...of(event)]) listener(payload)
  }
  const provider: WalletConnectProvider = {
    session: undefined,
    async request(args) {
      if (args.method === 'eth_requestAccounts' && !provider.session) {
        emit('display_uri', 'wc:00@2?relay-protocol=irn&symKey=00')
        const accounts = await app.provider.request(args)
        provider.session = { topic: '00' }
        return accounts
      }
      return app.provider.request(args)
    },
    on(event, listener) {
      of(event).add(listener)
      return provider
    },
    removeListener(event, listener) {
      of(event).delete(listener)
      return provider
    },
  }
  return {
    provider,
    app,
    end() {
      provider.session = undefined
      emit('session_delete', { topic: '00' })
      emit('disconnect', { code: 6000, message: 'User disconnected.' })
    },
    listeners: (event) => of(event).size,
  }
}
