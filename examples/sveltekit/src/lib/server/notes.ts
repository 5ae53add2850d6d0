export interface Note {
  readonly id: string
  readonly text: string
}

// The notes are in memory. A real app has a database.
const notes = new Map<string, Note[]>()

export function notesOf(account: string): readonly Note[] {
  return notes.get(account) ?? []
}

export function addNoteOf(account: string, text: string): void {
  notes.set(account, [...notesOf(account), { id: crypto.randomUUID(), text }])
}
