import type { Command } from 'commander'
import { concat } from '../base/bytes.js'
import { rootOf } from '../capability/cacao.js'
import { LOOPBACK } from '../http/incoming-request.js'
import type { DIDSession } from '../session/did-session.js'
import { CommandError, durationSecs, EXIT, print, shown, styled, usageError } from './output.js'
import { ADVICE, errorCodeIn, send, unreachable, urlArgument } from './request.js'
import { addSessionOptions, chosenSession, type SessionCommandOptions } from './sessions.js'

interface DoctorOptions extends SessionCommandOptions {
  readonly origin?: string
  readonly maxTime?: number
}

export function configure(command: Command): void {
  command
    .description(
      'Check the setup of your server: that it guards the URL, accepts a request that the session signs, accepts it only once, has the right time, and lets pages of the site call it (CORS). Sends up to three GET requests and one OPTIONS request.',
    )
    .argument('<url>', 'a URL that the server guards, and that is harmless to GET')
    .option(
      '--origin <origin>',
      "the origin of the pages that call the server; by default the session's domain, with https or, for a local host, with the URL's scheme",
    )
    .option('-m, --max-time <duration>', 'how long each request may take', durationSecs)
    .action(run)
  addSessionOptions(command)
  command.addHelpText(
    'after',
    `
Examples:
  cacao-session doctor https://api.example.com/notes
  cacao-session doctor http://localhost:3000/notes --origin http://localhost:5173`,
  )
}

/** The result of one check. */
interface Finding {
  /** What the check expects of the server. */
  readonly name: string
  /** What is wrong and what to do; absent if nothing is wrong. */
  readonly fault?: string | undefined
}

async function run(target: string, options: DoctorOptions): Promise<void> {
  const url = urlArgument(target)
  const session = await chosenSession(options)
  const origin = originOf(options.origin, session, url)
  const findings: Finding[] = []
  for (const examine of [examineGuard, examineCORS])
    findings.push(...(await examine(url, { session, origin, maxTime: options.maxTime })))
  print(findings.map(describe).join('\n'))
  const faults = findings.filter(({ fault }) => fault !== undefined).length
  if (faults > 0) throw new CommandError(EXIT.server, `${faults} of ${findings.length} checks failed`)
}

function describe({ name, fault }: Finding): string {
  if (fault === undefined) return `${styled('green', 'ok')}     ${name}`
  return `${styled('red', 'wrong')}  ${name}\n       ${shown(fault)}`
}

function originOf(given: string | undefined, session: DIDSession, { protocol }: URL): string {
  const { domain } = rootOf(session.cacao).p
  const origin = given ?? `${LOOPBACK.test(domain) ? protocol : 'https:'}//${domain}`
  if (URL.canParse(origin) && new URL(origin).origin === origin) return origin
  throw usageError('--origin must be a scheme and a host: --origin https://app.example.com')
}

interface Examination {
  readonly session: DIDSession
  /** Of the pages that call the server. */
  readonly origin: string
  readonly maxTime: number | undefined
}

const get = (url: URL): Request => new Request(url, { redirect: 'manual' })

/** Whether an unsigned request is refused, and if so, what the server answers to a signed one. */
async function examineGuard(url: URL, examination: Examination): Promise<Finding[]> {
  const { status, code, date } = await answerTo(get(url), examination.maxTime)
  const fault = guardFault(status, code)
  const guarded: Finding = { name: 'an unsigned request is refused', fault }
  // Without a guard, an answer to a signed request does not mean that the request was verified.
  const rest = fault === undefined ? await examineSignature(url, examination) : clockFinding(date)
  return [guarded, ...rest]
}

function guardFault(status: number, code: string | undefined): string | undefined {
  if (code === 'ERR_REQUEST_UNSIGNED') return undefined
  if (status < 300)
    return `the server answered ${status}, so nothing guards this URL: put requireSession before its handler`
  if (status < 400)
    return `the server redirects (${status}), but a signature is for one URL: give the URL that it redirects to`
  return `the server answered ${status} without ERR_REQUEST_UNSIGNED, so requireSession did not see the request: check the URL, and which handler answers before requireSession`
}

/** Whether a signed request is accepted, and only once, and whether the server's clock is right. */
async function examineSignature(url: URL, { session, maxTime }: Examination): Promise<Finding[]> {
  const signed = await session.signRequest(get(url))
  const again = signed.clone()
  const { status, code, date } = await answerTo(signed, maxTime)
  const advice = code === undefined ? adviceFor(status) : ADVICE.get(code)
  const refusal = `the server answered ${status}${code ? `, ${code}` : ''}`
  const accepted: Finding = {
    name: 'a request that the session signs is accepted',
    fault: status < 400 ? undefined : [refusal, advice].filter(Boolean).join(': '),
  }
  const clock = clockFinding(date)
  if (status >= 400) return [accepted, ...clock]
  const second = await answerTo(again, maxTime)
  const once: Finding = {
    name: 'the same request is refused the second time',
    fault:
      second.code === 'ERR_REQUEST_REPLAYED'
        ? undefined
        : `the server answered ${second.status}: remove the option replay: false, and if the server runs as several processes, give them one replay store, such as redisReplay`,
  }
  return [accepted, once, ...clock]
}

// The guard refused the unsigned request, so an answer without a code is that of the app behind it.
function adviceFor(status: number): string | undefined {
  if (status !== 404 && status !== 405) return undefined
  return 'requireSession let the request through, but its handlers do not answer GET here: give a guarded URL that answers GET'
}

const MOST_SKEW_SECS = 300

function clockFinding(date: number): Finding[] {
  if (Number.isNaN(date)) return []
  const secs = Math.round((date - Date.now()) / 1000)
  const name = 'the clocks of this machine and of the server agree'
  if (Math.abs(secs) <= MOST_SKEW_SECS) return [{ name }]
  const where = secs > 0 ? 'ahead of' : 'behind'
  return [
    {
      name,
      fault: `the server's clock is ${Math.abs(secs)} seconds ${where} this machine's: set both by NTP`,
    },
  ]
}

const HEADERS = ['authorization', 'content-digest', 'content-type', 'signature', 'signature-input']

/** Whether a browser would let pages of the site send signed requests. */
async function examineCORS(url: URL, { origin, maxTime }: Examination): Promise<Finding[]> {
  if (url.origin === origin) return []
  const requested = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': HEADERS.join(','),
  }
  const preflight = new Request(url, {
    method: 'OPTIONS',
    redirect: 'manual',
    headers: { origin, ...requested },
  })
  const { status, headers } = await answerTo(preflight, maxTime)
  const allowedHeaders = (headers.get('access-control-allow-headers') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  const fault = (): string | undefined => {
    if (status >= 300)
      return `the server answered ${status} to the preflight, which is never signed: answer it before requireSession`
    if (!['*', origin].includes(headers.get('access-control-allow-origin') ?? ''))
      return 'the server does not allow this origin: add it to the origins for which it sends Access-Control-Allow-Origin, or give another origin with --origin'
    const missing = HEADERS.filter((name) => !allowedHeaders.includes(name))
    if (missing.length === 0) return undefined
    return `the server does not allow the headers ${missing.join(', ')}: add them to Access-Control-Allow-Headers`
  }
  return [{ name: `pages of ${origin} may call the server (CORS)`, fault: fault() }]
}

interface Answer {
  readonly status: number
  readonly code: string | undefined
  readonly headers: Headers
  /** The server's time in milliseconds since 1970; NaN if there is no `Date` header. */
  readonly date: number
}

async function answerTo(request: Request, maxTime: number | undefined): Promise<Answer> {
  const response = await send(request, maxTime)
  const { status, headers } = response
  const body = status < 400 ? undefined : await beginningOf(response, request.url)
  const code = body && errorCodeIn(headers, body)
  // The body of a guarded URL may be long, or never end.
  if (!response.bodyUsed) await response.body?.cancel()
  return { status, code, headers, date: Date.parse(headers.get('date') ?? '') }
}

// The body of a refusal is shorter than this.
const MOST_BYTES = 4096

// Ends the command if the server stops sending before the end of the body.
async function beginningOf({ body }: Response, url: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    if (body)
      for await (const part of body as unknown as AsyncIterable<Uint8Array>) {
        parts.push(part)
        length += part.length
        if (length > MOST_BYTES) break
      }
  } catch (cause) {
    throw unreachable(url, cause)
  }
  return concat(...parts)
}
