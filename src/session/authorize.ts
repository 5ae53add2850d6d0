import type { AuthMethod } from '../capability/auth-method.js'
import { SEED_LENGTH, seedKey } from '../key/seed-key.js'
import { grantRequest, requestCapability } from './grant.js'
import type { HeldSession } from './held-session.js'
import type { AuthorizeOptions } from './options.js'
import { writeSession } from './session-string.js'

/** Has the wallet sign a session whose key grows from a random seed, so that it can be written to a string. */
export async function authorize(authMethod: AuthMethod, options: AuthorizeOptions): Promise<HeldSession> {
  const request = grantRequest(options)
  options.signal?.throwIfAborted()
  const seed = crypto.getRandomValues(new Uint8Array(SEED_LENGTH))
  const key = await seedKey(seed)
  const cacao = await requestCapability(authMethod, key.did, request, options)
  return { key, cacao, persistence: 'none', serialize: () => writeSession(seed, cacao) }
}
