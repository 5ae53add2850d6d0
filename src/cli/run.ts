import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { SessionError } from '../base/errors.js'
import { EXIT, EXIT_CODES_HELP, type ExitCode, exitCodeOf, tell } from './output.js'
import { refuseSecrets } from './secrets.js'

interface CommandModule {
  configure(command: Command): void
}

// Each command loads when it is called, so that help is shown quickly.
const COMMANDS: readonly (readonly [name: string, summary: string, load: () => Promise<CommandModule>])[] = [
  ['authorize', 'sign in with a private key, and store the session', () => import('./authorize.js')],
  ['inspect', 'describe a session, a capability, a request or a JWS', () => import('./inspect.js')],
  ['verify', 'verify a capability, a session or a JWS', () => import('./verify.js')],
  ['request', 'send a signed request, or print the command for curl', () => import('./request.js')],
  ['renew', 'replace a session with a new one', () => import('./renew.js')],
  ['revoke', 'sign out, on the server and here', () => import('./revoke.js')],
  ['list', 'list the stored sessions', () => import('./list.js')],
  ['doctor', 'check the setup of a server', () => import('./doctor.js')],
]

/** Runs a command line, prints its errors, and returns the exit code. */
export async function run(args: readonly string[]): Promise<ExitCode> {
  const root = program()
  // `help COMMAND` is another way to write `COMMAND --help`.
  const [first, ...rest] = args
  try {
    refuseSecrets(args)
    await root.parseAsync(first === 'help' ? [...rest, '--help'] : args, { from: 'user' })
    return EXIT.done
  } catch (error) {
    const isVerbose = root.commands.some((command) => command.opts()['verbose'] === true)
    return fail(error, isVerbose)
  }
}

function program(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const root = new Command('cacao-session')
    .description('Sign in once with a key, then act for a week with a session.')
    .version(version)
    .helpCommand(false)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text) => tell(text.trim().replace(/^error/, 'cacao-session')) })
    .showHelpAfterError('(--help shows the options, and examples)')
    .addHelpText(
      'after',
      `
cacao-session COMMAND --help shows a command's options, and examples.

Examples:
  cacao-session authorize --key-file ~/.eth-key --domain app.example.com --resource 'https://api.example.com/*'
  cacao-session request https://api.example.com/notes
  cacao-session inspect session.txt

${EXIT_CODES_HELP}`,
    )
  const modules = new Map(COMMANDS.map(([name, , load]) => [name, load]))
  for (const [name, summary] of COMMANDS) root.command(name).summary(summary)
  return root.hook('preSubcommand', async (_, command) => {
    const module = await modules.get(command.name())?.()
    module?.configure(command.option('--verbose', 'print the stack trace of an error, and its causes'))
  })
}

function fail(error: unknown, isVerbose: boolean): ExitCode {
  // commander has already printed the error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  const code = error instanceof SessionError ? `${error.code}: ` : ''
  const message = error instanceof Error ? error.message : String(error)
  if (message !== '') tell(`cacao-session: ${code}${message}`)
  // A cause can be one of the errors before it.
  const told = new Set<Error>()
  for (let at = error; isVerbose && at instanceof Error && !told.has(at); at = at.cause) {
    told.add(at)
    tell(at.stack ?? at.message)
  }
  return exitCodeOf(error)
}
