'use client'

import { DIDSession } from 'cacao-session'
import { ethereumAccount, ethereumAuth } from 'cacao-session/ethereum'
import { useRouter } from 'next/navigation'
import { useEffect, useState } from 'react'

const resources = () => [`${location.origin}/*`]

/** Keeps the cookie while a page is open, and leaves it when the person signs out, here or in another tab. */
async function keep(session) {
  session.on('removed', () => location.replace('/login'))
  session.on('expired', () => location.replace('/login'))
  await session.keepCookie('/session')
}

export function SessionProvider({ children }) {
  useEffect(() => {
    DIDSession.load().then((session) => session && keep(session)).catch(console.error)
  }, [])
  return children
}

export function SignInButton() {
  const router = useRouter()
  const [problem, setProblem] = useState('')
  const signIn = async () => {
    try {
      const account = await ethereumAccount(window.ethereum)
      const auth = ethereumAuth(window.ethereum, account)
      const session = await DIDSession.get(account, auth, { resources: resources() })
      await keep(session)
      router.push('/account')
    } catch (error) {
      setProblem(error.message)
    }
  }
  return (
    <>
      <button type="button" id="sign-in" onClick={signIn}>
        Sign in with your wallet
      </button>
      <p role="alert">{problem}</p>
    </>
  )
}

export function SignOutButtons() {
  const withSession = (work) => async () => {
    const session = await DIDSession.load()
    if (session) await work(session)
    location.replace('/login')
  }
  return (
    <p>
      <button type="button" id="sign-out" onClick={withSession((session) => session.remove())}>
        Sign out
      </button>
      <button type="button" id="revoke" onClick={withSession((session) => session.revoke('/api/revoke'))}>
        Sign out everywhere
      </button>
    </p>
  )
}
