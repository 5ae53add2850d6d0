import { error, redirect } from '@sveltejs/kit'
import { addNoteOf, notesOf } from '$lib/server/notes'
import type { Actions, PageServerLoad } from './$types'

export const load: PageServerLoad = ({ locals: { caller } }) => {
  if (!caller) redirect(303, '/')
  return { owner: caller.address, notes: notesOf(caller.account) }
}

export const actions: Actions = {
  // For a form of another site, `caller` is undefined: see `read`.
  default: async ({ locals: { caller }, request }) => {
    if (!caller) error(401, 'Sign in first.')
    addNoteOf(caller.account, String((await request.formData()).get('text')))
  },
}
