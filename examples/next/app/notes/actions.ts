'use server'

import { revalidatePath } from 'next/cache'
import { addNoteOf } from '../../server/notes'
import { currentCaller } from '../../server/pages'

/** Anybody can call a server action, so it checks who the caller is. */
export async function addNote(form: FormData): Promise<void> {
  const caller = await currentCaller('POST')
  if (!caller) throw new Error('Sign in first.')
  addNoteOf(caller.account, String(form.get('text')))
  revalidatePath('/notes')
}
