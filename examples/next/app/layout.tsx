import type { ReactNode } from 'react'
import { currentCaller, resources } from '../server/pages'
import { SignIn } from './sign-in'

export const metadata = { title: 'Notes' }

export default async function Layout({ children }: { children: ReactNode }) {
  const caller = await currentCaller()
  return (
    <html lang="en">
      <body>
        <header>
          <p id="greeting">{caller ? `You are ${caller.address}.` : 'You are signed out.'}</p>
          <SignIn resources={resources} />
        </header>
        <main>{children}</main>
      </body>
    </html>
  )
}
