import { hiddenCharacter } from '../base/hidden-characters.js'
import { fromUtf8 } from '../base/utf8.js'
import { readNamedFile, readStdin } from './input.js'
import { usageError } from './output.js'

// Operating systems limit the length of one argument, Linux to 128 KiB.
const MAX_INLINE_BYTES = 65_536

/**
 * Returns the command for a POSIX shell with which curl sends a signed request. It can be used once, within a
 * minute.
 */
export function curlLine({ method, url, headers }: Request, body: RequestBody | undefined): string {
  return [
    'curl',
    '--globoff',
    ...(method === 'HEAD' ? ['--head'] : ['--request', quoted(method)]),
    ...Array.from(
      headers,
      ([name, value]) =>
        `--header ${quoted(value === '' ? `${name};` : `${name}: ${headerValue(name, value)}`)}`,
    ),
    ...(body ? [bodyArgument(body)] : []),
    '--url',
    quoted(url.split('#', 1)[0] ?? ''),
  ].join(' ')
}

// A terminal would act on some of the bytes that a header can contain.
function headerValue(name: string, value: string): string {
  if (hiddenCharacter(value.replace(/\t/g, ' ')) === undefined) return value
  throw usageError(
    `the header ${name} has a character that a terminal does not show: send the request without --curl`,
  )
}

function bodyArgument({ bytes, file }: RequestBody): string {
  if (file !== undefined) return `--data-binary ${quoted(`@${file}`)}`
  const text = bytes.length <= MAX_INLINE_BYTES ? fromUtf8(bytes) : undefined
  if (text !== undefined && hiddenCharacter(text.replace(/[\n\t]/g, ' ')) === undefined)
    return `--data-raw ${quoted(text)}`
  throw usageError(
    'the body is too long for a command line, or has characters that a terminal does not show: put it in a file and give --data @FILE',
  )
}

/** Quotes a text as one word of a POSIX shell, in which nothing is executed or replaced. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** The body of a request, and the file that it was read from, if any. */
export interface RequestBody {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly file?: string
}

/**
 * Reads the body that `--data` or `--json` gives: the text itself, `@FILE` for a file, or `@-` for stdin. No
 * byte is changed.
 */
export async function requestBody(data: string | undefined): Promise<RequestBody | undefined> {
  if (data === undefined) return undefined
  if (data === '@-') return { bytes: new Uint8Array(await readStdin('the body')) }
  if (!data.startsWith('@')) return { bytes: new TextEncoder().encode(data) }
  const file = data.slice(1)
  return { bytes: new Uint8Array(await readNamedFile(file, 'the body')), file }
}

/** Parses the `--header` options. `type` is the Content-Type unless they set another. */
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
