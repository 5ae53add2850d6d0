import Link from 'next/link'

export default function Page() {
  return (
    <>
      <h1>Notes</h1>
      <p>
        <Link href="/notes">Your notes</Link> are for you alone.
      </p>
    </>
  )
}
