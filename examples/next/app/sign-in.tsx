'use client'

import { discoverWallets, ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
import { SessionProvider, useSession } from 'cacao-session/react'
import { useRouter } from 'next/navigation'
import { useEffect } from 'react'

export function SignIn({ resources }: { resources: string[] }) {
  return (
    <SessionProvider resources={resources}>
      <Session />
    </SessionProvider>
  )
}

function Session() {
  const { status, session, error, signIn, signOut } = useSession()
  const router = useRouter()

  // The server knows the person by the cookie, so render its components again once the cookie is set.
  useEffect(() => {
    if (!session) return
    const end = new AbortController()
    session.keepCookie('/session', { signal: end.signal }).then(
      () => router.refresh(),
      (reason: unknown) => end.signal.aborted || console.error(reason),
    )
    return () => end.abort()
  }, [session, router])

  // The session may also end in another tab, or expire. Its cookie is cleared by then, and the server shows nothing private any more.
  useEffect(() => {
    if (status === 'signed-out') router.refresh()
  }, [status, router])

  const connect = async () => {
    const [wallet] = await discoverWallets()
    const account = await ethereumAccount(wallet?.provider)
    return { account, authMethod: ethereumAuth(wallet?.provider, account) }
  }

  return (
    <p>
      <span role="status">{status}</span> {error && <span role="alert">{error.message}</span>}{' '}
      {session ? (
        <button type="button" id="sign-out" onClick={signOut}>
          Sign out
        </button>
      ) : (
        <button type="button" id="sign-in" disabled={status === 'loading'} onClick={() => signIn(connect)}>
          Sign in with your wallet
        </button>
      )}
    </p>
  )
}
