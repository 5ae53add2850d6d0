import type { Command } from 'commander'
import { chainless, parseAccount } from '../base/account.js'
import { systemClock } from '../base/environment.js'
import { issuerAccount } from '../capability/cacao.js'
import { contextOf } from '../resume/context.js'
import { renew } from '../sign-in/renew.js'
import {
  addGrantOptions,
  domainArgument,
  type GrantCommandOptions,
  grantOf,
  privateKeyOf,
  type Signer,
  signerOf,
} from './grant.js'
import { print, usageError } from './output.js'
import { printGranted } from './report.js'
import type { PrivateKey } from './secrets.js'
import {
  addSessionOptions,
  type SessionCommandOptions,
  sessionFile,
  sessionOf,
  sessionStore,
  sessionString,
  storedSession,
} from './sessions.js'

interface RenewCommandOptions extends GrantCommandOptions, SessionCommandOptions {
  readonly domain?: string
  readonly printSession?: boolean
  readonly json?: boolean
}

export function configure(command: Command): void {
  command.description(
    'Sign a new session with the private key. It replaces an old session, which may have expired. What the options leave out stays the same: what the session may do, its domain, and how long it is valid. If anything fails, the old session stays.',
  )
  addGrantOptions(command)
    .option('-d, --domain <host>', 'a new domain', domainArgument)
    .option('--print-session', 'print the new session as a string; only for a session string')
    .option('--json', 'print JSON')
    .action(run)
  addSessionOptions(command)
  command.addHelpText(
    'after',
    `
Examples:
  cacao-session renew --key-file ~/.eth-key
  cacao-session renew --account eip155:1:0x… --key-env PRIVATE_KEY --expires-in 30d --resource 'https://api.example.com/more/*'
  SESSION=$(cacao-session renew --session-env SESSION --print-session --key-file ~/.eth-key)`,
  )
}

async function run(options: RenewCommandOptions): Promise<void> {
  const { domain, printSession } = options
  const string = await sessionString(options)
  if (Boolean(string) !== Boolean(printSession))
    throw usageError(
      '--print-session works only with a session string, which is not stored: give both or neither',
    )
  const grant = { ...grantOf(options), ...(domain !== undefined && { domain }) }
  const key = await privateKeyOf(options)
  if (string) {
    const { password } = string
    const old = await sessionOf(string)
    const { auth } = await signerFor(issuerAccount(old.cacao), key, options)
    const session = await old.renew(auth, grant)
    return print(password === undefined ? session.serialize() : await session.serialize({ password }))
  }
  const held = await storedSession(options)
  const { auth } = await signerFor(issuerAccount(held.cacao), key, options)
  const { cacao } = await renew(
    held,
    contextOf({ store: sessionStore(options) }),
    systemClock,
    auth,
    grant,
    Date.now(),
  )
  printGranted(cacao, { isNew: true, file: sessionFile(options), json: options.json })
}

/** Returns a signer for the session's account. Ends the command if the key belongs to another account. */
async function signerFor(
  account: string,
  key: PrivateKey,
  { rpc, chainId }: RenewCommandOptions,
): Promise<Signer> {
  if (chainId !== undefined)
    throw usageError('--chain-id works only with authorize: a renewed session stays on its chain')
  if (rpc !== undefined) return signerOf(key, { account, rpc })
  const chain = key.type === 'ethereum' ? Number(parseAccount(account)?.reference) : Number.NaN
  const signer = await signerOf(key, Number.isSafeInteger(chain) ? { chainId: chain } : {})
  if (chainless(signer.account) === chainless(account)) return { ...signer, account }
  throw usageError(
    `the private key belongs to ${signer.account}, but the session belongs to ${account}: give the key of the session's account, and --rpc if it is a contract account`,
  )
}
