import { redirect } from 'next/navigation'
import { notesOf } from '../../server/notes'
import { currentCaller } from '../../server/pages'
import { addNote } from './actions'

export default async function Page() {
  const caller = await currentCaller()
  if (!caller) redirect('/')
  return (
    <>
      <h1>Notes of {caller.address}</h1>
      <ul>
        {notesOf(caller.account).map(({ id, text }) => (
          <li key={id}>{text}</li>
        ))}
      </ul>
      <form action={addNote}>
        <input name="text" aria-label="A note" required />
        <button type="submit">Add</button>
      </form>
    </>
  )
}
