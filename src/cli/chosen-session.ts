import type { Command } from 'commander'
import { accountArgument } from '../base/account.js'
import { issuerAccount } from '../capability/cacao.js'
import { validityAt } from '../capability/validity.js'
import { DIDSession } from '../session/did-session.js'
import { timeInWords } from './durations.js'
import { CommandError, EXIT, usageError } from './exit-codes.js'
import { addSecretOptions, readSecret, type SecretOptions } from './secrets.js'
import { addStoreOption, type StoreCommandOptions, sessionStore } from './session-file.js'
import { storedSession } from './stored-session.js'

/** Which session is to act: a stored one, or one in a string. */
export interface SessionCommandOptions extends StoreCommandOptions, SecretOptions {
  readonly account?: string
}

/** Adds the options that choose a session. */
export function addSessionOptions(command: Command): Command {
  addStoreOption(command).option('--account <id>', 'whose stored session; the one used last by default')
  addSecretOptions(command, 'session', ' instead')
  return addSecretOptions(command, 'password', ' of an encrypted session string')
}

/** A session as a string, and its password if it is encrypted. */
export interface SessionString {
  readonly text: string
  readonly password?: string
}

/** The session string that the options name, and its password; `undefined` if they name none. */
export async function sessionString(options: SessionCommandOptions): Promise<SessionString | undefined> {
  const text = (await readSecret(options, 'session'))?.trim()
  const password = await readSecret(options, 'password')
  if (text === undefined && password !== undefined)
    throw usageError('a password is for session strings: stored sessions have none')
  if (text === undefined) return undefined
  if ((options.account ?? options.store) !== undefined)
    throw usageError('a session string needs neither --account nor --store')
  return { text, ...(password !== undefined && { password }) }
}

/** The session in a string. */
export function sessionOf({ text, ...password }: SessionString): Promise<DIDSession> {
  return DIDSession.fromSession(text, password)
}

/** The session that is to act. Ends the command with exit code 3 if there is none, or it has expired. */
export async function chosenSession(options: SessionCommandOptions): Promise<DIDSession> {
  const string = await sessionString(options)
  if (string) return sessionOf(string)
  const store = sessionStore(options)
  const account = options.account === undefined ? undefined : accountArgument(options.account)
  const session = await DIDSession.load(account, { store })
  if (session) return session
  const { cacao } = await storedSession(options)
  const owner = issuerAccount(cacao)
  if (validityAt(cacao, Date.now()) === 'expired' && cacao.p.exp !== undefined) {
    const when = timeInWords(new Date(cacao.p.exp), Date.now())
    throw new CommandError(
      EXIT.noSession,
      `the session of ${owner} expired at ${when}: cacao-session renew makes a new one`,
    )
  }
  throw new CommandError(
    EXIT.noSession,
    `nobody is signed in since the last sign-out: choose the session of ${owner} with --account; see cacao-session list`,
  )
}
