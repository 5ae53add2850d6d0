/**
 * Parses a URL; `undefined` if the text is not an absolute URL. Some runtimes don't have `URL.parse` and `URL.canParse`
 * yet.
 */
export function parseURL(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
