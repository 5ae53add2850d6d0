import { fromUtf8 } from '../base/utf8.js'
import { usageError } from './exit-codes.js'

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
    ...(method === 'HEAD' ? ['--head'] : ['--request', method]),
    ...Array.from(
      headers,
      ([name, value]) => `--header ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`,
    ),
    ...(body ? [bodyArgument(body)] : []),
    '--url',
    quoted(url.split('#', 1)[0] ?? ''),
  ].join(' ')
}

function bodyArgument({ bytes, file }: RequestBody): string {
  if (file !== undefined) return `--data-binary ${quoted(`@${file}`)}`
  const text = bytes.length <= MOST_INLINE_BYTES ? fromUtf8(bytes) : undefined
  if (text !== undefined && !text.includes('\0')) return `--data-raw ${quoted(text)}`
  throw usageError(
    'the body is too long for a command line, or no text: put it in a file, and give --data @FILE',
  )
}

/** A text as one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
