import type { AuthMethod } from '../capability/auth-method.js'
import { grantRequest, requestCapability } from './grant.js'
import type { HeldSession } from './held-session.js'
import { newSeedKey, newSession } from './new-key.js'
import type { AuthorizeOptions } from './options.js'

/** Has the wallet sign a session whose key grows from a random seed, so that it can be written to a string. */
export async function authorize(authMethod: AuthMethod, options: AuthorizeOptions): Promise<HeldSession> {
  const request = grantRequest(options)
  options.signal?.throwIfAborted()
  const made = await newSeedKey()
  const { verifiers } = options
  const asked = { ...options, checks: { ...(verifiers && { verifiers }) } }
  return newSession(made, await requestCapability(authMethod, made.key.did, request, asked), 'none')
}
