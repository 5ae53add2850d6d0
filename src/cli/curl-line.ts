import { hiddenCharacter } from '../base/hidden-characters.js'
import { fromUtf8 } from '../base/utf8.js'
import { readNamedFile, readStdin } from './input.js'
import { usageError } from './output.js'
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

/** The body of a request, and the file that it came from, if it did. */
export interface RequestBody {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly file?: string
}

// Systems bound one argument; Linux at 128 KiB.
const MOST_INLINE_BYTES = 65_536

/** The line that has curl send a request as it was signed: for a POSIX shell, good for a minute, and once. */
export function curlLine({ method, url, headers }: Request, body: RequestBody | undefined): string {
  return [
    'curl',
    '--globoff',
    ...(method === 'HEAD' ? ['--head'] : ['--request', quoted(method)]),
    ...Array.from(
      headers,
      ([name, value]) =>
        `--header ${quoted(value === '' ? `${name};` : `${name}: ${shownValue(name, value)}`)}`,
    ),
    ...(body ? [bodyArgument(body)] : []),
    '--url',
    quoted(url.split('#', 1)[0] ?? ''),
  ].join(' ')
}

// A terminal would obey some of the bytes that a header can hold.
function shownValue(name: string, value: string): string {
  if (hiddenCharacter(value.replace(/\t/g, ' ')) === undefined) return value
  throw usageError(
    `the header ${name} has a character that a terminal does not show: send the request without --curl`,
  )
}

function bodyArgument({ bytes, file }: RequestBody): string {
  if (file !== undefined) return `--data-binary ${quoted(`@${file}`)}`
  const text = bytes.length <= MOST_INLINE_BYTES ? fromUtf8(bytes) : undefined
  if (text !== undefined && hiddenCharacter(text.replace(/[\n\t]/g, ' ')) === undefined)
    return `--data-raw ${quoted(text)}`
  throw usageError(
    'the body is too long for a command line, or no text that a terminal shows: put it in a file, and give --data @FILE',
  )
}

/** A text as one word of a POSIX shell, in which nothing is run and nothing replaced. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
