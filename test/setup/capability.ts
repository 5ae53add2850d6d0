import { fromHex } from '../../src/base/hex.js'
import type { Cacao, CacaoPayload } from '../../src/capability/cacao.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { eip191Sign } from '../../src/wallet/ethereum/secp256k1.js'
import { renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { ACCOUNT_A, KEY_A } from './wallet.js'

export const AUDIENCE = 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3'

/** A payload that is valid in 2024 and for long after, with the given changes. */
export function payload(changes: Record<string, unknown> = {}): CacaoPayload {
  return {
    domain: 'example.com',
    iss: `did:pkh:${ACCOUNT_A}`,
    aud: AUDIENCE,
    version: '1',
    nonce: 'abcdefgh12',
    iat: '2024-06-01T12:00:00.000Z',
    exp: '2099-12-31T23:59:59.000Z',
    statement: 'Sign in.',
    resources: ['ceramic://*'],
    ...changes,
  } as CacaoPayload
}

/** An unsigned capability, for checks that come before the signature. */
export function unsigned(changes: Record<string, unknown> = {}): { h: object; p: CacaoPayload; s: object } {
  return { h: { t: 'eip4361' }, p: payload(changes), s: { t: 'eip191', s: `0x${'00'.repeat(65)}` } }
}

/** A genuine capability, signed with key A or another one. */
export function signed(changes: Record<string, unknown> = {}, key: string = KEY_A): Cacao {
  const p = payload(changes)
  const s = eip191Sign(renderEthereumMessage(p), fromHex(key.slice(2)) ?? new Uint8Array())
  return parseCacao({ h: { t: 'eip4361' }, p, s: { t: 'eip191', s } })
}
