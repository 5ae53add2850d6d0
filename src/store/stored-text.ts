import { fromBase64, toBase64 } from '../base/base64.js'
import { isBytes } from '../base/bytes.js'
import { type Cacao, issuerAccount } from '../capability/cacao.js'
import { containsBytes, decodeDagJSON, encodeDagJSON } from '../capability/dag-json.js'
import { parseCacao } from '../capability/parse-cacao.js'
import {
  type LastUsed,
  type NewSession,
  type Persistence,
  type SessionRecord,
  type SessionStore,
  type StoreChange,
  storeError,
} from './store.js'

/** A session as stores of text keep it: with the seed that its key grows from. */
interface KeptSession extends SessionRecord {
  readonly seed: Uint8Array<ArrayBuffer>
}

/** What such a store keeps in one namespace. Without sessions, `last` still tells a sign-out from a loss. */
export interface KeptSessions {
  readonly sessions: readonly KeptSession[]
  readonly last?: LastUsed
}

export const NONE: KeptSessions = { sessions: [] }

// As long as seeds of Ed25519 are.
const SEED_LENGTH = 32

/** The sessions with the change made to them. Throws a `TypeError` for a session that can't be kept as text. */
function changed(kept: KeptSessions, { put = [], remove = [], last }: StoreChange): KeptSessions {
  const added = put.map(sessionArgument)
  const goes = (kept: KeptSession): boolean =>
    remove.some(
      ({ account, keyDID }) => account === kept.account && (keyDID ?? kept.keyDID) === kept.keyDID,
    ) || added.some(({ account, keyDID }) => account === kept.account && keyDID === kept.keyDID)
  const sessions = [...kept.sessions.filter((session) => !goes(session)), ...added]
  const latest = last ?? kept.last
  return { sessions, ...(latest && { last: latest }) }
}

/** Whether there is nothing at all to keep. */
export function isNone({ sessions, last }: KeptSessions): boolean {
  return sessions.length === 0 && last === undefined
}

/** As JSON can hold it, but for bytes. */
export function toPlain({ sessions, last }: KeptSessions): object {
  const plain = sessions.map(({ seed, cacao }) => ({ sessionKeySeed: toBase64(seed), cacao }))
  return { sessions: plain, ...(last && { last }) }
}

/** What `toPlain` gave; `undefined` if the value is anything else. */
export function fromPlain(value: unknown): KeptSessions | undefined {
  const { sessions, last } = membersOf(value, ['sessions', 'last']) ?? {}
  if (!Array.isArray(sessions)) return undefined
  const kept = sessions.map(keptSession)
  const used = last === undefined ? undefined : lastUsed(last)
  if (!kept.every((session) => session !== undefined) || (last !== undefined && !used)) return undefined
  return { sessions: kept, ...(used && { last: used }) }
}

/** JSON; DAG-JSON where a capability holds bytes. */
export function toJSON(plain: object): string {
  return containsBytes(plain) ? encodeDagJSON(plain) : JSON.stringify(plain)
}

/** The members of what `toJSON` wrote, if it has none but these; `undefined` if it is anything else. */
export function fromJSON<Name extends string>(
  text: string,
  names: readonly Name[],
): { readonly [name in Name]?: unknown } | undefined {
  return membersOf(decodeDagJSON(text), names)
}

function keptSession(value: unknown): KeptSession | undefined {
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

function lastUsed(value: unknown): LastUsed | undefined {
  const { account, keyDID, at } = membersOf(value, ['account', 'keyDID', 'at']) ?? {}
  if (typeof at !== 'number') return undefined
  if (typeof account === 'string' && typeof keyDID === 'string') return { account, keyDID, at }
  return account === undefined && keyDID === undefined ? { at } : undefined
}

function sessionArgument({ account, keyDID, cacao: unchecked, seed }: NewSession): KeptSession {
  const cacao = parseCacao(unchecked)
  const id = idOf(cacao)
  if (account !== id.account || keyDID !== id.keyDID)
    throw new TypeError('account and keyDID must be those of the capability')
  if (!isBytes(seed) || seed.length !== SEED_LENGTH)
    throw new TypeError(`a store of text keeps sessions with a seed of ${SEED_LENGTH} bytes only`)
  return { ...id, cacao, seed: new Uint8Array(seed) }
}

function idOf(cacao: Cacao): { account: string; keyDID: string } {
  return { account: issuerAccount(cacao), keyDID: cacao.p.aud }
}

function membersOf<Name extends string>(
  value: unknown,
  names: readonly Name[],
): { readonly [name in Name]?: unknown } | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const known: readonly string[] = names
  return Object.keys(value).every((name) => known.includes(name)) ? value : undefined
}

/** Where a namespace's sessions are read and written as a whole. */
export interface KeptPlace {
  readonly persistence: Persistence
  readonly writableByOthers?: boolean
  load(namespace: string): Promise<KeptSessions>
  /** Puts in place what `change` makes of the sessions that are there. Nobody else may write meanwhile. */
  update(namespace: string, change: (kept: KeptSessions) => KeptSessions): Promise<void>
}

/** A store of sessions with seeds. What goes wrong in the place rejects with `ERR_STORE_…`. */
export function seedStore({ persistence, writableByOthers, load, update }: KeptPlace): SessionStore {
  const sessions = (namespace: string): Promise<KeptSessions> =>
    load(namespace).catch((cause: unknown) => {
      throw storeError(cause)
    })
  return {
    persistence,
    keeps: 'seeds',
    ...(writableByOthers && { writableByOthers }),
    async read(namespace, account) {
      const kept = (await sessions(namespace)).sessions
      return kept.filter((session) => (account ?? session.account) === session.account).map(withoutSeed)
    },
    async readKey(namespace, { account, keyDID }) {
      const kept = (await sessions(namespace)).sessions
      return kept.find((session) => session.account === account && session.keyDID === keyDID)?.seed
    },
    readLast: async (namespace) => (await sessions(namespace)).last,
    async write(namespace, change) {
      // A wrong argument is found out before anything is touched.
      changed(NONE, change)
      await update(namespace, (kept) => changed(kept, change)).catch((cause: unknown) => {
        throw storeError(cause)
      })
    },
  }
}

// Whoever asks who is signed in is not handed the keys.
function withoutSeed({ account, keyDID, cacao }: KeptSession): SessionRecord {
  return { account, keyDID, cacao }
}
