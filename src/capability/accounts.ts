import { accountOfDID } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { fromBase64url } from '../base/multibase.js'
import { rawOfDER } from '../key/ecdsa.js'
import { type Cacao, isPasskeyType } from './cacao.js'
import { parseCacao } from './parse-cacao.js'
import { decodeAAD, signedBytes } from './webauthn-aad.js'

// Parsed capabilities are frozen, so that the accounts of one never change.
const cache = new WeakMap<Cacao, Promise<readonly string[]>>()

/**
 * All accounts that can be written as the issuer of a capability under the same signature: its own (CAIP-10, or a did:key);
 * and for a passkey, which doesn't sign the issuer, the two keys that the signature is valid for. For a delegated capability,
 * the key that delegated it. A revocation store that revokes accounts must look up each of them. Takes unknown input, and
 * rejects with `ERR_CAPABILITY_INVALID`, also if the signature of a passkey can't be read.
 *
 * @example
 * const signedOut = new Set<string>()
 * const isSignedOut = async (cacao: Cacao) => (await capabilityAccounts(cacao)).some((account) => signedOut.has(account))
 */
export async function capabilityAccounts(capability: unknown): Promise<readonly string[]> {
  const cacao = parseCacao(capability)
  const own = accountOfDID(cacao.p.iss) ?? cacao.p.iss
  if (!isPasskeyType(cacao.s.t)) return [own]
  const cached = cache.get(cacao)
  if (cached) return cached
  const accounts = passkeyCandidates(cacao).then((keys) => [...new Set([own, ...keys])])
  cache.set(cacao, accounts)
  return accounts
}

async function passkeyCandidates({ s }: Cacao): Promise<string[]> {
  const signed = s.m?.aad && decodeAAD(s.m.aad)
  const der = typeof s.s === 'string' ? fromBase64url(s.s) : undefined
  const signature = der && rawOfDER(der)
  // Loads on demand, because only capabilities of passkeys need it.
  const { candidatesOf } = await import('../key/ecdsa.js')
  const keys = signed && signature ? candidatesOf(signature, signedBytes(signed)) : []
  if (keys.length > 0) return keys
  throw new SessionError(
    'ERR_CAPABILITY_INVALID',
    'malformed capability: s.s must be a signature of a passkey, with its authenticator data in s.m.aad',
  )
}
