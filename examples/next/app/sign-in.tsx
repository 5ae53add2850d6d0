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

  async function enter(): Promise<void> {
    const [wallet] = await discoverWallets()
    if (!wallet) return alert('There is no wallet in this browser.')
    const account = await ethereumAccount(wallet.provider)
    await signIn(account, ethereumAuth(wallet.provider, account))
  }

  async function leave(): Promise<void> {
    await signOut()
    router.refresh()
  }

  return (
    <p>
      <span role="status">{status}</span> {error && <span role="alert">{error.message}</span>}{' '}
      {session ? (
        <button type="button" id="sign-out" onClick={leave}>
          Sign out
        </button>
      ) : (
        <button type="button" id="sign-in" disabled={status === 'loading'} onClick={enter}>
          Sign in with your wallet
        </button>
      )}
    </p>
  )
}
