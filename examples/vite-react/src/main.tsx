import { SessionProvider } from 'cacao-session/react'
import { StrictMode } from 'react'
import { App } from './app.js'
import { render } from './render.js'
import { resources } from './resources.js'
import { Wallets } from './wallets.js'

render(
  <StrictMode>
    <SessionProvider resources={resources} statement="Say hello for a week without asking me again.">
      <App>
        <Wallets />
      </App>
    </SessionProvider>
  </StrictMode>,
)
