import { accountArgument } from '../base/account.js'
import { expiryTime } from '../capability/validity.js'
import type { HeldSession } from '../session/held-session.js'
import { placeOf } from '../session/place.js'
import { sessionOfSeed } from '../session/session-string.js'
import { parseRecord, readLastUsed, readStores } from '../session/stored-sessions.js'
import { storeError } from '../store/store-error.js'
import { CommandError, EXIT } from './exit-codes.js'
import { type StoreCommandOptions, sessionFile, sessionStore } from './session-file.js'

/**
 * A stored session, expired or not: of the account, or the one used last, or the only one. Of several, the one that is
 * valid longest. Ends the command with exit code 3 if there is none.
 */
export async function storedSession(
  options: StoreCommandOptions & { readonly account?: string },
): Promise<HeldSession> {
  const store = sessionStore(options)
  const { namespace } = placeOf({ store })
  const account = options.account === undefined ? undefined : accountArgument(options.account)
  const { found, failures } = await readStores([store], namespace, account)
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
