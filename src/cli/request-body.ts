import type { RequestBody } from './curl-line.js'
import { usageError } from './exit-codes.js'
import { readNamedFile } from './read-file.js'
import { readStdin } from './stdin.js'

/** The body that `--data` or `--json` names: itself, `@FILE`, or `@-` for stdin; every byte as it is. */
export async function requestBody(data: string | undefined): Promise<RequestBody | undefined> {
  if (data === undefined) return undefined
  if (data === '@-') return { bytes: new Uint8Array(await readStdin('the body')) }
  if (!data.startsWith('@')) return { bytes: new TextEncoder().encode(data) }
  const file = data.slice(1)
  return { bytes: new Uint8Array(await readNamedFile(file, 'the body')), file }
}

/** The headers that `--header` names, and the type that the body has unless they say another. */
export function requestHeaders(lines: readonly string[], type: string | undefined): Headers {
  const headers = new Headers()
  for (const line of lines) {
    const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined)
      throw usageError('--header must be a name and a value, such as "Accept: text/plain"')
    headers.append(name, value)
  }
  if (type !== undefined && !headers.has('content-type')) headers.set('content-type', type)
  return headers
}
