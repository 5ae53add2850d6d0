import type { Command } from 'commander'
import { SessionError } from '../base/errors.js'
import type { CapabilityProblem, VerifyCacaoOptions } from '../capability/verify-cacao.js'
import { verifyJWS } from '../jws/verify-jws.js'
import { abilityArgument, accountVerifiers, several } from './grant.js'
import { type Input, parseInput, readText } from './input.js'
import {
  CommandError,
  durationSecs,
  EXIT,
  exitCodeFor,
  exitCodeOf,
  print,
  printJSON,
  shown,
  styled,
  timeInWords,
  usageError,
} from './output.js'
import { reportFor } from './report.js'
import { addSecretOptions, readSecret, type SecretOptions } from './secrets.js'

interface VerifyOptions extends SecretOptions {
  readonly resource?: readonly string[]
  readonly ability?: string
  readonly audience?: string
  readonly domain?: readonly string[]
  readonly issuer?: string
  readonly nonce?: string
  readonly clockSkew?: number
  readonly delegation?: number
  readonly capability?: string
  readonly rpc?: string
  readonly json?: boolean
}

export function configure(command: Command): void {
  command
    .description(
      'Verify a capability, the capability in a session string or in the headers of a signed request, or a JWS: its signature, that it is valid now, and what the options require. The exit code is 0 only if everything is right.',
    )
    .argument('[file]', 'the file to read; stdin by default, or if it is -')
    .option('-r, --resource <uri>', 'a resource that it must cover; may be repeated', several)
    .option('-a, --ability <name=uri>', 'an ability that it must allow (ReCap), such as notes/read=https://…')
    .option('-d, --domain <host>', 'a domain that you accept; may be repeated', several)
    .option('--issuer <id>', 'the account that must have granted it')
    .option('--audience <did>', 'the key that it must have been granted to')
    .option('--nonce <text>', 'the nonce that it must have')
    .option('--clock-skew <duration>', "how far the issuer's clock may be ahead; 5m by default", durationSecs)
    .option(
      '--delegation <links>',
      'also accept delegated capabilities, in a chain of at most this many capabilities (2 to 4)',
      maxLinksArgument,
    )
    .option('--capability <file>', 'the file with the capability of a JWS')
    .option(
      '--rpc <url>',
      'the URL of an RPC server, to verify the signatures of contract accounts (smart accounts)',
    )
    .option('--json', 'print JSON')
    .action(run)
  addSecretOptions(command, 'password', ' of an encrypted session string')
  command.addHelpText(
    'after',
    `
Examples:
  cacao-session verify capability.json --domain app.example.com --resource https://api.example.com/notes/1
  cacao-session verify session.txt && echo still good
  cacao-session verify note.jws --capability capability.json --issuer eip155:1:0x…`,
  )
}

async function run(file: string | undefined, options: VerifyOptions): Promise<void> {
  const expected = expectedOf(options)
  const refused: { kind?: Input['kind'] } = {}
  try {
    const input = await parseInput(await readText(file), await readSecret(options, 'password'))
    refused.kind = input.kind
    await verifyInput(input, expected, options)
  } catch (error) {
    const problem = options.json ? problemOf(error) : undefined
    if (!problem) throw error
    printJSON({ ...refused, isAccepted: false, problems: [problem] })
    throw new CommandError(exitCodeOf(error), '', { cause: error })
  }
}

/** The problem with an input that can't be reported on; `undefined` for an error of the command line, or one that was reported. */
function problemOf(error: unknown): CapabilityProblem | undefined {
  if (error instanceof SessionError) return { code: error.code, message: error.message }
  const isUnread = error instanceof CommandError && error.exitCode === EXIT.refused && error.message !== ''
  return isUnread ? { code: 'ERR_CAPABILITY_INVALID', message: error.message } : undefined
}

async function verifyInput(
  input: Input,
  expected: VerifyCacaoOptions,
  options: VerifyOptions,
): Promise<void> {
  const now = Date.now()
  if (input.kind === 'jws') return verifyGivenJWS(input.value, expected, options)
  if (options.capability !== undefined)
    throw usageError('--capability works only with a JWS, but the input is not a JWS')
  const report = await reportFor(input, expected, now)
  const [problem] = report.problems
  if (options.json) printJSON(report)
  if (problem) {
    const all = report.problems.map(({ code, message }) => `${code}: ${message}`).join('\n')
    throw new CommandError(exitCodeFor(problem.code), options.json ? '' : all)
  }
  const end = report.expiresAt ? `until ${timeInWords(report.expiresAt, now)}` : 'forever'
  if (!options.json) printGood(`${report.keyDID} acts for ${report.account} ${end}`)
}

function expectedOf(options: VerifyOptions): VerifyCacaoOptions {
  const { resource, ability, domain, issuer, audience, nonce, clockSkew, delegation } = options
  return {
    verifiers: accountVerifiers(options.rpc),
    ...(resource && { resources: resource }),
    ...(ability !== undefined && { ability: abilityArgument(ability) }),
    ...(domain && { domains: domain }),
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
    ...(nonce !== undefined && { nonce }),
    ...(clockSkew !== undefined && { clockSkewSecs: clockSkew }),
    ...(delegation !== undefined && { delegation: { maxLinks: delegation } }),
  }
}

async function verifyGivenJWS(
  value: unknown,
  { audience, ...expected }: VerifyCacaoOptions,
  options: VerifyOptions,
): Promise<void> {
  if (audience !== undefined)
    throw usageError(
      '--audience works only with a capability: the capability of a JWS must be granted to its signer anyway',
    )
  const { capability: file } = options
  const under = file === undefined ? undefined : await parseInput(await readText(file), undefined)
  if (under?.kind === 'jws') throw usageError('--capability must be a file with a capability, not with a JWS')
  const capability = under && (under.kind === 'capability' ? under.value : under.cacao)
  const { issuer, keyDID, payload } = await verifyJWS(value, {
    ...expected,
    ...(capability !== undefined && { capability }),
  })
  if (options.json)
    return printJSON({
      kind: 'jws',
      issuer,
      keyDID,
      payload: payload ?? null,
      isAccepted: true,
      problems: [],
    })
  printGood(`signed by ${keyDID} for ${issuer}`)
  if (payload) print(`      ${shown(JSON.stringify(payload))}`)
}

function printGood(text: string): void {
  print(`${styled('green', 'good')}: ${text}`)
}

function maxLinksArgument(text: string): number {
  if (/^[2-4]$/.test(text)) return Number(text)
  throw usageError("--delegation must be a number from 2 to 4, which includes the account's own capability")
}
