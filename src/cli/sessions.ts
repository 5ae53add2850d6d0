import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Command } from 'commander'
import { accountArgument } from '../base/account.js'
import { issuerAccount } from '../capability/cacao.js'
import { expiryTime, validityAt } from '../capability/validity.js'
import { fileStore } from '../node/file-store.js'
import { contextOf } from '../resume/context.js'
import { sessionOfSeed } from '../resume/session-string.js'
import { DIDSession } from '../session/did-session.js'
import { parseRecord, readLastUsed, readRecords } from '../store/read-sessions.js'
import type { SessionData } from '../store/session-data.js'
import { type SessionStore, storeError } from '../store/store.js'
import { CommandError, EXIT, timeInWords, usageError } from './output.js'
import { addSecretOptions, readSecret, type SecretOptions } from './secrets.js'
/** Which file keeps the sessions. */
export interface StoreCommandOptions {
  readonly store?: string
}

/** Adds the option that names the file of sessions. */
export function addStoreOption(command: Command): Command {
  return command.option(
    '--store <file>',
    'the file that keeps sessions; CACAO_SESSION_STORE, or ~/.local/share/cacao-session/sessions, by default',
  )
}

/** The file of sessions: as named, or by the environment, or where programs keep data (XDG base directories). */
export function sessionFile({ store }: StoreCommandOptions): string {
  const { CACAO_SESSION_STORE, XDG_DATA_HOME = '' } = process.env
  const data = isAbsolute(XDG_DATA_HOME) ? XDG_DATA_HOME : join(homedir(), '.local', 'share')
  return store || CACAO_SESSION_STORE || join(data, 'cacao-session', 'sessions')
}

/** The sessions in it. */
export function sessionStore(options: StoreCommandOptions): SessionStore {
  return fileStore(sessionFile(options))
}

/**
 * A stored session, expired or not: of the account, or the one used last, or the only one. Of several, the one that is
 * valid longest. Ends the command with exit code 3 if there is none.
 */
export async function storedSession(
  options: StoreCommandOptions & { readonly account?: string },
): Promise<SessionData> {
  const store = sessionStore(options)
  const { namespace } = contextOf({ store })
  const account = options.account === undefined ? undefined : accountArgument(options.account)
  const { found, failures } = await readRecords([store], namespace, account)
  if (failures.length > 0) throw storeError(failures[0])
  const last = await readLastUsed([store], namespace)
  const records = found.flatMap(({ record }) => parseRecord(record) ?? [])
  const used = account === undefined ? records.find(({ keyDID }) => keyDID === last?.keyDID) : undefined
  const [first, ...others] = records.sort((a, b) => expiryTime(b.cacao) - expiryTime(a.cacao))
  const isOneAccount = others.every((other) => other.account === first?.account)
  const record = used ?? (isOneAccount ? first : undefined)
  if (!record) throw absent(first !== undefined, account, sessionFile(options))
  const session = await sessionOfSeed(await store.readKey(namespace, record), record.cacao, store.persistence)
  if (session) return session
  throw new CommandError(
    EXIT.refused,
    `the key of the stored session of ${record.account} is not its own: remove it with cacao-session revoke --local`,
  )
}

function absent(areSeveral: boolean, account: string | undefined, file: string): CommandError {
  const why = areSeveral
    ? 'several sessions are stored, and none was used last: choose one with --account; see cacao-session list'
    : account === undefined
      ? `no session is stored in ${file}: make one with cacao-session authorize`
      : `no session of ${account} is stored in ${file}: see cacao-session list`
  return new CommandError(EXIT.noSession, why)
}

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
