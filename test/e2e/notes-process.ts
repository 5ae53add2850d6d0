import { type ExampleProcess, startExample } from './example-process.js'

export interface NotesProcess extends ExampleProcess {
  /** The page's URL, with a slash at the end. */
  readonly url: string
}

const address = /^ {2}Notes: (\S+)\n/m

/** Starts the notes of the examples on a free port. */
export async function startNotes(env: Readonly<Record<string, string>> = {}): Promise<NotesProcess> {
  const notes = await startExample('notes/start.js', address, env)
  return { ...notes, url: address.exec(notes.printed)?.[1] ?? '' }
}
