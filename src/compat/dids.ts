import type { DID } from 'dids'
import type { DIDSession } from '../session/did-session.js'
import { createDID } from './did.js'

/**
 * Returns a `DID` of the `dids` package that signs with the key and the capability of the session, for
 * Ceramic and related projects. Needs the package `dids`. Rejects with `ERR_CAPABILITY_EXPIRED` for an
 * expired session.
 *
 * @example
 * const did = await toDID(session)
 * const jws = await did.createJWS({ hello: 'world' })
 */
export async function toDID(session: DIDSession): Promise<DID> {
  return createDID({ did: session.keyDID, sign: (data) => session.sign(data) }, session.cacao)
}
