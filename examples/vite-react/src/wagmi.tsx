import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
import { SessionProvider, useSession } from 'cacao-session/react'
import { StrictMode } from 'react'
import {
  type Connector,
  createConfig,
  http,
  useConnect,
  useConnection,
  useConnectors,
  WagmiProvider,
} from 'wagmi'
import { getWalletClient } from 'wagmi/actions'
import { mainnet } from 'wagmi/chains'
import { injected } from 'wagmi/connectors'
import { App } from './app.js'
import { render } from './render.js'
import { resources } from './resources.js'
import { reasonOf } from './words.js'

// For apps with wagmi: it connects the wallet, and its wallet client signs in.
const config = createConfig({
  chains: [mainnet],
  connectors: [injected()],
  transports: { [mainnet.id]: http() },
})

/** Does the same as the sign-in button of the other page, but lists the connectors of wagmi. */
function Connectors() {
  const { status, error, signIn, signOut, retry } = useSession()
  const { connector: connected } = useConnection()
  const { mutateAsync: connect } = useConnect()
  const connectors = useConnectors()

  const signInWith = (connector: Connector) =>
    signIn(async () => {
      if (connector.uid !== connected?.uid) await connect({ connector })
      const client = await getWalletClient(config, { connector })
      const account = await ethereumAccount(client)
      return { account, authMethod: ethereumAuth(client, account) }
    })

  return (
    <>
      {error && <p role="alert">{reasonOf(error)}</p>}
      {status === 'signed-out' && (
        <ul className="wallets">
          {connectors.map((connector) => (
            <li key={connector.uid}>
              <button type="button" onClick={() => signInWith(connector)}>
                {connector.name}
              </button>
            </li>
          ))}
        </ul>
      )}
      {status === 'error' && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
      {(status === 'signing-in' || status === 'signed-in' || status === 'expiring') && (
        <button type="button" className="quiet" onClick={signOut}>
          {status === 'signing-in' ? 'Cancel' : 'Sign out'}
        </button>
      )}
    </>
  )
}

render(
  <StrictMode>
    <WagmiProvider config={config}>
      <QueryClientProvider client={new QueryClient()}>
        <SessionProvider resources={resources}>
          <App>
            <Connectors />
          </App>
        </SessionProvider>
      </QueryClientProvider>
    </WagmiProvider>
  </StrictMode>,
)
