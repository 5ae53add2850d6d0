import { accountOfDID } from '../base/account.js'
import { fromBase64url } from '../base/base64.js'
import { SessionError } from '../base/errors.js'
import { rawOfDER } from '../key/ecdsa-der.js'
import { type Cacao, isPasskeyType } from './cacao.js'
import { decodeAAD, signedBytes } from './webauthn-aad.js'

// Whoever calls once calls again, and what has passed the guard doesn't change.
const known = new WeakMap<Cacao, Promise<readonly string[]>>()

/**
 * The accounts that this one capability may name as its issuer, with the same signature: its own; and for a passkey's, which
 * doesn't sign the issuer, both keys (did:key) that the signature fits. Rejects with `ERR_CAPABILITY_INVALID` for a passkey's
 * signature that can't be read.
 */
export async function fittingAccounts(cacao: Cacao): Promise<readonly string[]> {
  const own = accountOfDID(cacao.p.iss) ?? cacao.p.iss
  if (!isPasskeyType(cacao.s.t)) return [own]
  const before = known.get(cacao)
  if (before) return before
  const accounts = fittingKeys(cacao).then((keys) => [...new Set([own, ...keys])])
  known.set(cacao, accounts)
  return accounts
}

async function fittingKeys({ s }: Cacao): Promise<string[]> {
  const signed = s.m?.aad && decodeAAD(s.m.aad)
  const der = typeof s.s === 'string' ? fromBase64url(s.s) : undefined
  const signature = der && rawOfDER(der)
  // Only servers that know passkeys load what this takes.
  const { candidatesOf } = await import('../key/p256-recover.js')
  const keys = signed && signature ? candidatesOf(signature, signedBytes(signed)) : []
  if (keys.length > 0) return keys
  throw new SessionError(
    'ERR_CAPABILITY_INVALID',
    "malformed capability: its passkey's signature fits no key",
  )
}
