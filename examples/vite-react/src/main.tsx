import { SessionProvider, SignInButton } from 'cacao-session/react'
import { ethereumWallets } from 'cacao-session/wallets'
import { StrictMode } from 'react'
import 'cacao-session/sign-in-button.css'
import { App } from './app.js'
import { render } from './render.js'
import { resources } from './resources.js'
import { reasonOf } from './words.js'

const wallets = [ethereumWallets()]
const words = { failed: reasonOf }

render(
  <StrictMode>
    <SessionProvider resources={resources} statement="Say hello for a week without asking me again.">
      <App>
        <SignInButton wallets={wallets} words={words} />
      </App>
    </SessionProvider>
  </StrictMode>,
)
