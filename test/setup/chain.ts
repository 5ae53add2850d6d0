import { utf8 } from '../../src/base/bytes.js'
import { toBase64url } from '../../src/base/multibase.js'
import type { Cacao, CacaoPayload } from '../../src/capability/cacao.js'
import { capabilityIdentity } from '../../src/capability/cid.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { renderKeyMessage } from '../../src/capability/verify-signature.js'
import { generateSessionKey } from '../../src/key/generate-key.js'
import type { SessionKey, SessionKeyType } from '../../src/key/session-key.js'
import { signed } from './capability.js'

export const KEY_TYPES = { 'P-256': 'key:p256', Ed25519: 'key:ed25519' } as const

/** A key, and the capability granted to it. */
export interface Holder {
  readonly key: SessionKey
  readonly cacao: Cacao
}

/** A key to which account A grants `https://api.example.com/*`. */
export async function granted(
  type: SessionKeyType = 'P-256',
  changes: Record<string, unknown> = {},
): Promise<Holder> {
  const key = await generateSessionKey(type)
  return { key, cacao: signed({ aud: key.did, resources: ['https://api.example.com/*'], ...changes }) }
}

export type Draft = { h: object; p: CacaoPayload; s: { t: string; s: string | Uint8Array; m: object } }

/**
 * A capability that the holder signs for another key, with any changes: only its form and its signature are right. Another key
 * or parent may replace the holder's.
 */
export async function draft(
  { key, cacao: parent }: Holder,
  aud: string,
  changes: Record<string, unknown> = {},
): Promise<Draft> {
  const p = {
    domain: parent.p.domain,
    iss: key.did,
    aud,
    version: '1',
    nonce: 'abcdefgh34',
    iat: '2024-06-01T13:00:00.000Z',
    exp: '2050-12-31T23:59:59.000Z',
    requestId: capabilityIdentity(parent),
    resources: ['https://api.example.com/notes/*'],
    ...changes,
  } as CacaoPayload
  return {
    h: { t: 'caip122' },
    p,
    s: {
      t: KEY_TYPES[key.type],
      s: toBase64url(await key.sign(utf8(renderKeyMessage(p)))),
      m: { parent },
    },
  }
}

/** A new key to which the holder delegates. */
export async function delegated(
  from: Holder,
  type: SessionKeyType = 'P-256',
  changes: Record<string, unknown> = {},
): Promise<Holder> {
  const key = await generateSessionKey(type)
  return { key, cacao: parseCacao(await draft(from, key.did, changes)) }
}
