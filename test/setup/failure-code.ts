/** Identifies an error: by the code of a `SessionError`, or else by its name. */
export function failureCode(error: unknown): string {
  if (error instanceof Error) return 'code' in error ? String(error.code) : error.name
  return String(error)
}
