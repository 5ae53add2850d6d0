import { accountOfDID, parseAccount } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import type { CacaoPayload } from '../capability/cacao.js'
import { renderMessage } from '../capability/message.js'
import { toBase58 } from '../key/base58.js'
import { isEd25519Key } from '../key/ed25519-point.js'
import { fromBase58 } from '../key/parse-did-key.js'

const KEY_BYTES = 32
// Base58 digits of 64 bytes: more are refused before they are decoded.
const MOST_DIGITS = 88

/** The text (CAIP-122) of a payload whose issuer is a Solana account. Without a statement there is one blank line. */
export function renderSolanaMessage({ iss, ...rest }: CacaoPayload): string {
  const account = parseAccount(accountOfDID(iss) ?? '')
  if (account?.namespace !== 'solana')
    throw new SessionError('ERR_CAPABILITY_ISSUER', `${iss} is not a Solana account (did:pkh:solana:…)`)
  const { address, reference } = account
  return renderMessage({ ...rest, chainName: 'Solana', address, chainId: reference }, 'did-session')
}

/** The Ed25519 key that a Solana address is; `undefined` for what is no address, or one in whose name anybody can sign. */
export function keyOfAddress(address: string): Uint8Array<ArrayBuffer> | undefined {
  const key = base58Bytes(address, KEY_BYTES)
  return key && isEd25519Key(key) ? key : undefined
}

/** Exactly so many bytes from base58 in its one spelling. */
export function base58Bytes(text: string, length: number): Uint8Array<ArrayBuffer> | undefined {
  const bytes = text.length <= MOST_DIGITS ? fromBase58(text) : undefined
  return bytes?.length === length && toBase58(bytes) === text ? bytes : undefined
}
