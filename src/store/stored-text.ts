import { storeError } from '../base/errors.js'
import { fromBase64, toBase64 } from '../base/multibase.js'
import { isBytes } from '../base/options.js'
import { type Cacao, issuerAccount } from '../capability/cacao.js'
import { containsBytes, decodeDagJSON, encodeDagJSON } from '../capability/dag-json.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { lastUsedAfter } from './last-used.js'
import type { LastUsed, NewSession, Persistence, SessionRecord, SessionStore, StoreChange } from './store.js'

/** The sessions of one namespace in a text store. If there are none, `last` distinguishes a sign-out from a loss of data. */
export interface StoredSessions {
  readonly sessions: readonly StoredSession[]
  readonly last?: LastUsed
}

/** A session in a text store, with the seed that its key is derived from. */
interface StoredSession extends SessionRecord {
  readonly seed: Uint8Array<ArrayBuffer>
}

export const NO_SESSIONS: StoredSessions = { sessions: [] }

/** Whether there is nothing to store. */
export function isEmpty({ sessions, last }: StoredSessions): boolean {
  return sessions.length === 0 && last === undefined
}

/** A place that stores the sessions of a namespace together, as one text. */
export interface TextStorage {
  readonly persistence: Persistence
  readonly writableByOthers?: boolean
  load(namespace: string): Promise<StoredSessions>
  /** Replaces the stored sessions by what `change` returns for them. No other write may happen in the meantime. */
  update(namespace: string, change: (stored: StoredSessions) => StoredSessions): Promise<void>
}

/**
 * Returns a session store that keeps seeds in a text storage. Errors of the storage become `ERR_STORE_UNAVAILABLE`, unless they
 * are a `SessionError`. `write` rejects with a `TypeError` for a session that can't be stored as text.
 */
export function seedStore({ persistence, writableByOthers, load, update }: TextStorage): SessionStore {
  const loadSessions = (namespace: string): Promise<StoredSessions> =>
    load(namespace).catch((cause: unknown) => {
      throw storeError(cause)
    })
  return {
    persistence,
    keeps: 'seeds',
    ...(writableByOthers && { writableByOthers }),
    async read(namespace, account) {
      const { sessions } = await loadSessions(namespace)
      return sessions.filter((session) => (account ?? session.account) === session.account).map(withoutSeed)
    },
    async readKey(namespace, { account, keyDID }) {
      const { sessions } = await loadSessions(namespace)
      return sessions.find((session) => session.account === account && session.keyDID === keyDID)?.seed
    },
    readLast: async (namespace) => (await loadSessions(namespace)).last,
    async write(namespace, change) {
      // Throws for a wrong session before anything is changed.
      applyChange(NO_SESSIONS, change)
      await update(namespace, (stored) => applyChange(stored, change)).catch((cause: unknown) => {
        throw storeError(cause)
      })
    },
  }
}

// `read` must not return the sessions' keys.
function withoutSeed({ account, keyDID, cacao }: StoredSession): SessionRecord {
  return { account, keyDID, cacao }
}

function applyChange(stored: StoredSessions, change: StoreChange): StoredSessions {
  const { put = [], remove = [] } = change
  const added = put.map(checkedSession)
  const isRemoved = (session: StoredSession): boolean =>
    remove.some(
      ({ account, keyDID }) => account === session.account && (keyDID ?? session.keyDID) === session.keyDID,
    ) || added.some(({ account, keyDID }) => account === session.account && keyDID === session.keyDID)
  const sessions = [...stored.sessions.filter((session) => !isRemoved(session)), ...added]
  const last = lastUsedAfter(stored.last, change)
  return { sessions, ...(last && { last }) }
}

// The length in bytes of an Ed25519 seed.
const SEED_LENGTH = 32

function checkedSession({ account, keyDID, cacao: unchecked, seed }: NewSession): StoredSession {
  const cacao = parseCacao(unchecked)
  const id = idOf(cacao)
  if (account !== id.account || keyDID !== id.keyDID)
    throw new TypeError('account and keyDID must be those of the capability')
  if (!isBytes(seed) || seed.length !== SEED_LENGTH)
    throw new TypeError(`seed must have ${SEED_LENGTH} bytes: this store can't store a CryptoKeyPair`)
  return { ...id, cacao, seed: new Uint8Array(seed) }
}

function idOf(cacao: Cacao): { account: string; keyDID: string } {
  return { account: issuerAccount(cacao), keyDID: cacao.p.aud }
}

/** Converts the sessions to values that JSON can represent, except for bytes in capabilities, which need DAG-JSON. */
export function toPlain({ sessions, last }: StoredSessions): object {
  const plain = sessions.map(({ seed, cacao }) => ({ sessionKeySeed: toBase64(seed), cacao }))
  return { sessions: plain, ...(last && { last }) }
}

/** Returns the sessions in a value that `toPlain` returned; `undefined` for any other value. */
export function fromPlain(value: unknown): StoredSessions | undefined {
  const plain = membersOf(value, ['sessions', 'last'])
  if (!Array.isArray(plain?.sessions)) return undefined
  const sessions = plain.sessions.map(parseStoredSession)
  const last = plain.last === undefined ? undefined : parseLastUsed(plain.last)
  if (!sessions.every((session) => session !== undefined) || (plain.last !== undefined && !last))
    return undefined
  return { sessions, ...(last && { last }) }
}

function parseStoredSession(value: unknown): StoredSession | undefined {
  const { sessionKeySeed, cacao: unchecked } = membersOf(value, ['sessionKeySeed', 'cacao']) ?? {}
  const seed = typeof sessionKeySeed === 'string' ? fromBase64(sessionKeySeed) : undefined
  if (seed?.length !== SEED_LENGTH) return undefined
  try {
    const cacao = parseCacao(unchecked)
    return { ...idOf(cacao), cacao, seed }
  } catch {
    return undefined
  }
}

function parseLastUsed(value: unknown): LastUsed | undefined {
  const { account, keyDID, at } = membersOf(value, ['account', 'keyDID', 'at']) ?? {}
  if (typeof at !== 'number') return undefined
  if (typeof account === 'string' && typeof keyDID === 'string') return { account, keyDID, at }
  return account === undefined && keyDID === undefined ? { at } : undefined
}

/** Returns JSON, or DAG-JSON if a capability contains bytes. */
export function toJSON(plain: object): string {
  return containsBytes(plain) ? encodeDagJSON(plain) : JSON.stringify(plain)
}

/** Returns the members of an object that `toJSON` wrote; `undefined` if the text is not an object with these members only. */
export function fromJSON<Name extends string>(
  text: string,
  names: readonly Name[],
): { readonly [name in Name]?: unknown } | undefined {
  return membersOf(decodeDagJSON(text), names)
}

function membersOf<Name extends string>(
  value: unknown,
  names: readonly Name[],
): { readonly [name in Name]?: unknown } | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const known: readonly string[] = names
  return Object.keys(value).every((name) => known.includes(name)) ? value : undefined
}
