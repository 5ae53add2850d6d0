export interface Note {
  readonly id: string
  readonly text: string
}

// The notes are in memory. A real app has a database. The map is global because Next.js puts this file into several bundles.
const shared = globalThis as typeof globalThis & { notes?: Map<string, Note[]> }
shared.notes ??= new Map()
const notes = shared.notes

export function notesOf(account: string): readonly Note[] {
  return notes.get(account) ?? []
}

export function addNoteOf(account: string, text: string): void {
  notes.set(account, [...notesOf(account), { id: crypto.randomUUID(), text }])
}
