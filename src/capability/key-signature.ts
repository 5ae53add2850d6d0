import { fromBase64url, toBase64url } from '../base/base64.js'
import { SessionError } from '../base/errors.js'
import { utf8 } from '../base/utf8.js'
import type { KeyType } from '../key/did-key.js'
import { knownKey } from '../key/parse-did-key.js'
import type { SessionKey } from '../key/session-key.js'
import { type VerifyKeySignature, verifyKeySignature } from '../key/verify.js'
import type { Cacao, CacaoPayload } from './cacao.js'
import { nativeIdentity } from './cid.js'
import { renderMessage } from './message.js'
import { parseCacao, parsePayload } from './parse-cacao.js'

// Capabilities whose issuer is a did:key, signed by that key.

const TYPES = new Map<string, KeyType>([
  ['key:p256', 'P-256'],
  ['key:ed25519', 'Ed25519'],
  // Of an account only: no session acts with such a key.
  ['key:secp256k1', 'secp256k1'],
])
// As ERC-4361 has it; a passkey's may have other characters, but nobody reads a text there.
const NONCE = /^[A-Za-z0-9]+$/

/**
 * The text (CAIP-122) of a payload whose issuer is a did:key, which is its address. No request and no JWS begins as it
 * does, so that what the key signs as one of them is never a capability.
 */
export function renderKeyMessage({ iss, ...rest }: CacaoPayload): string {
  if (!NONCE.test(rest.nonce))
    throw new SessionError(
      'ERR_CAPABILITY_INVALID',
      'malformed capability: p.nonce must be letters and digits beside a "key:…" signature',
    )
  return renderMessage({ ...rest, chainName: 'Key', address: iss, chainId: 'did:key' })
}

/** The signature type of such a key. */
export function keySignatureType(type: KeyType): string | undefined {
  return [...TYPES].find(([, known]) => known === type)?.[0]
}

/** Delegates: has the key to which the parent was granted sign a payload that names the parent. */
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
 * Checks that a delegated capability was signed by its issuer, and delegated from this parent and no other. Throws
 * `ERR_CAPABILITY_SIGNATURE`, or `ERR_CAPABILITY_UNSUPPORTED` for another kind of key.
 */
export async function verifyDelegated(cacao: Cacao, parent: Cacao): Promise<void> {
  if (cacao.p.requestId !== (await nativeIdentity(parent)))
    throw notSigned('it was delegated from another capability than the one that it holds')
  await verifyKeySigned(cacao)
}

/**
 * Checks that it was signed by its issuer, a did:key. Throws `ERR_CAPABILITY_SIGNATURE`, or `ERR_CAPABILITY_UNSUPPORTED` for
 * another kind of signature.
 */
export async function verifyKeySigned(
  { h, p, s }: Cacao,
  verify: VerifyKeySignature = verifyKeySignature,
): Promise<void> {
  const type = TYPES.get(s.t)
  if (type === undefined)
    throw new SessionError('ERR_CAPABILITY_UNSUPPORTED', `${s.t.slice(0, 40)} signatures can't be checked`)
  const key = knownKey(p.iss)
  if (key?.type !== type || h.t !== 'caip122') throw notSigned(`its issuer signs no ${s.t} ${h.t}`)
  const signature = typeof s.s === 'string' ? fromBase64url(s.s) : undefined
  if (!signature || !(await verify(key, signature, utf8(renderKeyMessage(p)))))
    throw notSigned(`it is not signed by ${p.iss}`)
}

function notSigned(why: string): SessionError {
  return new SessionError('ERR_CAPABILITY_SIGNATURE', `the capability is refused: ${why}`)
}
