import { useSession } from 'cacao-session/react'
import type { ReactNode } from 'react'
import { Accounts } from './accounts.js'
import { Hello } from './hello.js'
import { dateOf, shortOf } from './words.js'

/** The whole page. The children are the controls to sign in and out. */
export function App({ children }: { children: ReactNode }) {
  const { status, session, account } = useSession()
  return (
    <main>
      <h1>Sign in once</h1>
      <p role="status">{STATUSES[status]}</p>
      {children}

      {session && (
        <section aria-labelledby="you">
          <h2 id="you" title={session.account}>
            You are {shortOf(session.account)}
          </h2>
          <p>
            You will not be asked again until {dateOf(session.expiresAt)}. Reload this page, or open it in
            another tab.
          </p>
          <Hello session={session} />
        </section>
      )}
      <Accounts key={`${status} ${account}`} />
    </main>
  )
}

const STATUSES = {
  loading: 'Looking for your session…',
  'signed-out': 'You are signed out.',
  'signing-in': 'Look at your wallet: it asks you to sign in.',
  'signed-in': 'You are signed in.',
  expiring: 'You are signed in, but not for much longer.',
  error: 'Your session could not be loaded.',
}
