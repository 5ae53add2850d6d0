import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { SessionError } from '../base/errors.js'
import { EXIT, EXIT_CODES_HELP, type ExitCode, exitCodeOf, tell } from './output.js'
import { refuseSecrets } from './secrets.js'

interface CommandModule {
  configure(command: Command): void
}

// Each loads what it needs when it is called, so that help comes at once.
const COMMANDS: readonly (readonly [name: string, summary: string, load: () => Promise<CommandModule>])[] = [
  ['authorize', 'sign in with a private key, and keep the session', () => import('./authorize.js')],
  ['inspect', 'say what, who and until when, in words', () => import('./inspect.js')],
  ['verify', 'check a capability, a session or a JWS', () => import('./verify.js')],
  ['request', 'send a signed request, or print the line for curl', () => import('./request.js')],
  ['renew', 'have a new session take the place of one', () => import('./renew.js')],
  ['revoke', 'sign out, at the server and here', () => import('./revoke.js')],
  ['list', 'list the stored sessions', () => import('./list.js')],
]

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
    module?.configure(command.option('--verbose', 'say what lay beneath an error'))
  })
}

/** Runs a command line, and gives the exit code. What is wrong has been told then. */
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

function fail(error: unknown, isVerbose: boolean): ExitCode {
  // The parser has said already what is wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
  const code = error instanceof SessionError ? `${error.code}: ` : ''
  const message = error instanceof Error ? error.message : String(error)
  if (message !== '') tell(`cacao-session: ${code}${message}`)
  for (let at = error; isVerbose && at instanceof Error; at = at.cause) tell(at.stack ?? at.message)
  return exitCodeOf(error)
}
