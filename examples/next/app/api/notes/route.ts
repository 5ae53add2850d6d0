import { requireSession } from 'cacao-session/fetch'
import { addNoteOf, notesOf } from '../../../server/notes'
import { signed } from '../../../server/pages'

/** Called with `session.fetch`: the request is signed, and the cookie has no part in it. */
export const POST = requireSession(signed, async (request, { account }) => {
  addNoteOf(account, await request.text())
  return Response.json({ notes: notesOf(account).length })
})
