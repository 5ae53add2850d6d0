import { type Cacao, issuerAccount } from '../capability/cacao.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { expiryTime } from '../capability/validity.js'
import type { LastUsed, Persistence, SessionRecord, SessionStore, StoredAccount } from './store.js'

/** A record as it was found, the store that has it, and its key if that was read along with it. Nothing of it is checked. */
export interface FoundRecord {
  readonly record: unknown
  readonly store: SessionStore
  readonly key?: unknown
}

/** What the stores hold, as far as it could be read. */
export interface FoundRecords {
  readonly found: readonly FoundRecord[]
  /** The errors of the stores that could not be read. */
  readonly failures: readonly unknown[]
  /** Which stores these are. */
  readonly unread: readonly Persistence[]
}

/** The records of an account, and the session that was used last. */
export interface FoundAccount extends FoundRecords {
  readonly last: LastUsed | undefined
}

/** Reads the records of a namespace, or of one account in it, from all the stores. One that fails doesn't stop the others. */
export async function readRecords(
  stores: readonly SessionStore[],
  namespace: string,
  account?: string,
): Promise<FoundRecords> {
  return collect(stores, async (store) => ({ records: await store.read(namespace, account) }))
}

/**
 * Reads the account's records, the note of the last use, and the keys that are not known yet, in one step where the store
 * can do that. Without an account, the records of the account used last; if nobody was, all records.
 */
export async function readAccount(
  stores: readonly SessionStore[],
  namespace: string,
  account: string | undefined,
  isKnown: (keyDID: string) => boolean,
): Promise<FoundAccount> {
  const lasts: (LastUsed | undefined)[] = []
  const first = await collect(stores, async (store) => {
    const stored = await readStored(store, namespace, account, isKnown)
    lasts.push(parseLastUsed(stored.last))
    return stored
  })
  const last = newest(lasts)
  // Stores that can't be read aren't asked again.
  if (account !== undefined || lasts.length < (last ? 2 : 1)) return { ...first, last }
  return { ...(await readRecords(stores, namespace, last?.account)), last }
}

/** The session used last, over all stores. A store that fails counts as one that knows of none. */
export async function readLastUsed(
  stores: readonly SessionStore[],
  namespace: string,
): Promise<LastUsed | undefined> {
  const read = async (store: SessionStore): Promise<unknown> => store.readLast(namespace)
  return newest(await Promise.all(stores.map((store) => read(store).then(parseLastUsed, () => undefined))))
}

/** A record as we write it, or `undefined`: then it can't be read, which is not the same as absent. */
export function parseRecord(record: unknown): SessionRecord | undefined {
  if (typeof record !== 'object' || record === null) return undefined
  const { account, keyDID, cacao } = record as { [name in keyof SessionRecord]?: unknown }
  try {
    const checked = parseCacao(cacao)
    const issuer = issuerAccount(checked)
    if (account !== issuer || keyDID !== checked.p.aud) return undefined
    return { account: issuer, keyDID: checked.p.aud, cacao: checked }
  } catch {
    return undefined
  }
}

/** When the capability expires; `undefined` without `exp`. */
export function expiresAt(cacao: Cacao): Date | undefined {
  const time = expiryTime(cacao)
  return time === Number.POSITIVE_INFINITY ? undefined : new Date(time)
}

async function collect(
  stores: readonly SessionStore[],
  read: (store: SessionStore) => Promise<Pick<StoredAccount, 'records' | 'keys'>>,
): Promise<FoundRecords> {
  const failures: unknown[] = []
  const unread: Persistence[] = []
  const found = stores.map(async (store): Promise<FoundRecord[]> => {
    try {
      const { records, keys = [] } = await read(store)
      return Array.isArray(records)
        ? records.map((record: unknown, i) => ({ record, store, key: keys[i] }))
        : []
    } catch (error) {
      failures.push(error)
      unread.push(store.persistence)
      return []
    }
  })
  return { found: (await Promise.all(found)).flat(), failures, unread }
}

// A store that can't do it in one step is asked step by step. Only a failure to read the records is one of the store.
async function readStored(
  store: SessionStore,
  namespace: string,
  account: string | undefined,
  isKnown: (keyDID: string) => boolean,
): Promise<StoredAccount> {
  if (store.readAccount) return store.readAccount(namespace, account, isKnown)
  const reading = readLastUsed([store], namespace)
  const owner = account ?? (await reading)?.account
  const records = owner === undefined ? [] : await store.read(namespace, owner)
  return { last: await reading, records }
}

function newest(all: readonly (LastUsed | undefined)[]): LastUsed | undefined {
  return all.reduce((a, b) => (b && !((a?.at ?? 0) > b.at) ? b : a), undefined)
}

function parseLastUsed(last: unknown): LastUsed | undefined {
  if (typeof last !== 'object' || last === null) return undefined
  const { account, keyDID, at } = last as { account?: unknown; keyDID?: unknown; at?: unknown }
  if (typeof at !== 'number') return undefined
  return typeof account === 'string' && typeof keyDID === 'string' ? { account, keyDID, at } : { at }
}
