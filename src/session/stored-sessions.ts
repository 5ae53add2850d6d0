import { type Cacao, issuerAccount, parseCacao } from '../capability/cacao.js'
import { missingResources } from '../capability/resources.js'
import { expiryTime, validityAt } from '../capability/validity.js'
import { type Verifiers, verifySignature } from '../capability/verify-signature.js'
import { sessionKeyOfPair } from '../key/session-key.js'
import type { LastUsed, SessionStore } from '../store/store.js'
import type { HeldSession } from './held-session.js'

/** Why there is, or isn't, a session that `get` would take up without a prompt. */
export type SessionStatus =
  | { readonly status: 'ok'; readonly expiresAt: Date | undefined }
  /** Nothing is stored for this account. */
  | { readonly status: 'none' }
  | { readonly status: 'expired'; readonly expiresAt: Date | undefined }
  /** Granted for a later time, or this machine's clock runs behind. */
  | { readonly status: 'not-yet-valid' }
  /** There is a session, but it doesn't cover these. */
  | { readonly status: 'missing-resources'; readonly missing: readonly string[] }
  /** What is stored can't be read, or its key is not the one that the capability was granted to. */
  | { readonly status: 'wrong-key' }
  /** The store can't be used, so nobody knows. */
  | { readonly status: 'store-unavailable' }

/** What makes a stored session fit to be taken up. */
export interface Wanted {
  readonly resources?: readonly string[]
  readonly now: number
  readonly verifiers?: Verifiers | undefined
}

/** A stored record and what was found about it. */
export interface Assessment {
  readonly status: SessionStatus
  /** Only with status `ok`. */
  readonly session?: HeldSession
}

/** What the stores hold, as far as it could be read. */
export interface StoredSessions {
  readonly found: readonly { readonly record: unknown; readonly store: SessionStore }[]
  /** The session used last, over all stores. */
  readonly last: LastUsed | undefined
  /** What the stores said that could not be read. */
  readonly failures: readonly unknown[]
}

/** Reads all the stores. One that fails doesn't keep the others from being read. */
export async function readStores(
  stores: readonly SessionStore[],
  namespace: string,
  account?: string,
): Promise<StoredSessions> {
  const results = await Promise.allSettled(stores.map(async (store) => store.read(namespace, account)))
  const read = results.flatMap((result, i) => {
    const store = stores[i]
    return store && result.status === 'fulfilled' ? [{ store, contents: result.value }] : []
  })
  const last = read
    .map(({ contents }) => parseLastUsed(contents?.last))
    .reduce((a, b) => (b && !((a?.at ?? 0) > b.at) ? b : a), undefined)
  return {
    found: read.flatMap(({ store, contents }) =>
      (Array.isArray(contents?.records) ? contents.records : []).map((record: unknown) => ({
        record,
        store,
      })),
    ),
    last,
    failures: results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])),
  }
}

/** Judges a stored record. Cheap checks come first; the key is looked at last. */
export async function assess(
  { record, store }: StoredSessions['found'][number],
  account: string | undefined,
  { resources = [], now, verifiers }: Wanted,
): Promise<Assessment> {
  const parsed = parseRecord(record)
  if (!parsed || (account ?? parsed.account) !== parsed.account) return { status: { status: 'wrong-key' } }
  const { cacao } = parsed
  const validity = validityAt(cacao, now)
  if (validity === 'expired') return { status: { status: 'expired', expiresAt: expiresAt(cacao) } }
  if (validity === 'not-yet-valid') return { status: { status: 'not-yet-valid' } }
  const missing = missingResources(cacao.p.resources ?? [], resources)
  if (missing.length > 0) return { status: { status: 'missing-resources', missing } }
  const key = await sessionKeyOfPair(parsed.keyPair)
  const isSigned =
    verifiers === undefined ||
    (await verifySignature(cacao, verifiers, now).then(
      () => true,
      () => false,
    ))
  if (key?.did !== cacao.p.aud || !isSigned) return { status: { status: 'wrong-key' } }
  const session = { key, cacao, persistence: store.persistence }
  return { status: { status: 'ok', expiresAt: expiresAt(cacao) }, session }
}

/** A record as we write it, or `undefined`: then it can't be read, which is not the same as absent. */
export function parseRecord(
  record: unknown,
): { account: string; cacao: Cacao; keyPair: unknown } | undefined {
  if (typeof record !== 'object' || record === null) return undefined
  const { account, keyPair, cacao } = record as { account?: unknown; keyPair?: unknown; cacao?: unknown }
  try {
    const checked = parseCacao(cacao)
    const issuer = issuerAccount(checked)
    return account === issuer ? { account: issuer, keyPair, cacao: checked } : undefined
  } catch {
    return undefined
  }
}

/** When the capability expires; `undefined` without `exp`. */
export function expiresAt(cacao: Cacao): Date | undefined {
  const time = expiryTime(cacao)
  return time === Number.POSITIVE_INFINITY ? undefined : new Date(time)
}

function parseLastUsed(last: unknown): LastUsed | undefined {
  if (typeof last !== 'object' || last === null) return undefined
  const { account, keyDID, at } = last as { account?: unknown; keyDID?: unknown; at?: unknown }
  if (typeof at !== 'number') return undefined
  return typeof account === 'string' && typeof keyDID === 'string' ? { account, keyDID, at } : { at }
}
