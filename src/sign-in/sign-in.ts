import { chainless } from '../base/account.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { type Cacao, issuerAccount } from '../capability/cacao.js'
import { unionOfGrants } from '../capability/recap.js'
import { expiryTime } from '../capability/validity.js'
import { generateSessionKey, SEED_LENGTH, seedKey } from '../key/generate-key.js'
import type { SessionKey, SessionKeyType } from '../key/session-key.js'
import type { AuthorizeOptions, GetOptions } from '../options/session-options.js'
import type { Place } from '../resume/context.js'
import { markKept } from '../resume/eviction.js'
import { resume } from '../resume/resume.js'
import { writeSession } from '../resume/session-string.js'
import { assertTrusted } from '../resume/trust.js'
import type { HeldSession } from '../store/session-data.js'
import type { NewSession, Persistence } from '../store/store.js'
import { settle } from '../tabs/lifecycle.js'
import { inTurn, turnOptions } from '../tabs/prompt-lock.js'
import { watchOf } from '../tabs/session-watch.js'
import { type FlightControl, shareFlight } from './pending-sign-ins.js'
import { keep } from './persist.js'
import { askedResources, grantRequest, requestCapability } from './request-capability.js'
/** A key just made, with what a store keeps of it. */
export interface NewKey extends Pick<NewSession, 'keyPair' | 'seed'> {
  readonly key: SessionKey
}

/** A key that the place can keep: a pair that can't be exported, or where strings are kept a seed. */
async function newKey({ stores: [store] }: Place, type: SessionKeyType | undefined): Promise<NewKey> {
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

/**
 * Has the wallet sign a new session and keeps it. Given one whose place it takes, it can do all that that one could,
 * and that one goes only once the new one is kept: until then, and if anything fails, nothing changes.
 */
export async function issue(
  place: Place,
  account: string,
  authMethod: AuthMethod,
  options: GetOptions & Partial<FlightControl> & { isTimed?: boolean },
  replaced?: HeldSession,
): Promise<HeldSession> {
  const resources = unionOfGrants(replaced?.cacao.p.resources ?? [], askedResources(options))
  const { abilities: _, ...rest } = options
  const request = grantRequest({ ...rest, resources, now: place.now }, account)
  // The key comes first: Firefox and Chromium end an IndexedDB transaction across an awaited WebCrypto call.
  const { key, ...kept } = await newKey(place, options.keyType)
  const { checks, now } = place
  const cacao = await requestCapability(authMethod, key.did, request, { ...options, checks, now, account })
  options.signal?.throwIfAborted()
  options.keeping?.()
  const persistence = await keep(place, { account, keyDID: key.did, cacao, ...kept })
  if (persistence !== 'memory') markKept(place, account, expiryTime(cacao))
  const session = newSession({ key, ...kept }, cacao, persistence)
  if (replaced) await retire(place, replaced, session)
  await watchOf(place).changed()
  return session
}

/** Lets a session go whose place another one has taken. */
export async function retire(
  { stores, namespace, now }: Place,
  replaced: HeldSession,
  session: HeldSession,
): Promise<void> {
  const store = stores.find(({ persistence }) => persistence === replaced.persistence)
  // What a reload would find again stays until it finds something better.
  if (replaced.persistence === session.persistence && store) {
    const remove = [{ account: issuerAccount(replaced.cacao), keyDID: replaced.key.did }]
    const last = { account: issuerAccount(session.cacao), keyDID: session.key.did, at: now() }
    await store.write(namespace, { remove, last }).catch(() => undefined)
  }
  settle(replaced.key.did, { type: 'renewed', keyDID: session.key.did, held: session })
}

/**
 * Takes up the account's stored session, or asks the wallet for a new one: once, however many ask at a time, in this
 * tab or others. One that expires too soon is renewed.
 */
export async function acquire(
  place: Place,
  account: string,
  authMethod: AuthMethod,
  options: GetOptions,
): Promise<HeldSession> {
  const { resources } = grantRequest(options, account)
  const { signal, minValiditySecs = 0 } = options
  if (typeof authMethod !== 'function')
    throw new TypeError('authMethod must be a function, such as ethereumAuth(provider) gives')
  const turn = turnOptions(options)
  signal?.throwIfAborted()
  const wanted = { resources }
  const fit = { ...wanted, minValiditySecs }
  const start = async (control: FlightControl): Promise<HeldSession> =>
    (await resume(place, account, fit)) ??
    inTurn(place, who(place, account), { ...turn, signal: control.signal }, async () => {
      const meanwhile = await resume(place, account, fit)
      if (meanwhile) return meanwhile
      const short = minValiditySecs > 0 ? await resume(place, account, wanted) : undefined
      return issue(place, account, authMethod, { ...options, ...control }, short)
    })
  const { session, isOwn } = await shareFlight(
    place,
    { account: who(place, account) },
    resources,
    signal,
    start,
  )
  if (isOwn) return session
  // Whoever began it may have been content with less time, and have believed what this caller doesn't.
  if (expiryTime(session.cacao) < place.now() + minValiditySecs * 1000)
    return acquire(place, account, authMethod, options)
  await assertTrusted(session.cacao, place.checks, place.now())
  return session
}

function who({ anyChain }: Place, account: string): string {
  return anyChain ? chainless(account) : account
}

/** Has the wallet sign a session whose key grows from a random seed, so that it can be written to a string. */
export async function authorize(authMethod: AuthMethod, options: AuthorizeOptions): Promise<HeldSession> {
  const request = grantRequest(options)
  options.signal?.throwIfAborted()
  const made = await newSeedKey()
  const { verifiers } = options
  const asked = { ...options, checks: { ...(verifiers && { verifiers }) } }
  return newSession(made, await requestCapability(authMethod, made.key.did, request, asked), 'none')
}

/** Notes that this session was the last one used. */
export async function noteUse(
  { stores, namespace, now }: Place,
  { key, cacao, persistence }: HeldSession,
): Promise<void> {
  const store = stores.find((candidate) => candidate.persistence === persistence)
  await store?.write(namespace, { last: { account: issuerAccount(cacao), keyDID: key.did, at: now() } })
}
