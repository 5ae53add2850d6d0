import { chainless } from '../base/account.js'
import type { AuthMethod } from '../capability/auth-method.js'
import { expiryTime } from '../capability/validity.js'
import { type FlightControl, shareFlight } from './flights.js'
import { grantRequest } from './grant.js'
import type { HeldSession } from './held-session.js'
import { issue } from './issue.js'
import type { GetOptions } from './options.js'
import type { Place } from './place.js'
import { resume } from './resume.js'
import { assertTrusted } from './trust.js'
import { inTurn, turnOptions } from './turn.js'

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
