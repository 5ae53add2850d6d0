import { requireSession } from 'cacao-session/fetch'
import { addNoteOf, notesOf } from '../../../server/notes'
import { signed } from '../../../server/pages'

/** Called with `session.fetch`: the request is signed, so the cookie is not used. */
export const POST = requireSession(signed, async (request, { account }) => {
  addNoteOf(account, await request.text())
  return Response.json({ notes: notesOf(account).length })
})
