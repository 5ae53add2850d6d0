import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { fromUtf8 } from '../base/bytes.js'
import { LONGEST_TIMER_MS } from '../base/environment.js'
import { hiddenCharacter } from '../base/hidden-characters.js'
import { several } from './grant.js'
import { readNamedFile, readStdin } from './input.js'
import { CommandError, durationSecs, EXIT, print, shown, usageError } from './output.js'
import { addSessionOptions, chosenSession, type SessionCommandOptions } from './sessions.js'

interface RequestOptions extends SessionCommandOptions {
  readonly method?: string
  readonly header?: readonly string[]
  readonly data?: string
  readonly json?: string
  readonly include?: boolean
  readonly maxTime?: number
  readonly curl?: boolean
}

export function configure(command: Command): void {
  command
    .description(
      'Send a request that the session signs (RFC 9421), and print the response. The options have the same names as in curl. Redirects are not followed, because a signature is for one URL.',
    )
    .argument('<url>', 'the URL to send the request to')
    .option('-X, --method <method>', 'GET by default, or POST with a body')
    .option('-H, --header <line>', 'a header, such as "Accept: text/plain"; may be repeated', several)
    .option('-d, --data <data>', 'the body, sent unchanged; @FILE for a file, @- for stdin')
    .option('--json <data>', 'the same, with the Content-Type application/json')
    .option('-i, --include', 'print the status and the headers of the response too')
    .option('-m, --max-time <duration>', 'how long the whole request may take', durationSecs)
    .option(
      '--curl',
      'print the command for curl instead of sending the request; it can be used once, within a few minutes',
    )
    .action(run)
  addSessionOptions(command)
  command.addHelpText(
    'after',
    `
Examples:
  cacao-session request https://api.example.com/notes
  cacao-session request https://api.example.com/notes/new --json '{"text":"Buy cacao beans"}'
  echo hello | cacao-session request https://api.example.com/notes/new -d @- -H 'Content-Type: text/plain'
  sh -c "$(cacao-session request https://api.example.com/notes --curl)"
  cacao-session request --session-env SESSION https://api.example.com/notes`,
  )
}

async function run(target: string, options: RequestOptions): Promise<void> {
  const url = urlArgument(target)
  if (options.data !== undefined && options.json !== undefined)
    throw usageError('give either --data or --json')
  const body = await requestBody(options.json ?? options.data)
  const request = requestTo(url, body, options)
  const session = await chosenSession(options)
  const signed = await session.signRequest(request)
  if (options.curl) return print(curlLine(signed, body))
  const response = await send(signed, options.maxTime)
  await printResponse(response, options)
}

/** Parses an http or https URL. Ends the command for anything else, and for a URL with a password. */
export function urlArgument(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw usageError('the URL must begin with https:// or http://')
  if (url.username !== '' || url.password !== '')
    throw usageError(
      'the URL must not contain a user name or a password: the session says who sends the request',
    )
  return url
}

function requestTo(
  url: URL,
  body: RequestBody | undefined,
  { method, header = [], json }: RequestOptions,
): Request {
  const form = 'application/x-www-form-urlencoded'
  const type = json === undefined ? form : 'application/json'
  const headers = requestHeaders(header, body && type)
  const asked = method?.toUpperCase() ?? (body ? 'POST' : 'GET')
  if (body && (asked === 'GET' || asked === 'HEAD'))
    throw usageError(
      `a ${asked} request cannot have a body: leave out --data and --json, or use another --method`,
    )
  return new Request(url, { method: asked, headers, redirect: 'manual', ...(body && { body: body.bytes }) })
}

/** Sends a request. Ends the command if the server can't be reached, or takes longer than `maxTime` seconds. */
export async function send(request: Request, maxTime: number | undefined): Promise<Response> {
  const ms = maxTime && Math.min(maxTime * 1000, LONGEST_TIMER_MS)
  return fetch(request, ms === undefined ? {} : { signal: AbortSignal.timeout(ms) }).catch(
    (cause: unknown) => {
      throw unreachable(request.url, cause)
    },
  )
}

/** The error for a server that can't be reached, or that stopped before the end of its response. */
export function unreachable(url: string, cause: unknown): CommandError {
  const beneath = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const { code, name, message } = beneath as NodeJS.ErrnoException
  const why = name === 'TimeoutError' ? 'it took too long' : (code ?? message)
  return new CommandError(EXIT.server, `${new URL(url).origin} cannot be reached: ${why}`, { cause })
}

async function printResponse(response: Response, { include }: RequestOptions): Promise<void> {
  const { status, statusText, headers, body, url } = response
  if (include) {
    const lines = Array.from(headers, ([name, value]) => `${name}: ${shown(value)}\n`)
    process.stdout.write(`HTTP ${status} ${shown(statusText)}\n${lines.join('')}\n`)
  }
  const beginning: Uint8Array[] = []
  try {
    if (body)
      await pipeline(Readable.fromWeb(body as never), keepBeginning(beginning), process.stdout, {
        end: false,
      })
  } catch (cause) {
    // If the program that reads stdout has stopped, still report what the server answered.
    if ((cause as NodeJS.ErrnoException).code !== 'EPIPE') throw unreachable(url, cause)
  }
  const refusal = refusalOf(response, Buffer.concat(beginning))
  if (refusal === undefined) return
  if (process.stdout.isTTY) process.stdout.write('\n')
  throw new CommandError(EXIT.server, refusal)
}

/** Passes data on, and keeps as much of its beginning as is needed to read a refusal. */
function keepBeginning(beginning: Uint8Array[]): Transform {
  let left = MAX_REFUSAL_BYTES + 1
  return new Transform({
    transform(part: Uint8Array, _, done) {
      if (left > 0) beginning.push(part.subarray(0, left))
      left -= part.length
      done(null, part)
    },
  })
}

/** The body of a refusal is no longer than this. */
const MAX_REFUSAL_BYTES = 65_536

/**
 * Describes a response that is a refusal or a redirect, for the person; `undefined` for any other response.
 * `body` is its beginning.
 */
function refusalOf({ status, statusText, headers }: Response, body: Uint8Array): string | undefined {
  const location = headers.get('location')
  if (status >= 300 && status < 400 && location !== null)
    return `the server redirects (${status}) to ${location}: a signature is for one URL, so send the request to that URL`
  if (status < 400) return undefined
  const code = errorCodeIn(headers, body)
  const why = code === undefined ? '' : `\n${code}${ADVICE.has(code) ? `: ${ADVICE.get(code)}` : ''}`
  return `the server answered ${status} ${statusText}`.trim() + why
}

/**
 * The code of a refusal, which `requireSession` puts into a header or a JSON body. `body` is the beginning of the body.
 */
export function errorCodeIn(headers: Headers, body: Uint8Array): string | undefined {
  const named = /^CACAO error="(ERR_\w+)"$/.exec(headers.get('www-authenticate') ?? '')?.[1]
  const isJSON = headers.get('content-type') === 'application/json' && body.length <= MAX_REFUSAL_BYTES
  if (named !== undefined || !isJSON) return named
  const { code } = Object(parseJSON(body)) as { code?: unknown }
  return typeof code === 'string' && /^ERR_\w+$/.test(code) ? code : undefined
}

function parseJSON(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}

/** What a person can do if a server refuses a request, by the code of the refusal. */
export const ADVICE: ReadonlyMap<string, string> = new Map([
  ['ERR_REQUEST_UNSIGNED', 'a proxy between here and the server may remove the signature headers'],
  [
    'ERR_REQUEST_SIGNATURE',
    'the server received a request that differs from the signed one: its option authority may lack the host name that you use, or a proxy may change the path',
  ],
  [
    'ERR_REQUEST_DIGEST',
    'the server received a body that differs from the signed one: a proxy may change it',
  ],
  [
    'ERR_REQUEST_STALE',
    'the clocks of this machine and of the server differ, or the request took too long to arrive',
  ],
  ['ERR_REQUEST_REPLAYED', 'the request was already received: each request can be sent only once'],
  ['ERR_REQUEST_TOO_LARGE', "the body is larger than the server's option maxBodyBytes allows"],
  [
    'ERR_CAPABILITY_DOMAIN',
    'the server does not accept the domain of this session: cacao-session inspect shows the domain, and authorize --domain signs in for another one',
  ],
  [
    'ERR_CAPABILITY_RESOURCES',
    'the session does not allow this: cacao-session renew --resource adds a resource to the session',
  ],
  ['ERR_CAPABILITY_EXPIRED', 'the session has expired: make a new one with cacao-session renew'],
  ['ERR_CAPABILITY_NOT_YET_VALID', 'the session is not valid yet: check the clock of the server'],
  ['ERR_CAPABILITY_REVOKED', 'the session was revoked: make a new one with cacao-session renew'],
  ['ERR_CAPABILITY_UNSUPPORTED', 'the server has no verifier for this kind of account'],
  [
    'ERR_CAPABILITY_SIGNATURE',
    'the account did not sign the session, or the contract account no longer accepts its signature',
  ],
])

// Operating systems limit the length of one argument, Linux to 128 KiB.
const MAX_INLINE_BYTES = 65_536

/**
 * Returns the command for a POSIX shell with which curl sends a signed request. It can be used once, within the few
 * minutes that the signature is valid.
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

// A terminal would execute some of the bytes that a header can contain.
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

/** Quotes a text as one word of a POSIX shell, in which nothing is executed or substituted. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** The body of a request, and the file that it was read from, if any. */
export interface RequestBody {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly file?: string
}

/**
 * Reads the body from the value of `--data` or `--json`: the text itself, `@FILE` for a file, or `@-` for stdin. No
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
