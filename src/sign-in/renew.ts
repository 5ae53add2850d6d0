import { throwIfAborted } from '../base/abort.js'
import type { Clock } from '../base/environment.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { expiryTime, issuerAccount, parseDateTime } from '../capability/cacao.js'
import { assertNoForgottenScheme } from '../capability/forgotten-scheme.js'
import { unionOfGrants } from '../capability/recap.js'
import { renewOptions } from '../options/read-grant-options.js'
import type { GrantOptions, RenewOptions } from '../options/session-options.js'
import type { SessionContext } from '../resume/context.js'
import { loadedHelpers } from '../resume/helpers.js'
import { resume } from '../resume/resume.js'
import { assertTrusted } from '../resume/trust.js'
import type { SessionData } from '../store/store.js'
import { pendingSignInsOf, type SignInControl } from '../tabs/pending-sign-ins.js'
import { withPromptLock } from '../tabs/prompt-lock.js'
import { askedResources, capabilityRequest, namesTime, requestCapability } from './request-capability.js'
import { newSeedKey, newSession, signInAnew, supersede } from './sign-in.js'

/**
 * Replaces the session by a new one, with one prompt. See `DIDSession.renew`. `since` is when the caller called, in milliseconds
 * since 1970 by the machine's clock.
 */
export async function renew(
  current: SessionData,
  currentContext: SessionContext | undefined,
  now: Clock,
  authMethod: AuthMethod,
  given: RenewOptions,
  since: number,
): Promise<SessionData> {
  const options = renewOptions(given)
  assertNoForgottenScheme(options.resources)
  const { endSession, follow, watchOf } = await import('../tabs/index.js')
  const { abilities: _, ...rest } = options
  const isTimed = namesTime(options)
  const resources = unionOfGrants(current.cacao.p.resources ?? [], askedResources(options))
  const asked = { ...asBefore(current, isTimed), ...rest, isTimed, resources }
  const { signal, verifiers, waitSecs } = options
  const checks = { ...currentContext?.checks, ...(verifiers && { verifiers }) }
  const context = currentContext && { ...currentContext, checks }
  const account = issuerAccount(current.cacao)
  // Errors in the arguments are reported before any waiting begins.
  const request = capabilityRequest({ ...asked, now }, account)
  if (typeof authMethod !== 'function')
    throw new TypeError('authMethod must be a function, such as the one that ethereumAuth(provider) returns')
  throwIfAborted(signal)
  if (!context) {
    const made = await newSeedKey()
    const all = { ...options, checks, now, account }
    const session = newSession(made, await requestCapability(authMethod, made.key.did, request, all), 'none')
    endSession(current.key.did, { type: 'renewed', keyDID: made.key.did, session })
    return session
  }
  const start = (control: SignInControl): Promise<SessionData> =>
    withPromptLock({ ...context, account }, { signal: control.signal, since, waitSecs }, async () => {
      const renewedElsewhere = await successor(context, account, current, resources)
      if (!renewedElsewhere) {
        const keyType = current.key.pair ? current.key.type : undefined
        const all = { ...asked, ...(keyType && { keyType }), ...control }
        return signInAnew(context, account, authMethod, all, { replaced: current })
      }
      throwIfAborted(control.signal)
      control.storing()
      await supersede(context, current, renewedElsewhere)
      await watchOf(context).changed()
      return renewedElsewhere
    })
  const pending = { account, id: `renew ${current.key.did}`, resources, signal }
  const { session, isOwn } = await pendingSignInsOf(context).share(pending, start)
  // The call that opened the prompt may have made fewer checks.
  if (!isOwn) await assertTrusted(session.cacao, checks, context.now())
  follow(context, session)
  return session
}

// The session with which another tab has just renewed this one, if one has.
async function successor(
  context: SessionContext,
  account: string,
  current: SessionData,
  resources: readonly string[],
): Promise<SessionData | undefined> {
  const left = (expiryTime(current.cacao) - context.now()) / 1000
  const found = await resume(
    context,
    account,
    { resources, minValiditySecs: Math.max(left, 0) },
    loadedHelpers,
  )
  return found && found.key.did !== current.key.did && expiryTime(found.cacao) > expiryTime(current.cacao)
    ? found
    : undefined
}

/** The domain, statement and lifetime of the session, which the new one keeps unless the caller chooses others. */
function asBefore({ cacao }: SessionData, isTimed: boolean): Partial<GrantOptions> {
  const { domain, statement, iat } = cacao.p
  const lifetime = (expiryTime(cacao) - (parseDateTime(iat) ?? Number.NaN)) / 1000
  return {
    domain,
    ...(statement !== undefined && { statement }),
    ...(!isTimed && lifetime > 0 && Number.isFinite(lifetime) && { expiresInSecs: lifetime }),
  }
}
