import { abortable, throwIfAborted } from '../base/abort.js'
import { type AccountInput, accountArgument, chainless } from '../base/account.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { type Cacao, expiryTime, issuerAccount } from '../capability/cacao.js'
import { assertNoForgottenScheme } from '../capability/forgotten-scheme.js'
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
 * See `SessionClient.get`. Also returns the context of the session. `since` is when the caller called, in milliseconds since 1970
 * by the machine's clock.
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
  // Before anything else runs, because another tab may sign the session out at any time.
  follow(context, data)
  return { data, context }
}

// Resumes the account's stored session, or asks the wallet for a new one: only once, even if several calls in this and other
// tabs ask at the same time. A session that expires too soon is renewed.
async function signIn(
  context: SessionContext,
  account: string,
  authMethod: AuthMethod,
  options: GetOptions,
  since: number,
): Promise<SessionData> {
  assertNoForgottenScheme(options.resources)
  const { resources } = capabilityRequest(options, account)
  const { signal, waitSecs, minValiditySecs = 0 } = options
  if (typeof authMethod !== 'function')
    throw new TypeError('authMethod must be a function, such as the one that ethereumAuth(provider) returns')
  if (minValiditySecs >= lifetimeSecs(options))
    throw new TypeError(
      'minValiditySecs must be less than expiresInSecs: otherwise every call would ask the wallet for a new session',
    )
  throwIfAborted(signal)
  const wanted = { resources, minValiditySecs }
  // A store may hang forever, so a caller that aborts doesn't wait for it.
  const before = await abortable(look(context, account, wanted, loadedHelpers), signal)
  const stored = await abortable(resumeFrom(before, false, context), signal)
  if (stored) return stored
  const lockedAccount = context.anyChain ? chainless(account) : account
  const scope = { ...context, account: lockedAccount }
  const start = async (control: SignInControl): Promise<SessionData> =>
    withPromptLock(scope, { signal: control.signal, since, waitSecs }, async () => {
      // Another call or another tab may have signed in since the first look.
      const found = (await isStale(context, before))
        ? await look(context, account, wanted, loadedHelpers)
        : before
      const newlyStored = found !== before && (await resumeFrom(found, false, context))
      if (newlyStored) return newlyStored
      const superseded = await supersededBy(context, account, found, wanted)
      return signInAnew(context, account, authMethod, { ...options, ...control }, superseded)
    })
  const request = { account: lockedAccount, resources, signal }
  const { session, isOwn } = await pendingSignInsOf(context).share(request, start)
  if (!isOwn) {
    // The call that opened the prompt may have asked for less time, or made fewer checks.
    if (expiryTime(session.cacao) < context.now() + minValiditySecs * 1000)
      return signIn(context, account, authMethod, options, since)
    await assertTrusted(session.cacao, context.checks, context.now())
  }
  return session
}

// Whether another tab may have stored a session since `before`. Every session that is stored becomes the one used last.
async function isStale({ stores, namespace }: SessionContext, { last }: Look): Promise<boolean> {
  const now = await readLastUsed(stores, namespace)
  return now?.at !== last?.at || now?.keyDID !== last?.keyDID
}

// Of the sessions that were found but can't be resumed: the one that only expires too soon, and those that have expired.
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

/** What a new session makes obsolete: the session that it replaces, and expired ones of the account. */
export interface Superseded {
  readonly replaced?: SessionData | undefined
  readonly expired?: readonly SessionId[]
}

/**
 * Asks the wallet to sign a new session, and stores it. If it replaces a session, it covers everything that the old one covered,
 * and the old one is removed only after the new one is stored. If anything fails before that, nothing changes.
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
  // The key is made before the store is opened: Firefox and Chromium end an IndexedDB transaction during a WebCrypto call.
  const { key, ...stored } = await newKey(context, options.keyType)
  const cacao = await requestCapability(authMethod, key.did, request, { ...options, checks, now, account })
  throwIfAborted(options.signal)
  options.storing?.()
  const persistence = await persist(context, { account, keyDID: key.did, cacao, ...stored }, expired)
  if (persistence !== 'memory') markStored(context, account, expiryTime(cacao))
  const session = newSession({ key, ...stored }, cacao, persistence)
  if (replaced) await supersede(context, replaced, session)
  const { watchOf } = await import('../tabs/index.js')
  await watchOf(context).changed()
  return session
}

/** Removes a session that was replaced by another one, and notifies its listeners. */
export async function supersede(
  { stores, namespace, now }: SessionContext,
  replaced: SessionData,
  session: SessionData,
): Promise<void> {
  const store = stores.find(({ persistence }) => persistence === replaced.persistence)
  // If the new session is only in memory, the old one stays in IndexedDB, where a reload finds it again.
  if (replaced.persistence === session.persistence && store) {
    const remove = [{ account: issuerAccount(replaced.cacao), keyDID: replaced.key.did }]
    const last = { account: issuerAccount(session.cacao), keyDID: session.key.did, at: now() }
    await store.write(namespace, { remove, last }).catch(() => undefined)
  }
  const { endSession } = await import('../tabs/index.js')
  endSession(replaced.key.did, { type: 'renewed', keyDID: session.key.did, session })
}

/** Asks the wallet to sign a session whose key is derived from a random seed, so that it can be serialized. */
export async function authorize(authMethod: AuthMethod, given: AuthorizeOptions): Promise<SessionData> {
  const options = authorizeOptions(given)
  assertNoForgottenScheme(options.resources)
  const request = capabilityRequest(options)
  throwIfAborted(options.signal)
  const made = await newSeedKey()
  const { verifiers } = options
  const asked = { ...options, checks: { ...(verifiers && { verifiers }) } }
  return newSession(made, await requestCapability(authMethod, made.key.did, request, asked), 'none')
}

/** A new key, with what a store keeps of it. */
export interface NewKey extends Pick<NewSession, 'keyPair' | 'seed'> {
  readonly key: SessionKey
}

/** A key derived from a random seed, so that its session can be serialized. */
export async function newSeedKey(): Promise<NewKey & { readonly seed: Uint8Array<ArrayBuffer> }> {
  // Throws an error that explains what is missing on an insecure page, before anything else fails there.
  subtleCrypto()
  const seed = crypto.getRandomValues(new Uint8Array(SEED_LENGTH))
  return { key: await seedKey(seed), seed }
}

/** The session of a new key and the capability that was granted to it. */
export function newSession({ key, seed }: NewKey, cacao: Cacao, persistence: Persistence): SessionData {
  return { key, cacao, persistence, ...(seed && { serialize: () => writeSession(seed, cacao) }) }
}

// A key pair that can't be exported, or a seed if the store keeps strings.
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
      'a store of strings keeps only Ed25519 keys: leave keyType out, or choose another store',
    )
  }
  return newSeedKey()
}
