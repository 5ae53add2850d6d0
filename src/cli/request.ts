import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { LONGEST_TIMER_MS } from '../base/time.js'
import { curlLine, type RequestBody, requestBody, requestHeaders } from './curl-line.js'
import { several } from './grant-options.js'
import { CommandError, durationSecs, EXIT, print, shown, usageError } from './output.js'
import { addSessionOptions, chosenSession, type SessionCommandOptions } from './sessions.js'
/** An http or https URL. Ends the command for anything else, and for one that holds a password. */
export function urlArgument(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw usageError('the URL must begin with https:// or http://')
  if (url.username !== '' || url.password !== '')
    throw usageError('the URL must hold no user name and password: the session says who it is')
  return url
}

// What whoever sends a request can do about a server's refusal, by its code.
const CURES: ReadonlyMap<string, string> = new Map([
  ['ERR_REQUEST_UNSIGNED', 'something between here and the server takes the signature headers away'],
  [
    'ERR_REQUEST_SIGNATURE',
    "what arrived isn't what was signed: does the server know the name by which you reach it (its option authority), and does a proxy change the path?",
  ],
  ['ERR_REQUEST_DIGEST', 'the body that arrived is not the one that was signed: does a proxy change it?'],
  [
    'ERR_REQUEST_STALE',
    'the clocks of this machine and the server differ, or the request was long on its way',
  ],
  ['ERR_REQUEST_REPLAYED', 'it was sent before: each request is good once'],
  ['ERR_REQUEST_TOO_LARGE', "the body is larger than the server's maxBodyBytes"],
  [
    'ERR_CAPABILITY_DOMAIN',
    "the server doesn't accept sign-ins of the session's domain: cacao-session inspect shows it, authorize --domain takes another",
  ],
  [
    'ERR_CAPABILITY_RESOURCES',
    'the session may not do this: cacao-session renew --resource adds to what it may',
  ],
  ['ERR_CAPABILITY_EXPIRED', 'the session has expired: cacao-session renew makes a new one'],
  ['ERR_CAPABILITY_NOT_YET_VALID', 'the session is valid later: is the clock of the server right?'],
  ['ERR_CAPABILITY_REVOKED', 'the session was revoked: cacao-session renew makes a new one'],
  ['ERR_CAPABILITY_UNSUPPORTED', 'the server has no verifier for this kind of account'],
  [
    'ERR_CAPABILITY_SIGNATURE',
    'the account did not sign the session, or the contract account no longer accepts it',
  ],
])

/** What is said of a refusal is no longer. */
export const MOST_REFUSAL_BYTES = 65_536

/**
 * What to tell the person of an answer that is a refusal or a redirection; `undefined` for any other. `body` is what has
 * come of it.
 */
export function refusalOf({ status, statusText, headers }: Response, body: Uint8Array): string | undefined {
  const location = headers.get('location')
  if (status >= 300 && status < 400 && location !== null)
    return `the server redirects (${status}) to ${location}: a signature is for one URL, so request that one`
  if (status < 400) return undefined
  const code = codeIn(headers, body)
  const why = code === undefined ? '' : `\n${code}${CURES.has(code) ? `: ${CURES.get(code)}` : ''}`
  return `the server answered ${status} ${statusText}`.trim() + why
}

// As requireSession writes it.
function codeIn(headers: Headers, body: Uint8Array): string | undefined {
  const named = /^CACAO error="(ERR_\w+)"$/.exec(headers.get('www-authenticate') ?? '')?.[1]
  const isJSON = headers.get('content-type') === 'application/json' && body.length <= MOST_REFUSAL_BYTES
  if (named !== undefined || !isJSON) return named
  const { code } = Object(parsed(body)) as { code?: unknown }
  return typeof code === 'string' && /^ERR_\w+$/.test(code) ? code : undefined
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}

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
      'Send a request that the session signs (RFC 9421), and print what the server answers. The options are named as in curl. Redirections are not followed, because a signature is for one URL.',
    )
    .argument('<url>', 'where to')
    .option('-X, --method <method>', 'GET by default, or POST with a body')
    .option(
      '-H, --header <line>',
      'a header, such as "Accept: text/plain"; several times for several',
      several,
    )
    .option('-d, --data <data>', 'the body, sent as it is; @FILE for a file, @- for stdin')
    .option('--json <data>', 'the same, with the type application/json')
    .option('-i, --include', "print the answer's status and headers too")
    .option('-m, --max-time <duration>', 'how long the whole may take', durationSecs)
    .option('--curl', 'send nothing, but print the line for curl: good for a minute, and once')
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
    throw usageError('give --data or --json, not both')
  const body = await requestBody(options.json ?? options.data)
  const request = requestTo(url, body, options)
  const session = await chosenSession(options)
  const signed = await session.signRequest(request)
  if (options.curl) return print(curlLine(signed, body))
  const response = await send(signed, options.maxTime)
  await printResponse(response, options)
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
  if (body && (asked === 'GET' || asked === 'HEAD')) throw usageError(`a ${asked} request has no body`)
  return new Request(url, { method: asked, headers, redirect: 'manual', ...(body && { body: body.bytes }) })
}

async function send(request: Request, maxTime: number | undefined): Promise<Response> {
  const ms = maxTime && Math.min(maxTime * 1000, LONGEST_TIMER_MS)
  return fetch(request, ms === undefined ? {} : { signal: AbortSignal.timeout(ms) }).catch(
    (cause: unknown) => {
      throw unreachable(request.url, cause)
    },
  )
}

function unreachable(url: string, cause: unknown): CommandError {
  const beneath = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const { code, name, message } = beneath as NodeJS.ErrnoException
  const why = name === 'TimeoutError' ? 'it took too long' : (code ?? message)
  return new CommandError(EXIT.server, `${new URL(url).origin} can't be reached: ${why}`, { cause })
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
      await pipeline(Readable.fromWeb(body as never), noting(beginning), process.stdout, { end: false })
  } catch (cause) {
    // Nobody reads on; what the server said of the request still counts.
    if ((cause as NodeJS.ErrnoException).code !== 'EPIPE') throw unreachable(url, cause)
  }
  const refusal = refusalOf(response, Buffer.concat(beginning))
  if (refusal === undefined) return
  if (process.stdout.isTTY) process.stdout.write('\n')
  throw new CommandError(EXIT.server, refusal)
}

/** Passes on what comes, and keeps as much of its beginning as may say why a request was refused. */
function noting(beginning: Uint8Array[]): Transform {
  let left = MOST_REFUSAL_BYTES + 1
  return new Transform({
    transform(part: Uint8Array, _, done) {
      if (left > 0) beginning.push(part.subarray(0, left))
      left -= part.length
      done(null, part)
    },
  })
}
