import type { Command } from 'commander'
import type { VerifyCacaoOptions } from '../capability/capability-checks.js'
import { verifyJWS } from '../jws/verify-jws.js'
import { abilityArgument, several } from './grant-options.js'
import { parseInput, readText } from './input.js'
import {
  CommandError,
  durationSecs,
  exitCodeFor,
  print,
  printJSON,
  shown,
  styled,
  timeInWords,
  usageError,
} from './output.js'
import { judge } from './report.js'
import { addSecretOptions, readSecret, type SecretOptions } from './secrets.js'
import { accountVerifiers } from './signer.js'

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
      'Check a capability, the one in a session string or in the headers of a signed request, or a JWS: its signature, that it is valid now, and whatever else is asked for. Exit code 0 only if all of it is right.',
    )
    .argument('[file]', 'the file to read; stdin by default, or for -')
    .option('-r, --resource <uri>', 'what it must cover; several times for more', several)
    .option('-a, --ability <name=uri>', 'what it must allow (ReCap), such as notes/read=https://…')
    .option(
      '-d, --domain <host>',
      'the site that it may have been signed on; several times for several',
      several,
    )
    .option('--issuer <id>', 'the account that must have granted it')
    .option('--audience <did>', 'the key that it must be granted to')
    .option('--nonce <text>', 'the nonce that it must have')
    .option(
      '--clock-skew <duration>',
      "by how much the issuer's clock may run ahead; 5m by default",
      durationSecs,
    )
    .option(
      '--delegation <links>',
      'accept what a session key delegated, too, in a chain of up to so many capabilities (2 to 4)',
      linksArgument,
    )
    .option('--capability <file>', 'the capability that a JWS is signed under')
    .option('--rpc <url>', 'where contract accounts (smart accounts) are asked about their signatures')
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
  const input = await parseInput(await readText(file), await readSecret(options, 'password'))
  const expected = expectedOf(options)
  const now = Date.now()
  if (input.kind === 'jws') return checkJWS(input.value, expected, options)
  if (options.capability !== undefined) throw usageError('--capability goes with a JWS, and this is none')
  const report = await judge(input, expected, now)
  const [problem] = report.problems
  if (options.json) printJSON(report)
  if (problem) {
    const all = report.problems.map(({ code, message }) => `${code}: ${message}`).join('\n')
    throw new CommandError(exitCodeFor(problem.code), options.json ? '' : all)
  }
  const end = report.expiresAt ? `until ${timeInWords(report.expiresAt, now)}` : 'for ever'
  if (!options.json) good(`${report.keyDID} acts for ${report.account} ${end}`)
}

async function checkJWS(
  value: unknown,
  { audience, ...expected }: VerifyCacaoOptions,
  options: VerifyOptions,
): Promise<void> {
  if (audience !== undefined)
    throw usageError("--audience is for capabilities: a JWS's must be granted to its signer anyway")
  const { capability: file } = options
  const under = file === undefined ? undefined : await parseInput(await readText(file), undefined)
  if (under?.kind === 'jws') throw usageError('--capability must be a capability, and it is a JWS')
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
  good(`signed by ${keyDID} for ${issuer}`)
  if (payload) print(`      ${shown(JSON.stringify(payload))}`)
}

function linksArgument(text: string): number {
  if (/^[2-4]$/.test(text)) return Number(text)
  throw usageError("--delegation must be a number from 2 to 4: the account's own capability counts as one")
}

function good(text: string): void {
  print(`${styled('green', 'good')}: ${text}`)
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
