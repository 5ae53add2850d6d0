import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { LONGEST_TIMER_MS } from '../base/longest-timer.js'
import { addSessionOptions, chosenSession, type SessionCommandOptions } from './chosen-session.js'
import { curlLine, type RequestBody } from './curl-line.js'
import { durationSecs } from './durations.js'
import { CommandError, EXIT, usageError } from './exit-codes.js'
import { several } from './grant-options.js'
import { print, shown } from './output.js'
import { requestBody, requestHeaders } from './request-body.js'
import { MOST_REFUSAL_BYTES, refusalOf } from './server-refusal.js'
import { urlArgument } from './url.js'

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
