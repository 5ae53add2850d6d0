import type { Command } from 'commander'
import type { Cacao } from '../capability/cacao.js'
import type { GrantOptions } from '../options/session-options.js'
import { contextOf } from '../resume/context.js'
import { DIDSession } from '../session/did-session.js'
import { lifetimeSecs } from '../sign-in/request-capability.js'
import { signInAnew } from '../sign-in/sign-in.js'
import {
  addGrantOptions,
  domainArgument,
  type GrantCommandOptions,
  grantOf,
  privateKeyOf,
  type Signer,
  signerOf,
} from './grant.js'
import { durationSecs, print, usageError } from './output.js'
import { printGranted } from './report.js'
import { addSecretOptions, readSecret } from './secrets.js'
import { addStoreOption, type StoreCommandOptions, sessionFile, sessionStore } from './sessions.js'

interface AuthorizeCommandOptions extends GrantCommandOptions, StoreCommandOptions {
  readonly domain: string
  readonly account?: string
  readonly minValidity?: number
  readonly printSession?: boolean
  readonly json?: boolean
}

export function configure(command: Command): void {
  command.description(
    'Sign in: sign a session with a private key and store the session, which is valid for one week by default. The private key is read from a file, an environment variable or stdin. It is used once and not stored.',
  )
  addGrantOptions(command)
    .requiredOption(
      '-d, --domain <host>',
      'the domain that signs in; servers must accept it, such as app.example.com',
      domainArgument,
    )
    .option('--account <id>', 'sign in as this contract account, which must accept the key; needs --rpc')
    .option(
      '--min-validity <duration>',
      'do nothing if a stored session allows the same and is valid for at least this much longer',
      durationSecs,
    )
    .option(
      '--print-session',
      'print the session as a string, which contains its secret key, instead of storing it',
    )
    .option('--json', 'print JSON')
    .action(run)
  addStoreOption(command)
  addSecretOptions(command, 'password', ', which encrypts the printed session,')
  command.addHelpText(
    'after',
    `
A private key is 32 bytes in hex (--key-type names its type), a PEM file with an Ed25519, P-256 or secp256k1 key, or
Solana's id.json.

Examples:
  cacao-session authorize --key-file ~/.eth-key --domain app.example.com --resource 'https://api.example.com/notes/*'
  cacao-session authorize --key-env DEVICE_KEY --key-type ed25519 -d app.example.com -r 'https://api.example.com/*' -e 12h
  pass show eth | cacao-session authorize --key-stdin -d app.example.com -a notes/read=https://api.example.com/notes
  SESSION=$(cacao-session authorize … --print-session)
  cacao-session authorize … --min-validity 1d         # in a cron job: signs in again on the last day`,
  )
}

async function run(options: AuthorizeCommandOptions): Promise<void> {
  const { domain, account, chainId, rpc, printSession } = options
  const grant = grantOf(options)
  const { resources = [], abilities } = grant
  if (resources.length === 0 && !abilities)
    throw usageError('say what the session may do: give --resource or --ability')
  if (printSession && (options.minValidity !== undefined || options.store !== undefined || options.json))
    throw usageError(
      '--print-session stores nothing and prints only the string: leave out --store, --min-validity and --json',
    )
  if (options.minValidity !== undefined && options.minValidity >= lifetimeSecs(grant))
    throw usageError(
      '--min-validity must be less than --expires-in (7d by default), or every run would sign in again',
    )
  const signer = await signerOf(await privateKeyOf(options), { domain, account, chainId, rpc })
  const password = await readSecret(options, 'password')
  if (!printSession && password !== undefined)
    throw usageError(
      "a password only encrypts what --print-session prints: stored sessions are protected by their file's mode",
    )
  const given = { ...grant, domain }
  if (printSession) return printSessionString(signer, given, password)
  const { cacao, isNew } = await storeSession(signer, given, options)
  printGranted(cacao, { isNew, file: sessionFile(options), json: options.json })
}

async function printSessionString(
  signer: Signer,
  grant: GrantOptions,
  password: string | undefined,
): Promise<void> {
  const session: DIDSession = await DIDSession.authorize(signer.auth, grant)
  print(password === undefined ? session.serialize() : await session.serialize({ password }))
}

async function storeSession(
  { account, auth }: Signer,
  grant: GrantOptions,
  options: AuthorizeCommandOptions,
): Promise<{ cacao: Cacao; isNew: boolean }> {
  const store = sessionStore(options)
  const { minValidity } = options
  if (minValidity === undefined)
    return {
      cacao: (await signInAnew(contextOf({ store }), account, auth, { ...grant, store })).cacao,
      isNew: true,
    }
  let isNew = false
  const notingAuth: typeof auth = (opts) => {
    isNew = true
    return auth(opts)
  }
  const { cacao } = await DIDSession.get(account, notingAuth, {
    ...grant,
    store,
    // Servers would refuse a session for another domain.
    domains: (domain) => domain === options.domain,
    minValiditySecs: minValidity,
  })
  return { cacao, isNew }
}
