export interface Note {
  readonly id: string
  readonly text: string
}

// In memory, and once for all bundles that Next.js makes of this file. A real app has a database.
const kept = globalThis as typeof globalThis & { notes?: Map<string, Note[]> }
kept.notes ??= new Map()
const notes = kept.notes

export function notesOf(account: string): readonly Note[] {
  return notes.get(account) ?? []
}

export function addNoteOf(account: string, text: string): void {
  notes.set(account, [...notesOf(account), { id: crypto.randomUUID(), text }])
}
