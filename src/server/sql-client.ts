import { SerialQueue } from '../base/concurrency.js'
import { SessionError } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'
import { type ReadersOf, type ReadValue, readOptions, setting, wrong } from '../base/options.js'
import { refuseWorkersKV } from '../http/replay.js'

/** The method that is used of a `Pool` or a `Client` of the package `pg`. The app installs that package. */
export interface PgClient {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>
}

/** The methods that are used of the `sql` of the package `postgres` (postgres.js). The app installs that package. */
export interface PostgresClient {
  (...args: never[]): unknown
  unsafe(text: string, values: never[]): PromiseLike<unknown>
  begin(...args: never[]): unknown
}

/** The methods that are used of a `DatabaseSync` of `node:sqlite`, or a `Database` of the package `better-sqlite3`. */
export interface SQLiteClient {
  prepare(text: string): { all(...values: never[]): unknown[] }
  exec(text: string): unknown
}

/** The database clients that the stores accept. */
export type SQLClient = PgClient | PostgresClient | SQLiteClient

/** The kinds of databases that the stores support. */
export type SQLDialect = 'postgres' | 'sqlite'

/** A database, independent of its client. */
export interface Database {
  readonly dialect: SQLDialect
  /** An expression for the milliseconds since 1970 by the clock of the database. */
  readonly now: string
  /** The end of a SELECT of rows to delete. It prevents two servers that delete rows from waiting for each other. */
  readonly skipLocked: string
  /**
   * Runs one statement, with a `?` for each value, and returns its rows, each as a list of its columns. Rejects with
   * `ERR_STORE_UNAVAILABLE`.
   */
  run(statement: string, values: readonly (string | number | null)[]): Promise<readonly unknown[][]>
}

const NOW: Readonly<Record<SQLDialect, string>> = {
  postgres: 'CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)',
  sqlite: "CAST((julianday('now') - 2440587.5) * 86400000 AS bigint)",
}

/** Returns the database of a client. Throws a `TypeError` for an unknown kind of client. */
export function databaseOf(client: SQLClient): Database {
  refuseWorkersKV(client, 'client')
  if (isPostgres(client))
    return database('postgres', async (text, values) => client.unsafe(text, [...values] as never[]))
  if (isPg(client)) return pgDatabase(client)
  if (isSQLite(client)) return sqliteDatabase(client)
  throw new TypeError(
    'client must be a Pool or Client of the package pg, the sql of the package postgres, a DatabaseSync of node:sqlite, or a Database of better-sqlite3',
  )
}

type Ask = (text: string, values: readonly (string | number | null)[]) => Promise<unknown>

function database(dialect: SQLDialect, ask: Ask): Database {
  const texts = new Map<string, string>()
  const textOf = (statement: string): string => {
    let count = 0
    const text = texts.get(statement) ?? statement.replaceAll('?', () => `$${++count}`)
    texts.set(statement, text)
    return text
  }
  return {
    dialect,
    now: NOW[dialect],
    skipLocked: dialect === 'postgres' ? 'FOR UPDATE SKIP LOCKED' : '',
    async run(statement, values) {
      const text = dialect === 'postgres' ? textOf(statement) : statement
      for (let tries = 1; ; tries++) {
        try {
          return rowsOf(await ask(text, values))
        } catch (cause) {
          if (tries === MOST_TRIES || !wasUndone(cause)) throw unavailable(cause)
        }
        // A random pause, because statements that conflicted would otherwise meet again.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * tries * PAUSE_MS))
      }
    },
  }
}

const MOST_TRIES = 10
// After the first try; twice as long after the second, and so on. All pauses together take less than a second, so that the statement
// ends before whoever waits for the store gives up.
const PAUSE_MS = 20

// Postgres undoes one of two transactions that conflict or wait for each other, and expects it to be tried again. At the isolation
// levels above READ COMMITTED, which can be a database's default, this also happens to single statements.
function wasUndone(cause: unknown): boolean {
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  return code === '40001' || code === '40P01'
}

function pgDatabase(client: PgClient): Database {
  const queue = new SerialQueue()
  const ask: Ask = async (text, values) => (await client.query(text, [...values])).rows
  // A single client runs one query at a time.
  return database('postgres', isPool(client) ? ask : (...query) => queue.run(() => ask(...query)))
}

function sqliteDatabase(client: SQLiteClient): Database {
  const statements = new Map<string, ReturnType<SQLiteClient['prepare']>>()
  return database('sqlite', async (text, values) => {
    // If the app rolled back its transaction, that would also undo what the store has written.
    const { inTransaction, isTransaction } = client as { inTransaction?: unknown; isTransaction?: unknown }
    if (inTransaction === true || isTransaction === true)
      throw new Error('a transaction is open on this connection: give the store its own connection')
    const statement = statements.get(text) ?? client.prepare(text)
    statements.set(text, statement)
    return statement.all(...(values as never[]))
  })
}

// A transaction of postgres.js has no `begin`. It is refused, because a rollback would undo what the store has written.
function isPostgres(client: unknown): client is PostgresClient {
  return typeof client === 'function' && hasMethods(client, 'unsafe', 'begin')
}

// Clients of other databases have a `query` method too, so also look for members that only `pg` has.
function isPg(client: unknown): client is PgClient {
  if (!hasMethods(client, 'query')) return false
  return isPool(client) || hasMethods(client, 'escapeIdentifier')
}

function isPool(client: unknown): boolean {
  return typeof (client as { totalCount?: unknown }).totalCount === 'number'
}

// Clients whose methods return promises or take callbacks have a `prepare` method too, so also look for other members.
function isSQLite(client: unknown): client is SQLiteClient {
  if (!hasMethods(client, 'prepare', 'exec')) return false
  return hasMethods(client, 'pragma') || (hasMethods(client, 'open', 'close') && !hasMethods(client, 'all'))
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}

// Some clients can be configured to return rows as lists instead of objects.
function rowsOf(answer: unknown): readonly unknown[][] {
  if (!Array.isArray(answer)) throw new Error('the client returned no rows')
  return answer.map((row: unknown) => {
    if (typeof row !== 'object' || row === null)
      throw new Error('the client returned something that is not a row')
    return Object.values(row)
  })
}

function unavailable(cause: unknown): SessionError {
  const { message = '' } = cause instanceof Error ? cause : {}
  const reason = message === '' ? '' : ` (${withoutHidden(message, () => ' ').slice(0, 100)})`
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    `a statement in the database failed${reason}: ${adviceFor(message)}`,
    { cause },
  )
}

function adviceFor(message: string): string {
  if (/no such table|relation .* does not exist/.test(message))
    return 'its tables are missing: run the statements that sqlMigration returns'
  if (/database is locked|SQLITE_BUSY/.test(message))
    return 'another process is writing: let the connection wait for it, with PRAGMA busy_timeout = 2000, or find the transaction that stays open'
  if (/readonly database|SQLITE_READONLY/.test(message))
    return 'let this process write the file and its folder, and do not open it as read-only'
  if (/not queryable|client was closed/i.test(message))
    return 'a Client that has lost its connection stays without one: pass a Pool'
  return 'check that it is running and can be written'
}

/** Reads a 1 or 0 that a statement returned. Some clients return numbers as strings or BigInts. */
export function booleanOf(value: unknown): boolean {
  const text = String(value)
  if (text === '1' || text === '0') return text === '1'
  throw unexpected(value)
}

/** Reads a time that a statement returned, in milliseconds; `Infinity` for NULL. Some clients return strings or BigInts. */
export function timeOf(value: unknown): number {
  if (value === null) return Number.POSITIVE_INFINITY
  const isInteger =
    Number.isSafeInteger(value) ||
    typeof value === 'bigint' ||
    (typeof value === 'string' && /^-?\d+$/.test(value))
  if (isInteger) return Number(value)
  throw unexpected(value)
}

/** Reads a text that a statement returned. */
export function textValue(value: unknown): string {
  if (typeof value === 'string') return value
  throw unexpected(value)
}

function unexpected(value: unknown): SessionError {
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    `the database gave an unexpected answer: ${String(value).slice(0, 40)}: check that its tables are those of sqlMigration`,
  )
}

/** The names of the tables. */
export interface SQLTables {
  readonly used: string
  readonly revoked: string
  readonly signedOut: string
  readonly devices: string
}

const DEFAULT_PREFIX = 'cacao_session_'
// A schema may precede it. The longest name of a table or index then has 63 characters, the most that Postgres allows.
const PREFIX = /^(?:[a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,39}$/

/** Returns the names of the tables. Throws a `TypeError` for a prefix that would have to be quoted in SQL. */
export function tablesOf(prefix: string = DEFAULT_PREFIX): SQLTables {
  if (typeof prefix !== 'string' || !PREFIX.test(prefix))
    throw wrong(
      'prefix',
      'up to 40 lower-case letters, digits and underscores; the name of a schema and a dot may precede them: "auth.session_"',
    )
  return {
    used: `${prefix}used`,
    revoked: `${prefix}revoked`,
    signedOut: `${prefix}signed_out`,
    devices: `${prefix}devices`,
  }
}

/** Reads the prefix of the tables' names. */
export const prefixOption: ReadValue<string> = (value) => {
  tablesOf(value as string)
  return value as string
}

/** Options of `sqlMigration`. */
export interface SQLMigrationOptions {
  /** The prefix of the tables' names, `cacao_session_` by default. Pass the same prefix to the stores. */
  prefix?: string
}

const MIGRATION_OPTIONS: ReadersOf<SQLMigrationOptions> = { prefix: setting(prefixOption) }

/**
 * Returns the statements that create the tables of `sqlReplay`, `sqlRevocation` and `sqlDevices`. Run them once or at each start: they
 * don't change tables that exist. The servers' database user must be allowed to read, insert, update and delete. Throws a `TypeError`
 * for an unknown dialect or a wrong option.
 *
 * @example
 * await pool.query(sqlMigration('postgres')) // or, with node:sqlite: database.exec(sqlMigration('sqlite'))
 */
export function sqlMigration(dialect: SQLDialect, options: SQLMigrationOptions = {}): string {
  const { used, revoked, signedOut, devices } = tablesOf(
    readOptions<SQLMigrationOptions>(options, MIGRATION_OPTIONS).prefix,
  )
  if (dialect !== 'postgres' && dialect !== 'sqlite') throw wrong('dialect', '"postgres" or "sqlite"')
  const indexOf = (table: string): string => `${table.slice(table.indexOf('.') + 1)}_expires_at`
  // By default, Postgres may compare texts by the rules of a language instead of byte by byte.
  const key = dialect === 'postgres' ? 'text COLLATE "C"' : 'text'
  const index = (table: string): string =>
    dialect === 'sqlite' && table.includes('.')
      ? `CREATE INDEX IF NOT EXISTS ${table.slice(0, table.indexOf('.'))}.${indexOf(table)} ON ${table.slice(table.indexOf('.') + 1)} (expires_at);`
      : `CREATE INDEX IF NOT EXISTS ${indexOf(table)} ON ${table} (expires_at);`
  return `CREATE TABLE IF NOT EXISTS ${used} (id ${key} PRIMARY KEY, expires_at bigint NOT NULL);
${index(used)}
CREATE TABLE IF NOT EXISTS ${revoked} (id ${key} PRIMARY KEY, expires_at bigint);
${index(revoked)}
CREATE TABLE IF NOT EXISTS ${signedOut} (account ${key} PRIMARY KEY, before bigint NOT NULL);
CREATE TABLE IF NOT EXISTS ${devices} (account ${key} NOT NULL, id ${key} NOT NULL, key_did text NOT NULL, capability text NOT NULL,
  name text, first_seen bigint NOT NULL, last_seen bigint NOT NULL, expires_at bigint, PRIMARY KEY (account, id));
${index(devices)}
`
}
