import { type Cacao, issuerAccount, parseCacao } from '../capability/cacao.js'
import { validityAt } from '../capability/validity.js'
import { canSign } from '../key/generate.js'
import { sessionKeyOfPair } from '../key/session-key.js'
import { type DIDSession4Record, readDIDSession4, removeDIDSession4 } from '../store/did-session-4.js'
import type { NewSession } from '../store/store.js'
import { keep } from './keep.js'
import type { Place } from './place.js'
import { assertTrusted } from './trust.js'

/**
 * Takes over the sessions that did-session 4 stored in this origin, of all accounts or one. They were never
 * checked, so they are now; what holds moves to our store, and only once it is kept there is it removed from the
 * old one. Says how many there were.
 */
export async function adoptDIDSession4(place: Place, account: string | undefined): Promise<number> {
  const usable: { id: string; session: NewSession }[] = []
  for (const old of await readDIDSession4(account)) {
    const session = await check(old, place)
    if (session) usable.push({ id: old.id, session })
  }
  for (const { id, session } of usable) {
    const persistence = await keep(place, session)
    if (persistence === 'indexeddb') await removeDIDSession4([id])
  }
  return usable.length
}

/** Removes what did-session 4 stored of the account. */
export async function forgetDIDSession4(account: string): Promise<void> {
  await removeDIDSession4((await readDIDSession4(account)).map(({ id }) => id))
}

async function check(old: DIDSession4Record, place: Place): Promise<NewSession | undefined> {
  const now = place.now()
  let cacao: Cacao
  try {
    cacao = parseCacao(old.cacao)
    await assertTrusted(cacao, place.checks, now)
  } catch {
    return undefined
  }
  if (issuerAccount(cacao) !== old.account || validityAt(cacao, now) !== 'valid') return undefined
  const key = await sessionKeyOfPair(old.keypair)
  if (!key?.pair || key.did !== cacao.p.aud || !(await canSign(key))) return undefined
  return { account: old.account, keyDID: key.did, keyPair: key.pair, cacao }
}
