import type { Command } from 'commander'
import { fromRecap } from '../capability/recap.js'
import { isRecap } from '../capability/resources.js'
import type { SessionSummary } from '../resume/list.js'
import { DIDSession } from '../session/did-session.js'
import { print, printJSON, shown, styled, tell, timeInWords } from './output.js'
import { table } from './report.js'
import { addStoreOption, type StoreCommandOptions, sessionFile, sessionStore } from './sessions.js'

interface ListOptions extends StoreCommandOptions {
  readonly json?: boolean
}

export function configure(command: Command): void {
  command
    .description(
      'List the stored sessions, also expired ones: the account, the site, the key, what the session may do and until when.',
    )
    .option('--json', 'print JSON')
    .action(run)
  addStoreOption(command)
  command.addHelpText(
    'after',
    `
Examples:
  cacao-session list
  cacao-session list --json | jq -r '.[] | select(.isExpired | not) | .account'`,
  )
}

async function run(options: ListOptions): Promise<void> {
  const sessions = await DIDSession.list({ store: sessionStore(options) })
  if (options.json) return printJSON(sessions.map((one) => ({ ...one, expiresAt: one.expiresAt ?? null })))
  if (sessions.length === 0) return tell(`no session is stored in ${sessionFile(options)}`)
  const now = Date.now()
  print(sessions.map((session) => entry(session, now)).join('\n\n'))
}

function entry(
  { account, domain, keyDID, resources, expiresAt, isExpired }: SessionSummary,
  now: number,
): string {
  const end = expiresAt ? timeInWords(expiresAt, now) : 'never'
  return [
    styled('bold', account),
    table([
      ['site', shown(domain)],
      ['key', keyDID],
      ['may', ...resources.map(describeResource)],
      [isExpired ? 'expired' : 'expires', styled(isExpired ? 'red' : 'green', end)],
    ]),
  ].join('\n')
}

function describeResource(resource: string): string {
  if (!isRecap(resource)) return shown(resource)
  const able = Object.entries(fromRecap(resource) ?? {})
  return shown(able.map(([uri, names]) => `${Object.keys(names).join(', ')} with ${uri}`).join('; '))
}
