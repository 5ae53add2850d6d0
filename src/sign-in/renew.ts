import type { Clock } from '../base/time.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { issuerAccount } from '../capability/cacao.js'
import { unionOfGrants } from '../capability/recap.js'
import { parseDateTime } from '../capability/schema.js'
import { expiryTime } from '../capability/validity.js'
import type { GrantOptions, RenewOptions } from '../options/session-options.js'
import type { Place } from '../resume/context.js'
import { resume } from '../resume/resume.js'
import type { HeldSession } from '../store/session-data.js'
import { settle } from '../tabs/lifecycle.js'
import { inTurn, turnOptions } from '../tabs/prompt-lock.js'
import { watchOf } from '../tabs/session-watch.js'
import { type FlightControl, shareFlight } from './pending-sign-ins.js'
import { askedResources, grantRequest, namesTime, requestCapability } from './request-capability.js'
import { issue, newSeedKey, newSession, retire } from './sign-in.js'
/** Makes the session that takes this one's place, with one prompt. See `DIDSession.renew`. */
export async function renew(
  held: HeldSession,
  from: Place | undefined,
  now: Clock,
  authMethod: AuthMethod,
  options: RenewOptions,
): Promise<HeldSession> {
  const { abilities: _, ...rest } = options
  const isTimed = namesTime(options)
  const grant = { ...asBefore(held, isTimed), ...rest, isTimed, resources: allResources(held, options) }
  const { signal, verifiers } = options
  const checks = { ...from?.checks, ...(verifiers && { verifiers }) }
  const place = from && { ...from, checks }
  const account = issuerAccount(held.cacao)
  // Whatever is wrong with the arguments is said before anyone waits.
  const request = grantRequest({ ...grant, now }, account)
  const turn = turnOptions(options)
  if (typeof authMethod !== 'function')
    throw new TypeError('authMethod must be a function, such as ethereumAuth(provider) gives')
  signal?.throwIfAborted()
  if (!place) {
    const made = await newSeedKey()
    const cacao = await requestCapability(authMethod, made.key.did, request, {
      ...options,
      checks,
      now,
      account,
    })
    const session = newSession(made, cacao, 'none')
    settle(held.key.did, { type: 'renewed', keyDID: made.key.did, held: session })
    return session
  }
  const start = (control: FlightControl): Promise<HeldSession> =>
    inTurn(place, account, { ...turn, signal: control.signal }, async () => {
      const already = await successor(place, account, held, grant.resources)
      if (!already) {
        const keyType = held.key.pair ? held.key.type : undefined
        return issue(place, account, authMethod, { ...grant, ...(keyType && { keyType }), ...control }, held)
      }
      control.signal.throwIfAborted()
      control.keeping()
      await retire(place, held, already)
      await watchOf(place).changed()
      return already
    })
  const what = `renew ${held.key.did}`
  const { session } = await shareFlight(place, { account, what }, grant.resources, signal, start)
  return session
}

// Another tab may have renewed it just before.
async function successor(
  place: Place,
  account: string,
  held: HeldSession,
  resources: readonly string[],
): Promise<HeldSession | undefined> {
  const left = (expiryTime(held.cacao) - place.now()) / 1000
  const found = await resume(place, account, { resources, minValiditySecs: Math.max(left, 0) })
  return found && found.key.did !== held.key.did && expiryTime(found.cacao) > expiryTime(held.cacao)
    ? found
    : undefined
}

function allResources({ cacao }: HeldSession, options: RenewOptions): string[] {
  return unionOfGrants(cacao.p.resources ?? [], askedResources(options))
}

/** What the session was granted with, for whatever the caller doesn't say: its domain, its words, its lifetime. */
function asBefore({ cacao }: HeldSession, isTimed: boolean): Partial<GrantOptions> {
  const { domain, statement, iat } = cacao.p
  const lifetime = (expiryTime(cacao) - (parseDateTime(iat) ?? Number.NaN)) / 1000
  return {
    domain,
    ...(statement !== undefined && { statement }),
    ...(!isTimed && lifetime > 0 && Number.isFinite(lifetime) && { expiresInSecs: lifetime }),
  }
}
