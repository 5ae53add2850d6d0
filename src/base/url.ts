/** The URL that a text is; `undefined` if it is none. `URL.parse` and `URL.canParse` are not in every runtime yet. */
export function parseURL(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
