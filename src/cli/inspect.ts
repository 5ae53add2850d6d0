import type { Command } from 'commander'
import { MAX_LINKS } from '../capability/parse-cacao.js'
import { parseJWS, verifyJWS } from '../jws/verify-jws.js'
import { accountVerifiers } from './grant.js'
import { type Input, parseInput, readText } from './input.js'
import { print, printJSON, shown, styled, timeInWords, usageError } from './output.js'
import { describeReport, type Row, reportFor, table } from './report.js'
import { addSecretOptions, readSecret, type SecretOptions } from './secrets.js'
import { addStoreOption, type StoreCommandOptions, storedSession } from './sessions.js'

interface InspectOptions extends StoreCommandOptions, SecretOptions {
  readonly account?: string
  readonly rpc?: string
  readonly json?: boolean
}

export function configure(command: Command): void {
  command
    .description(
      'Describe a session string, a capability (JSON or token), the headers of a signed request, or a JWS: whose it is, what it allows and until when, and what is wrong with it. The secret key of a session is never shown. The exit code is 1 only if the input cannot be read; to check whether it is accepted, use verify.',
    )
    .argument('[file]', 'the file to read; stdin by default, or if it is -')
    .option('--account <id>', 'inspect the stored session of this account instead')
    .option(
      '--rpc <url>',
      'the URL of an RPC server, to verify the signatures of contract accounts (smart accounts)',
    )
    .option('--json', 'print JSON')
    .action(run)
  addStoreOption(command)
  addSecretOptions(command, 'password', ' of an encrypted session string')
  command.addHelpText(
    'after',
    `
Examples:
  cacao-session inspect session.txt
  cacao-session authorize … --print-session | cacao-session inspect
  cacao-session inspect --account eip155:1:0x…
  curl -v … 2>&1 | cacao-session inspect       # why was this request refused?`,
  )
}

async function run(file: string | undefined, options: InspectOptions): Promise<void> {
  const input = await inputOf(file, options)
  const now = Date.now()
  if (input.kind === 'jws') return inspectJWS(input.value, options)
  const report = await reportFor(
    input,
    { verifiers: accountVerifiers(options.rpc), delegation: { maxLinks: MAX_LINKS } },
    now,
  )
  if (options.json) return printJSON(report)
  print(describeReport(report, input.kind === 'request' ? requestRows(input.headers, now) : [], now))
}

// At a terminal without any input, describe the current session.
async function inputOf(file: string | undefined, options: InspectOptions): Promise<Input> {
  const isChosen = (options.account ?? options.store) !== undefined
  if (isChosen && file !== undefined)
    throw usageError('give either a file, or --account or --store for a stored session')
  const password = await readSecret(options, 'password')
  if (!isChosen && (file !== undefined || !process.stdin.isTTY))
    return parseInput(await readText(file), password)
  if (password !== undefined)
    throw usageError('a password only decrypts session strings: stored sessions have none')
  return { kind: 'session', cacao: (await storedSession(options)).cacao }
}

function requestRows({ created, expires }: { created?: Date; expires?: Date }, now: number): Row[] {
  return [
    ...(created ? [['sent', timeInWords(created, now)] as const] : []),
    ...(expires ? [['valid until', timeInWords(expires, now)] as const] : []),
  ]
}

async function inspectJWS(value: unknown, { json }: InspectOptions): Promise<void> {
  const { keyDID, payload } = await verifyJWS(value)
  const { capability } = parseJWS(value)
  if (json)
    return printJSON({ kind: 'jws', keyDID, capability: capability ?? null, payload: payload ?? null })
  const rows: Row[] = [
    ['key', keyDID],
    ['says', payload ? shown(JSON.stringify(payload)) : 'a link, or bytes'],
    [
      'under',
      capability === undefined
        ? 'no capability: it speaks only for its key'
        : shown(`the capability ${capability}`),
    ],
  ]
  print([styled('bold', 'A JWS, signed by its key'), table(rows)].join('\n'))
}
