import { SessionError } from '../base/errors.js'
import { assertAudience, assertIssuer } from '../capability/assertions.js'
import { type AuthMethod, authError } from '../capability/auth-method.js'
import { type Cacao, expiryTime, parseDateTime } from '../capability/cacao.js'
import { parseCacao } from '../capability/parse-cacao.js'
import type { GrantOptions } from '../options/session-options.js'
import { capabilityRequest } from '../sign-in/request-capability.js'

/** The options of `authorize` and `get` of the drop-in that are given. */
export interface DropInOptions extends GrantOptions {
  readonly resources: string[]
}

/** Whether the options ask for a session that is expired from the start, as the tests of did-session's users do. */
export function isOver({ expiresInSecs, expirationTime }: DropInOptions): boolean {
  if (expiresInSecs !== undefined) return typeof expiresInSecs === 'number' && expiresInSecs < 0
  const end = typeof expirationTime === 'string' ? parseDateTime(expirationTime) : undefined
  return end !== undefined && end <= Date.now()
}

/** Asks the wallet to sign a capability that has already expired. No verifier accepts what is signed with it. */
export async function expiredCapability(
  authMethod: AuthMethod,
  uri: string,
  { expiresInSecs, expirationTime: end, ...options }: DropInOptions,
  account?: string,
): Promise<Cacao> {
  const expirationTime =
    expiresInSecs === undefined && end !== undefined
      ? end
      : new Date(Math.max(0, Date.now() + (expiresInSecs ?? 0) * 1000)).toISOString()
  const { opts } = capabilityRequest(options, account)
  const { nonce } = options
  const ask = async (): Promise<unknown> =>
    authMethod({ ...opts, ...(typeof nonce === 'string' && { nonce }), uri, expirationTime })
  const cacao = parseCacao(
    await ask().catch((cause: unknown) => {
      throw authError(cause)
    }),
  )
  assertAudience(cacao, uri)
  if (account !== undefined) assertIssuer(cacao, account)
  if (expiryTime(cacao) <= Date.now()) return cacao
  throw new SessionError(
    'ERR_CAPABILITY_INVALID',
    'the auth method returned a capability that is valid for longer than requested: use one that keeps expirationTime',
  )
}
