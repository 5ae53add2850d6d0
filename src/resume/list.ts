import { untilAborted } from '../base/abort.js'
import { accountDID } from '../base/account.js'
import { storeError } from '../base/errors.js'
import { readOptions } from '../base/options.js'
import { expiresAt, rootOf, validityAt } from '../capability/cacao.js'
import { TRUST_READERS } from '../options/read-grant-options.js'
import { STORE_READERS } from '../options/read-options.js'
import type { ListOptions } from '../options/session-options.js'
import type { Persistence } from '../store/store.js'
import { parseRecord, readRecords, type SessionContext } from './context.js'
import { loadedHelpers } from './helpers.js'
import { migrateDIDSession4, refusalOf, trustingContext } from './resume.js'

/** A summary of a stored session, for example for a list of accounts to choose from. */
export interface SessionSummary {
  /** CAIP-10 id, or a did:key. */
  readonly account: string
  /** The account's DID. */
  readonly id: string
  /** The domain of the site on which the person signed in. */
  readonly domain: string
  readonly keyDID: string
  readonly resources: readonly string[]
  readonly expiresAt: Date | undefined
  readonly isExpired: boolean
  readonly persistence: Persistence
}

/** All stored sessions that pass the checks of the options, including those that did-session 4 stored. See `SessionClient.list`. */
export async function listSessions(options: ListOptions): Promise<SessionSummary[]> {
  const given = readOptions<ListOptions>(options, { ...STORE_READERS, ...TRUST_READERS })
  const context = await trustingContext(given, loadedHelpers)
  return untilAborted(given.signal, () => summariesIn(context))
}

async function summariesIn(context: SessionContext): Promise<SessionSummary[]> {
  await migrateDIDSession4(context, undefined, loadedHelpers)
  const { found, failures } = await readRecords(context.stores, context.namespace)
  if (context.isChosen && failures.length > 0) throw storeError(failures[0])
  const all = found.map(async ({ record, store }): Promise<SessionSummary[]> => {
    const parsed = parseRecord(record)
    if (!parsed || (await refusalOf(parsed.cacao, context, loadedHelpers))) return []
    const { account, keyDID, cacao } = parsed
    const summary = {
      account,
      id: accountDID(account),
      domain: rootOf(cacao).p.domain,
      keyDID,
      resources: cacao.p.resources ?? [],
      expiresAt: expiresAt(cacao),
      isExpired: validityAt(cacao, context.now()) === 'expired',
      persistence: store.persistence,
    }
    return [summary]
  })
  return (await Promise.all(all)).flat()
}
