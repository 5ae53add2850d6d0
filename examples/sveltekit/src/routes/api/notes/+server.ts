import { requireSession } from 'cacao-session/fetch'
import { addNoteOf, notesOf } from '$lib/server/notes'
import { checks } from '$lib/server/pages'
import type { RequestHandler } from './$types'

const add = requireSession(checks, async (request, { account }) => {
  addNoteOf(account, await request.text())
  return Response.json({ notes: notesOf(account).length })
})

/** Called with `session.fetch`: the request is signed, so the cookie is not used. */
export const POST: RequestHandler = ({ request }) => add(request)
