import type { Cacao } from '../capability/cacao.js'
import { generateSessionKey } from '../key/generate.js'
import { SEED_LENGTH, seedKey } from '../key/seed-key.js'
import type { SessionKey, SessionKeyType } from '../key/session-key.js'
import type { NewSession, Persistence } from '../store/store.js'
import type { HeldSession } from './held-session.js'
import type { Place } from './place.js'
import { writeSession } from './session-string.js'

/** A key just made, with what a store keeps of it. */
export interface NewKey extends Pick<NewSession, 'keyPair' | 'seed'> {
  readonly key: SessionKey
}

/** A key that the place can keep: a pair that can't be exported, or where strings are kept a seed. */
export async function newKey({ stores: [store] }: Place, type: SessionKeyType | undefined): Promise<NewKey> {
  if (store?.keeps !== 'seeds') {
    const key = await generateSessionKey(type ?? 'P-256')
    return { key, ...(key.pair && { keyPair: key.pair }) }
  }
  if (type === 'P-256') {
    throw new TypeError(
      'a store of strings keeps Ed25519 keys only: leave keyType out, or choose another store',
    )
  }
  return newSeedKey()
}

/** A key from a random seed, so that its session can be written to a string. */
export async function newSeedKey(): Promise<NewKey & { readonly seed: Uint8Array<ArrayBuffer> }> {
  const seed = crypto.getRandomValues(new Uint8Array(SEED_LENGTH))
  return { key: await seedKey(seed), seed }
}

/** The session of a new key, once a capability was granted to it. */
export function newSession({ key, seed }: NewKey, cacao: Cacao, persistence: Persistence): HeldSession {
  return { key, cacao, persistence, ...(seed && { serialize: () => writeSession(seed, cacao) }) }
}
