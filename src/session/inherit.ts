import type { Place } from './place.js'

const DATABASE = 'did-session'

/** Takes over what did-session 4 left here, of all accounts or one; says how many sessions that were. */
export async function inherit(place: Place, account: string | undefined): Promise<number> {
  if (!(await mayHoldDIDSession4(place))) return 0
  try {
    const { adoptDIDSession4 } = await place.onDemand()
    return await adoptDIDSession4(place, account)
  } catch {
    // Whatever is wrong with what another library left, one can still sign in.
    return 0
  }
}

/** Spares a signed-out page the loading of what would only find out that did-session 4 never ran here. */
export async function mayHoldDIDSession4({ isShared }: Place): Promise<boolean> {
  try {
    const { indexedDB } = globalThis
    if (!isShared || !indexedDB) return false
    // Firefox before 126 can't list its databases.
    if (typeof indexedDB.databases !== 'function') return true
    return (await indexedDB.databases()).some(({ name }) => name === DATABASE)
  } catch {
    return false
  }
}
