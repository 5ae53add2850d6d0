import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { SignOutButtons } from '../../components/session.jsx'
import { pages } from '../../lib/pages.js'
import { nicknameOf, setNickname } from '../../lib/nicknames.js'

// The page asks again who it is: a proxy can be left out by mistake, and a page that shows something must know to whom.
export default async function Account() {
  const who = await pages.read(await headers())
  if (!who || who === 'stale') redirect('/login')

  async function rename(form) {
    'use server'
    // A server action changes something, so the method is said: it must come from a page of this origin.
    const caller = await pages.read(await headers(), { method: 'POST' })
    if (!caller || caller === 'stale') redirect('/login')
    setNickname(caller.account, String(form.get('nickname')))
    redirect('/account')
  }

  return (
    <main>
      <h1 id="who">{who.address}</h1>
      <p id="nickname">{nicknameOf(who.account)}</p>
      <form action={rename}>
        <input name="nickname" aria-label="Nickname" />
        <button type="submit" id="rename">
          Rename
        </button>
      </form>
      <SignOutButtons />
    </main>
  )
}
