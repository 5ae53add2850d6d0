import { accountOfDID } from '../base/account.js'
import { fromBase64url } from '../base/base64.js'
import { SessionError } from '../base/errors.js'
import { rawOfDER } from '../key/ecdsa.js'
import { type Cacao, isPasskeyType } from './cacao.js'
import { parseCacao } from './parse-cacao.js'
import { decodeAAD, signedBytes } from './webauthn-aad.js'

// Whoever calls once calls again, and what has passed the guard doesn't change.
const known = new WeakMap<Cacao, Promise<readonly string[]>>()

/**
 * The accounts that one capability may name as its issuer, with the same signature: its own (CAIP-10, or a did:key); and for a
 * passkey's, which doesn't sign the issuer, both keys that the signature fits. Of a delegated one, the key that delegated it. A
 * store of revocations that signs accounts out looks for each of them. Takes unknown input, and rejects with
 * `ERR_CAPABILITY_INVALID`, for a passkey's signature that can't be read too.
 *
 * @example
 * const signedOut = new Set()
 * const isSignedOut = async (cacao) => (await capabilityAccounts(cacao)).some((account) => signedOut.has(account))
 */
export async function capabilityAccounts(capability: unknown): Promise<readonly string[]> {
  const cacao = parseCacao(capability)
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
  const { candidatesOf } = await import('../key/ecdsa.js')
  const keys = signed && signature ? candidatesOf(signature, signedBytes(signed)) : []
  if (keys.length > 0) return keys
  throw new SessionError(
    'ERR_CAPABILITY_INVALID',
    "malformed capability: its passkey's signature fits no key",
  )
}
