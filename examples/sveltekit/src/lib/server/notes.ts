// In memory. A real app has a database.
const notes = new Map<string, string[]>()

export function notesOf(account: string): readonly string[] {
  return notes.get(account) ?? []
}

export function addNoteOf(account: string, text: string): void {
  notes.set(account, [...notesOf(account), text])
}
