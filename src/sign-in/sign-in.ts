import { abortable } from '../base/abort.js'
import { type AccountInput, accountArgument, chainless } from '../base/account.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { type Cacao, expiryTime, issuerAccount } from '../capability/cacao.js'
import { unionOfGrants } from '../capability/recap.js'
import { generateSessionKey, SEED_LENGTH, seedKey } from '../key/generate-key.js'
import { type SessionKey, type SessionKeyType, subtleCrypto } from '../key/session-key.js'
import { authorizeOptions, getOptions } from '../options/read-grant-options.js'
import type { AuthorizeOptions, GetOptions } from '../options/session-options.js'
import { readLastUsed, type SessionContext } from '../resume/context.js'
import { loadedHelpers } from '../resume/helpers.js'
import { markStored, persist } from '../resume/persist.js'
import type { Wanted } from '../resume/resume.js'
import { assessAll, type Look, look, resumeFrom, trustingContext } from '../resume/resume.js'
import { writeSession } from '../resume/session-string.js'
import { assertTrusted } from '../resume/trust.js'
import type { NewSession, Persistence, SessionData, SessionId } from '../store/store.js'
import { pendingSignInsOf, type SignInControl } from '../tabs/pending-sign-ins.js'
import { withPromptLock } from '../tabs/prompt-lock.js'
import { askedResources, capabilityRequest, lifetimeSecs, requestCapability } from './request-capability.js'

/**
 * See `SessionClient.get`. Gives the context of the session too. `since` is when the caller asked, in milliseconds since 1970 by
 * the machine's clock.
 */
export async function getSession(
  account: AccountInput,
  authMethod: AuthMethod,
  options: GetOptions,
  since: number,
): Promise<{ data: SessionData; context: SessionContext }> {
  const given = getOptions(options)
  const context = await trustingContext(given, loadedHelpers)
  const { follow } = await import('../tabs/index.js')
  const data = await signIn(context, accountArgument(account), authMethod, given, since)
  // Now rather than later: another tab may sign it out before the next task.
  follow(context, data)
  return { data, context }
}

// Takes up the account's stored session, or asks the wallet for a new one: once, however many ask at a time, in this tab or
// others. One that expires too soon is renewed.
async function signIn(
  context: SessionContext,
  account: string,
  authMethod: AuthMethod,
  options: GetOptions,
  since: number,
): Promise<SessionData> {
  const { resources } = capabilityRequest(options, account)
  const { signal, waitSecs, minValiditySecs = 0 } = options
  if (typeof authMethod !== 'function')
    throw new TypeError('authMethod must be a function, such as ethereumAuth(provider) gives')
  if (minValiditySecs >= lifetimeSecs(options))
    throw new TypeError(
      'minValiditySecs must be less than expiresInSecs: every call would ask the wallet for another session',
    )
  signal?.throwIfAborted()
  const wanted = { resources, minValiditySecs }
  // A store may hang without end: a caller that aborts doesn't wait for it.
  const before = await abortable(look(context, account, wanted, loadedHelpers), signal)
  const stored = await abortable(resumeFrom(before, false, context), signal)
  if (stored) return stored
  const who = context.anyChain ? chainless(account) : account
  const start = async (control: SignInControl): Promise<SessionData> =>
    withPromptLock({ ...context, account: who }, { signal: control.signal, since, waitSecs }, async () => {
      // Another call or another tab may have signed in since this one looked.
      const found = (await isStale(context, before))
        ? await look(context, account, wanted, loadedHelpers)
        : before
      const another = found !== before && (await resumeFrom(found, false, context))
      if (another) return another
      const superseded = await supersededBy(context, account, found, wanted)
      return signInAnew(context, account, authMethod, { ...options, ...control }, superseded)
    })
  const request = { account: who, resources, signal }
  const { session, isOwn } = await pendingSignInsOf(context).share(request, start)
  if (!isOwn) {
    // The call that started it may have asked for less time, and may trust what this one doesn't.
    if (expiryTime(session.cacao) < context.now() + minValiditySecs * 1000)
      return signIn(context, account, authMethod, options, since)
    await assertTrusted(session.cacao, context.checks, context.now())
  }
  return session
}

// Whether another tab may have stored a session since: each that is stored is noted as the one used last.
async function isStale({ stores, namespace }: SessionContext, { last }: Look): Promise<boolean> {
  const now = await readLastUsed(stores, namespace)
  return now?.at !== last?.at || now?.keyDID !== last?.keyDID
}

// Of what was found and can't be taken up: the session that only expires too soon, and those that have expired.
async function supersededBy(
  context: SessionContext,
  account: string,
  { found, assessments }: Look,
  { resources, minValiditySecs }: Wanted,
): Promise<Superseded> {
  const longer = minValiditySecs
    ? await assessAll(found, account, { resources: resources ?? [] }, context, loadedHelpers)
    : []
  const [replaced] = longer
    .flatMap(({ session }) => session ?? [])
    .sort((a, b) => (expiryTime(b.cacao) > expiryTime(a.cacao) ? 1 : -1))
  const expired = assessments.flatMap(({ status }, i) => {
    const isOver = status.status === 'expired' && (status.expiresAt?.getTime() ?? Number.NaN) <= context.now()
    return (isOver && (found[i]?.record as SessionId | undefined)) || []
  })
  return { replaced, expired }
}

/** What a new session leaves behind: the one that it replaces, and expired ones of the account. */
export interface Superseded {
  readonly replaced?: SessionData | undefined
  readonly expired?: readonly SessionId[]
}

/**
 * Has the wallet sign a new session and stores it. Given one to replace, the new one can do all that that one could. The
 * old one goes only after the new one is stored; if anything fails before, nothing changes.
 */
export async function signInAnew(
  context: SessionContext,
  account: string,
  authMethod: AuthMethod,
  options: GetOptions & Partial<SignInControl> & { isTimed?: boolean },
  { replaced, expired = [] }: Superseded = {},
): Promise<SessionData> {
  const resources = unionOfGrants(replaced?.cacao.p.resources ?? [], askedResources(options))
  const { abilities: _, ...rest } = options
  const { checks, now } = context
  const request = capabilityRequest({ ...rest, resources, now }, account)
  // The key comes first: Firefox and Chromium end an IndexedDB transaction while a WebCrypto call is awaited.
  const { key, ...stored } = await newKey(context, options.keyType)
  const cacao = await requestCapability(authMethod, key.did, request, { ...options, checks, now, account })
  options.signal?.throwIfAborted()
  options.storing?.()
  const persistence = await persist(context, { account, keyDID: key.did, cacao, ...stored }, expired)
  if (persistence !== 'memory') markStored(context, account, expiryTime(cacao))
  const session = newSession({ key, ...stored }, cacao, persistence)
  if (replaced) await supersede(context, replaced, session)
  const { watchOf } = await import('../tabs/index.js')
  await watchOf(context).changed()
  return session
}

/** Removes a session whose place another one has taken, and tells its listeners. */
export async function supersede(
  { stores, namespace, now }: SessionContext,
  replaced: SessionData,
  session: SessionData,
): Promise<void> {
  const store = stores.find(({ persistence }) => persistence === replaced.persistence)
  // One in IndexedDB stays if the new one is in memory only: a reload finds it again.
  if (replaced.persistence === session.persistence && store) {
    const remove = [{ account: issuerAccount(replaced.cacao), keyDID: replaced.key.did }]
    const last = { account: issuerAccount(session.cacao), keyDID: session.key.did, at: now() }
    await store.write(namespace, { remove, last }).catch(() => undefined)
  }
  const { endSession } = await import('../tabs/index.js')
  endSession(replaced.key.did, { type: 'renewed', keyDID: session.key.did, session })
}

/** Has the wallet sign a session whose key grows from a random seed, so that it can be written to a string. */
export async function authorize(authMethod: AuthMethod, given: AuthorizeOptions): Promise<SessionData> {
  const options = authorizeOptions(given)
  const request = capabilityRequest(options)
  options.signal?.throwIfAborted()
  const made = await newSeedKey()
  const { verifiers } = options
  const asked = { ...options, checks: { ...(verifiers && { verifiers }) } }
  return newSession(made, await requestCapability(authMethod, made.key.did, request, asked), 'none')
}

/** A key just made, with what a store keeps of it. */
export interface NewKey extends Pick<NewSession, 'keyPair' | 'seed'> {
  readonly key: SessionKey
}

/** A key from a random seed, so that its session can be written to a string. */
export async function newSeedKey(): Promise<NewKey & { readonly seed: Uint8Array<ArrayBuffer> }> {
  // Says so on an insecure page, before anything else fails there.
  subtleCrypto()
  const seed = crypto.getRandomValues(new Uint8Array(SEED_LENGTH))
  return { key: await seedKey(seed), seed }
}

/** The session of a new key, after a capability was granted to it. */
export function newSession({ key, seed }: NewKey, cacao: Cacao, persistence: Persistence): SessionData {
  return { key, cacao, persistence, ...(seed && { serialize: () => writeSession(seed, cacao) }) }
}

// A pair that can't be exported, or a seed for a store of strings.
async function newKey(
  { stores: [store] }: SessionContext,
  type: SessionKeyType | undefined,
): Promise<NewKey> {
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
