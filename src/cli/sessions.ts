import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Command } from 'commander'
import { accountArgument } from '../base/account.js'
import { storeError } from '../base/errors.js'
import { expiryTime, issuerAccount, validityAt } from '../capability/cacao.js'
import { fileStore } from '../node/file-store.js'
import { contextOf, parseRecord, readLastUsed, readRecords } from '../resume/context.js'
import { sessionOfSeed } from '../resume/session-string.js'
import { DIDSession } from '../session/did-session.js'
import type { SessionData, SessionStore } from '../store/store.js'
import { CommandError, EXIT, timeInWords, usageError } from './output.js'
import { addSecretOptions, readSecret, type SecretOptions } from './secrets.js'

/** The options that choose a session: a stored one, or one in a string. */
export interface SessionCommandOptions extends StoreCommandOptions, SecretOptions {
  readonly account?: string
}

/** Adds the options that choose a session. */
export function addSessionOptions(command: Command): Command {
  addStoreOption(command).option(
    '--account <id>',
    'use the stored session of this account; by default the one that was used last',
  )
  addSecretOptions(command, 'session', ' instead')
  return addSecretOptions(command, 'password', ' of an encrypted session string')
}

/**
 * Returns the session that the options choose. Ends the command with exit code 3 if there is none or it has
 * expired.
 */
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
      `the session of ${owner} expired at ${when}: make a new one with cacao-session renew`,
    )
  }
  throw new CommandError(
    EXIT.noSession,
    `nobody has signed in since the last sign-out: choose the session of ${owner} with --account (cacao-session list shows all of them)`,
  )
}

/** A session string, and the password if the string is encrypted. */
export interface SessionString {
  readonly text: string
  readonly password?: string
}

/**
 * Reads the session string that the options name, and its password. Returns `undefined` if they name none.
 */
export async function sessionString(options: SessionCommandOptions): Promise<SessionString | undefined> {
  const text = (await readSecret(options, 'session'))?.trim()
  const password = await readSecret(options, 'password')
  if (text === undefined && password !== undefined)
    throw usageError('a password only decrypts session strings: stored sessions have none')
  if (text === undefined) return undefined
  if ((options.account ?? options.store) !== undefined)
    throw usageError(
      '--account and --store choose a stored session: leave them out when you give a session string',
    )
  return { text, ...(password !== undefined && { password }) }
}

/** Loads the session in a string. */
export function sessionOf({ text, ...password }: SessionString): Promise<DIDSession> {
  return DIDSession.fromSession(text, password)
}

/**
 * Returns a stored session, even if it has expired. With `account`, it is a session of that account. Without, it is the
 * session that was used last, or else a session of the only account. If the account has several sessions, it is the one
 * that expires last. Ends the command with exit code 3 if there is no such session.
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
  if (!record) throw noSessionError(first !== undefined, account, sessionFile(options))
  const session = await sessionOfSeed(await store.readKey(namespace, record), record.cacao, store.persistence)
  if (session) return session
  throw new CommandError(
    EXIT.refused,
    `the key of the stored session of ${record.account} does not belong to it: remove the session with cacao-session revoke --local`,
  )
}

function noSessionError(areSeveral: boolean, account: string | undefined, file: string): CommandError {
  const because = (why: string): CommandError => new CommandError(EXIT.noSession, why)
  if (areSeveral)
    return because(
      'sessions of several accounts are stored, and none of them was used last: choose one with --account (cacao-session list shows them)',
    )
  if (account === undefined)
    return because(`no session is stored in ${file}: make one with cacao-session authorize`)
  return because(
    `no session of ${account} is stored in ${file}: cacao-session list shows the stored sessions`,
  )
}

/** The option that names the file of sessions. */
export interface StoreCommandOptions {
  readonly store?: string
}

/** Adds the option that names the file of sessions. */
export function addStoreOption(command: Command): Command {
  return command.option(
    '--store <file>',
    'the file with the stored sessions; by default CACAO_SESSION_STORE, or ~/.local/share/cacao-session/sessions',
  )
}

/**
 * Returns the path of the file of sessions: the option `--store`, else the environment variable `CACAO_SESSION_STORE`,
 * else the default in the data directory (XDG base directories). Ends the command if there is none.
 */
export function sessionFile({ store }: StoreCommandOptions): string {
  const { CACAO_SESSION_STORE } = process.env
  return store || CACAO_SESSION_STORE || join(dataDirectory(), 'cacao-session', 'sessions')
}

function dataDirectory(): string {
  const { XDG_DATA_HOME = '' } = process.env
  if (isAbsolute(XDG_DATA_HOME)) return XDG_DATA_HOME
  const home = homedir()
  // An empty or relative HOME would put the sessions' keys into the current directory.
  if (!isAbsolute(home))
    throw usageError('HOME is not an absolute path: set it, or give the file of sessions with --store')
  return join(home, '.local', 'share')
}

/** Returns the store in the file of sessions. */
export function sessionStore(options: StoreCommandOptions): SessionStore {
  return fileStore(sessionFile(options))
}
