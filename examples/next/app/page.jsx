import { headers } from 'next/headers'
import Link from 'next/link'
import { pages } from '../lib/pages.js'

// A page for everybody, that greets those who are known.
export default async function Home() {
  const who = await pages.read(await headers())
  return (
    <main>
      <h1 id="who">Hello, {typeof who === 'object' ? who.address : 'stranger'}</h1>
      <Link href="/account" prefetch={false}>
        Your account
      </Link>
    </main>
  )
}
