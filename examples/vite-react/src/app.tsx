import { useSession } from 'cacao-session/react'
import type { ReactNode } from 'react'
import { Accounts } from './accounts.js'
import { Hello } from './hello.js'
import { dateOf, reasonOf, shortOf } from './words.js'

/** The whole page; inside of it, the ways to sign in. */
export function App({ children }: { children: ReactNode }) {
  const { status, session, account, error, signOut, retry } = useSession()
  return (
    <main>
      <h1>Sign in once</h1>
      <p role="status">{STATUSES[status]}</p>
      {error && <p role="alert">{reasonOf(error)}</p>}

      {(status === 'signed-in' || status === 'expiring') && (
        <section aria-labelledby="you">
          <h2 id="you" title={account}>
            You are {shortOf(account)}
          </h2>
          <p>
            Until {dateOf(session.expiresAt)}, nobody asks you again. Reload this page, or open it in another
            tab.
          </p>
          <Hello session={session} />
          <button type="button" className="quiet" onClick={signOut}>
            Sign out
          </button>
        </section>
      )}
      {status === 'signing-in' && (
        <button type="button" className="quiet" onClick={signOut}>
          Cancel
        </button>
      )}
      {status === 'signed-out' && (
        <section aria-labelledby="sign-in">
          <h2 id="sign-in">
            {account ? `Sign in again as ${shortOf(account)}` : 'Sign in with your wallet'}
          </h2>
          {children}
        </section>
      )}
      {status === 'error' && (
        <button type="button" onClick={retry}>
          Try again
        </button>
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
  error: 'Nobody knows yet whether you are signed in.',
}
