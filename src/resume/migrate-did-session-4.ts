import { openDB } from 'idb'
import { accountOfText } from '../base/account.js'
import { within } from '../base/environment.js'
import { type Cacao, issuerAccount, validityAt } from '../capability/cacao.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { canSign } from '../key/generate-key.js'
import { sessionKeyOfPair } from '../key/session-key.js'
import type { NewSession } from '../store/store.js'
import type { SessionContext } from './context.js'
import { persist } from './persist.js'
import { assertTrusted } from './trust.js'

// The database of npm did-session 4: `did-session`, version 1, store `sessions`, the account's id as key,
// `{ cacao, keypair }` as value.
const DATABASE = 'did-session'
const STORE = 'sessions'
const OPEN_TIMEOUT_MS = 2000

/** A session as did-session 4 stored it. */
interface DIDSession4Record {
  /** The key of the record: the account as the app wrote it. */
  readonly id: string
  readonly account: string
  readonly cacao: unknown
  readonly keypair: unknown
}

/** The sessions that did-session 4 stored in this origin, of all accounts or of one; none where it never ran. */
async function readDIDSession4(account?: string): Promise<DIDSession4Record[]> {
  return withDatabase([], async (database) => {
    const store = database.transaction(STORE).objectStore(STORE)
    const [ids, values] = await Promise.all([store.getAllKeys(), store.getAll()])
    return ids.flatMap((key, i) => {
      const id = String(key)
      const owner = accountOfText(id)
      const { cacao, keypair } = (values[i] ?? {}) as { cacao?: unknown; keypair?: unknown }
      return owner && (account ?? owner) === owner ? [{ id, account: owner, cacao, keypair }] : []
    })
  })
}

/** Removes the records with these ids. */
async function removeDIDSession4(ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await withDatabase(undefined, async (database) => {
    const transaction = database.transaction(STORE, 'readwrite')
    await Promise.all([...ids.map((id) => transaction.store.delete(id)), transaction.done])
  })
}

type Database = Awaited<ReturnType<typeof openDB>>

async function withDatabase<T>(otherwise: T, work: (database: Database) => Promise<T>): Promise<T> {
  const opening = openIfExists()
  try {
    const database = await within(OPEN_TIMEOUT_MS, opening)
    if (!database) return otherwise
    return database.objectStoreNames.contains(STORE) ? await work(database) : otherwise
  } catch {
    // A broken database of another library must not keep anyone from signing in.
    return otherwise
  } finally {
    opening.then((database) => database?.close()).catch(() => undefined)
  }
}

async function openIfExists(): Promise<Database | undefined> {
  if (typeof indexedDB === 'undefined') return undefined
  // Without a version, an upgrade runs only if there was no database. Aborting the upgrade keeps it from being created.
  const opening = openDB(DATABASE, undefined, {
    upgrade(_database, _old, _new, transaction) {
      transaction.done.catch(() => undefined)
      transaction.abort()
    },
  })
  return opening.catch(() => undefined)
}

/**
 * Moves the sessions that did-session 4 stored in this origin, of all accounts or of one, into our store, and returns how many it
 * moved. They are checked here, because nothing has checked them before. Each is removed from the old database only after it was
 * stored in ours.
 */
export async function migrate(context: SessionContext, account: string | undefined): Promise<number> {
  const usable: { id: string; session: NewSession }[] = []
  for (const old of await readDIDSession4(account)) {
    const session = await check(old, context)
    if (session) usable.push({ id: old.id, session })
  }
  for (const { id, session } of usable) {
    const persistence = await persist(context, session)
    if (persistence === 'indexeddb') await removeDIDSession4([id])
  }
  return usable.length
}

/** Removes the sessions of the account that did-session 4 stored. */
export async function forgetDIDSession4(account: string): Promise<void> {
  await removeDIDSession4((await readDIDSession4(account)).map(({ id }) => id))
}

async function check(old: DIDSession4Record, context: SessionContext): Promise<NewSession | undefined> {
  const now = context.now()
  let cacao: Cacao
  try {
    cacao = parseCacao(old.cacao)
    await assertTrusted(cacao, context.checks, now)
  } catch {
    return undefined
  }
  if (issuerAccount(cacao) !== old.account || validityAt(cacao, now) !== 'valid') return undefined
  const key = await sessionKeyOfPair(old.keypair)
  if (!key?.pair || key.did !== cacao.p.aud || !(await canSign(key))) return undefined
  return { account: old.account, keyDID: key.did, keyPair: key.pair, cacao }
}
