import { SessionError } from '../base/errors.js'
import { refuseWorkersKV } from './workers-kv.js'

/** A `Pool` or a `Client` of the package `pg`, reduced to what is used. The app installs that package. */
export interface PgClient {
  query(text: string, values: unknown[]): Promise<{ rows: unknown[] }>
}

/** The `sql` of the package `postgres` (postgres.js), reduced to what is used. The app installs that package. */
export interface PostgresClient {
  (...args: never[]): unknown
  unsafe(text: string, values: never[]): PromiseLike<unknown>
  begin(...args: never[]): unknown
}

/** A `DatabaseSync` of `node:sqlite`, or a `Database` of the package `better-sqlite3`, reduced to what is used. */
export interface SQLiteClient {
  prepare(text: string): { all(...values: never[]): unknown[] }
  exec(text: string): unknown
}

/** The clients of databases that the stores take. */
export type SQLClient = PgClient | PostgresClient | SQLiteClient

/** The kinds of databases that the stores take. */
export type SQLDialect = 'postgres' | 'sqlite'

/** A database, whatever its client. */
export interface Database {
  readonly dialect: SQLDialect
  /** Milliseconds since 1970 by the clock of the database, as an expression. */
  readonly now: string
  /**
   * Runs one statement, with a `?` for each value, and gives its rows, each as the list of its columns. Rejects with
   * `ERR_STORE_UNAVAILABLE`.
   */
  run(statement: string, values: readonly (string | number | null)[]): Promise<readonly unknown[][]>
}

const NOW: Readonly<Record<SQLDialect, string>> = {
  postgres: 'CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)',
  sqlite: "CAST((julianday('now') - 2440587.5) * 86400000 AS bigint)",
}

/** The database behind a client. Throws a `TypeError` for a client that is none of those that are known. */
export function databaseOf(client: SQLClient): Database {
  refuseWorkersKV(client)
  if (isPostgres(client))
    return database('postgres', async (text, values) => client.unsafe(text, [...values] as never[]))
  if (isPg(client))
    return database('postgres', async (text, values) => (await client.query(text, [...values])).rows)
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
    async run(statement, values) {
      try {
        return rowsOf(await ask(dialect === 'postgres' ? textOf(statement) : statement, values))
      } catch (cause) {
        throw unavailable(cause)
      }
    },
  }
}

function sqliteDatabase(client: SQLiteClient): Database {
  const statements = new Map<string, ReturnType<SQLiteClient['prepare']>>()
  return database('sqlite', async (text, values) => {
    // What is written within a transaction of the app is undone with it.
    const { inTransaction, isTransaction } = client as { inTransaction?: unknown; isTransaction?: unknown }
    if (inTransaction === true || isTransaction === true)
      throw new Error('a transaction is open on this connection: give the store a connection of its own')
    const statement = statements.get(text) ?? client.prepare(text)
    statements.set(text, statement)
    return statement.all(...(values as never[]))
  })
}

// A transaction of postgres.js has no `begin`: what is written within one is undone with it.
function isPostgres(client: unknown): client is PostgresClient {
  return typeof client === 'function' && hasMethods(client, 'unsafe', 'begin')
}

// By what only they have: clients of other databases have a method `query` too.
function isPg(client: unknown): client is PgClient {
  if (!hasMethods(client, 'query')) return false
  const isPool = typeof (client as { totalCount?: unknown }).totalCount === 'number'
  return isPool || hasMethods(client, 'escapeIdentifier')
}

// Others, whose methods return promises or take callbacks, have a method `prepare` too.
function isSQLite(client: unknown): client is SQLiteClient {
  if (!hasMethods(client, 'prepare', 'exec')) return false
  return hasMethods(client, 'pragma') || (hasMethods(client, 'open', 'close') && !hasMethods(client, 'all'))
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return false
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
}

// Some clients can be set to give rows as lists instead of objects.
function rowsOf(answer: unknown): readonly unknown[][] {
  if (!Array.isArray(answer)) throw new Error('the client gave no rows')
  return answer.map((row: unknown) => {
    if (typeof row !== 'object' || row === null) throw new Error('the client gave something other than a row')
    return Object.values(row)
  })
}

function unavailable(cause: unknown): SessionError {
  const said = cause instanceof Error ? cause.message : ''
  const advice = /no such table|relation .* does not exist/.test(said)
    ? 'its tables are missing: run what sqlMigration gives'
    : /database is locked|SQLITE_BUSY/.test(said)
      ? 'another process is writing: let the connection wait for it, with PRAGMA busy_timeout = 2000'
      : 'check that it is running and can be written'
  return new SessionError('ERR_STORE_UNAVAILABLE', `a statement in the database failed: ${advice}`, { cause })
}

/** A value that a statement gave as 1 or 0, also where the client gives numbers as texts or BigInts. */
export function truth(value: unknown): boolean {
  const text = String(value)
  if (text === '1' || text === '0') return text === '1'
  throw unexpected(value)
}

/** A time that a statement gave; `Infinity` for NULL. */
export function time(value: unknown): number {
  if (value === null) return Number.POSITIVE_INFINITY
  const milliseconds = typeof value === 'string' && value !== '' ? Number(value) : Number(value ?? Number.NaN)
  if (Number.isFinite(milliseconds)) return milliseconds
  throw unexpected(value)
}

/** A text that a statement gave. */
export function text(value: unknown): string {
  if (typeof value === 'string') return value
  throw unexpected(value)
}

function unexpected(value: unknown): SessionError {
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    `the database gave an unexpected answer: ${String(value).slice(0, 40)}`,
  )
}
