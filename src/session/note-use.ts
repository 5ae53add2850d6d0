import { issuerAccount } from '../capability/cacao.js'
import type { HeldSession } from './held-session.js'
import type { Place } from './place.js'

/** Notes that this session was the last one used. */
export async function noteUse(
  { stores, namespace, now }: Place,
  { key, cacao, persistence }: HeldSession,
): Promise<void> {
  const store = stores.find((candidate) => candidate.persistence === persistence)
  await store?.write(namespace, { last: { account: issuerAccount(cacao), keyDID: key.did, at: now() } })
}
