import type { Command } from 'commander'
import { accountArgument } from '../base/account.js'
import { issuerAccount } from '../capability/cacao.js'
import { DIDSession } from '../session/did-session.js'
import { revokeAt } from '../session/sign-out.js'
import { print, usageError } from './output.js'
import { urlArgument } from './request.js'
import {
  addSessionOptions,
  chosenSession,
  type SessionCommandOptions,
  sessionStore,
  sessionString,
  storedSession,
} from './sessions.js'

interface RevokeOptions extends SessionCommandOptions {
  readonly local?: boolean
}

export function configure(command: Command): void {
  command
    .description(
      'Sign out. With a URL, a signed POST request asks the server to revoke the session, which is then removed here. If the server does not confirm, the session stays. With --local, all stored sessions of the account are removed here, but servers still accept copies of them.',
    )
    .argument('[url]', 'the URL at which the server revokes sessions')
    .option('--local', 'only remove the stored sessions here')
    .action(run)
  addSessionOptions(command)
  command.addHelpText(
    'after',
    `
Examples:
  cacao-session revoke https://api.example.com/sign-out
  cacao-session revoke --session-env SESSION https://api.example.com/sign-out
  cacao-session revoke --local --account eip155:1:0x…`,
  )
}

async function run(url: string | undefined, options: RevokeOptions): Promise<void> {
  if ((url === undefined) === (options.local !== true))
    throw usageError(
      'give the URL at which the server revokes sessions, or --local to only remove the stored sessions here',
    )
  if (url === undefined) return removeLocally(options)
  const session = await chosenSession(options)
  const target = urlArgument(url)
  const account = issuerAccount(session.cacao)
  const advice =
    session.persistence === 'none'
      ? 'delete the session string'
      : `remove the account's sessions only here: cacao-session revoke --local --account ${account}${options.store ? ` --store ${options.store}` : ''}`
  // As `session.revoke` does, with advice for a command line. The person named this URL, so the capability may be sent to its origin.
  await revokeAt(target, session, { origins: [new URL(target).origin] }, advice)
  await session.remove()
  print(`revoked: ${session.keyDID} no longer acts for ${account}`)
}

async function removeLocally(options: RevokeOptions): Promise<void> {
  if (await sessionString(options))
    throw usageError('--local removes stored sessions: to sign out a session string, delete it')
  const { account: named } = options
  const account =
    named === undefined ? issuerAccount((await storedSession(options)).cacao) : accountArgument(named)
  const store = sessionStore(options)
  const count = (await DIDSession.list({ store })).filter((one) => one.account === account).length
  await DIDSession.remove(account, { store })
  print(`removed here: ${count} session${count === 1 ? '' : 's'} of ${account}`)
}
