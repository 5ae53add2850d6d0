import { SessionError } from '../base/errors.js'
import { fromBase64url, toBase64url } from '../base/multibase.js'
import { utf8 } from '../base/utf8.js'
import { knownKey } from '../key/did-key.js'
import type { KeyType, SessionKey } from '../key/session-key.js'
import { type VerifyKeySignature, verifyKeySignature } from '../key/verify.js'
import type { Cacao, CacaoPayload } from './cacao.js'
import { nativeIdentity } from './cid.js'
import { renderMessage } from './message.js'
import { parseCacao, parsePayload } from './parse-cacao.js'

// Capabilities whose issuer is a did:key, signed by that key.

const TYPES = new Map<string, KeyType>([
  ['key:p256', 'P-256'],
  ['key:ed25519', 'Ed25519'],
  // For accounts only: session keys are never of this type.
  ['key:secp256k1', 'secp256k1'],
])
// As in ERC-4361. The guard accepts other characters for passkeys, but a did:key signs a text.
const NONCE = /^[A-Za-z0-9]+$/

/**
 * The text (CAIP-122) of a payload whose issuer is a did:key, with that DID as the address. Signed requests and JWS begin
 * differently, so a signature of the key over one of those is never valid for a capability. Throws `ERR_CAPABILITY_INVALID`
 * for a nonce with other characters than letters and digits.
 */
export function renderKeyMessage({ iss, ...rest }: CacaoPayload): string {
  if (!NONCE.test(rest.nonce))
    throw new SessionError(
      'ERR_CAPABILITY_INVALID',
      'malformed capability: p.nonce must be letters and digits, because a did:key signs it',
    )
  return renderMessage({ ...rest, chainName: 'Key', address: iss, chainId: 'did:key' })
}

/** The signature type (`key:…`) of a type of key. */
export function keySignatureType(type: KeyType): string | undefined {
  return [...TYPES].find(([, known]) => known === type)?.[0]
}

/**
 * Delegates a capability: the key that is the parent's audience signs a payload whose `requestId` is the parent's identity.
 * Rejects with the `ERR_CAPABILITY_…` of `parseCacao` if it would exceed the parent.
 */
export async function signDelegated(
  key: SessionKey,
  payload: Omit<CacaoPayload, 'iss' | 'domain' | 'requestId'>,
  parent: Cacao,
): Promise<Cacao> {
  const { domain } = parent.p
  const p = parsePayload({ ...payload, domain, iss: key.did, requestId: await nativeIdentity(parent) })
  const s = toBase64url(await key.sign(utf8(renderKeyMessage(p))))
  const t = keySignatureType(key.type)
  return parseCacao({ h: { t: 'caip122' }, p, s: { t, s, m: { parent } } })
}

/**
 * Checks that a delegated capability was signed by its issuer, and delegated from this parent and no other. Rejects with
 * `ERR_CAPABILITY_SIGNATURE`, or with `ERR_CAPABILITY_UNSUPPORTED` for another type of signature than `key:…`.
 */
export async function verifyDelegated(cacao: Cacao, parent: Cacao): Promise<void> {
  if (cacao.p.requestId !== (await nativeIdentity(parent)))
    throw notSigned('p.requestId is not the identity of the parent in s.m.parent')
  await verifyKeySigned(cacao)
}

/**
 * Checks that a capability was signed by its issuer, a did:key. Rejects with `ERR_CAPABILITY_SIGNATURE`, or with
 * `ERR_CAPABILITY_UNSUPPORTED` for another type of signature than `key:…`.
 */
export async function verifyKeySigned(
  { h, p, s }: Cacao,
  verify: VerifyKeySignature = verifyKeySignature,
): Promise<void> {
  const type = TYPES.get(s.t)
  if (type === undefined)
    throw new SessionError(
      'ERR_CAPABILITY_UNSUPPORTED',
      `signatures of type ${s.t.slice(0, 40)} can't be verified here: only those of a did:key can`,
    )
  const key = knownKey(p.iss)
  if (key?.type !== type || h.t !== 'caip122')
    throw notSigned(`its issuer makes no signatures of type ${s.t} in the format ${h.t}`)
  const signature = typeof s.s === 'string' ? fromBase64url(s.s) : undefined
  if (!signature || !(await verify(key, signature, utf8(renderKeyMessage(p)))))
    throw notSigned(`it is not signed by ${p.iss}`)
}

function notSigned(why: string): SessionError {
  return new SessionError('ERR_CAPABILITY_SIGNATURE', `the capability is refused: ${why}`)
}
