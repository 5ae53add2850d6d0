import { accountOfDID, parseAccount } from '../../base/account.js'
import { fromBase58, toBase58 } from '../../base/base58.js'
import { isBytes } from '../../base/bytes.js'
import { SessionError } from '../../base/errors.js'
import { fromUtf8, utf8 } from '../../base/utf8.js'
import { type AuthMethodOpts, authError } from '../../capability/auth-method.js'
import type { Cacao, CacaoPayload } from '../../capability/cacao.js'
import { renderMessage } from '../../capability/message.js'
import { parseCacao } from '../../capability/parse-cacao.js'
import { verifierInput } from '../../capability/verifier-input.js'
import type { VerifierOptions } from '../../capability/verify-signature.js'
import { isEd25519Key } from '../../key/did-key.js'
import { SIGNATURE_LENGTH, verifyKeySignature } from '../../key/verify.js'
import { type GrantTextOptions, grantPayload } from '../capability-payload.js'
import type { SolanaSigner, SolanaSignInInput } from './signer.js'

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

/** Exactly so many bytes from base58. */
export function base58Bytes(text: string, length: number): Uint8Array<ArrayBuffer> | undefined {
  const bytes = text.length <= MOST_DIGITS ? fromBase58(text) : undefined
  return bytes?.length === length ? bytes : undefined
}

const TYPE = 'solana:ed25519'

/** Has the wallet sign the text for this account, and checks that it did. */
export async function solanaGrant(
  wallet: SolanaSigner,
  account: string,
  opts: AuthMethodOpts,
  options: GrantTextOptions,
): Promise<Cacao> {
  const p = grantPayload(account, opts, options)
  const text = renderSolanaMessage(p)
  const { address, reference } = parseAccount(account) ?? { address: '', reference: '' }
  const fields = fieldsOf(p, address, reference)
  const { signature, message } = await wallet.sign(utf8(text), address, fields).catch((cause: unknown) => {
    throw solanaError(cause)
  })
  if (!isBytes(signature) || signature.length !== SIGNATURE_LENGTH)
    throw new SessionError('ERR_AUTH_FAILED', 'the wallet answered something that is not a signature')
  if (message !== undefined && !(isBytes(message) && fromUtf8(message) === text))
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the wallet signed another text than it was asked to: use one that signs messages as they are',
    )
  const cacao = parseCacao({ h: { t: 'caip122' }, p, s: { t: TYPE, s: toBase58(signature) } })
  if (!(await isSigned(cacao)))
    throw new SessionError(
      'ERR_CAPABILITY_SIGNATURE',
      `the wallet signed with another account than ${account}: switch to it there`,
    )
  return cacao
}

/** Checks a Solana account's signature over a capability. Throws `ERR_CAPABILITY_SIGNATURE`. */
export async function verifySolana(input: unknown, options: VerifierOptions | undefined): Promise<void> {
  const cacao = verifierInput(input, options)
  if (await isSigned(cacao)) return
  throw new SessionError('ERR_CAPABILITY_SIGNATURE', `the capability is not signed by ${cacao.p.iss}`)
}

async function isSigned({ h, p, s }: Cacao): Promise<boolean> {
  const text = renderSolanaMessage(p)
  const bytes = keyOfAddress(parseAccount(accountOfDID(p.iss) ?? '')?.address ?? '')
  const signature = typeof s.s === 'string' ? base58Bytes(s.s, SIGNATURE_LENGTH) : undefined
  if (!bytes || !signature || s.t !== TYPE || h.t !== 'caip122') return false
  return verifyKeySignature({ type: 'Ed25519', bytes }, signature, utf8(text))
}

function fieldsOf(p: CacaoPayload, address: string, chainId: string): SolanaSignInInput {
  const { domain, aud, version, nonce, iat, exp, nbf, requestId, statement, resources } = p
  return {
    domain,
    address,
    uri: aud,
    version,
    chainId,
    nonce,
    issuedAt: iat,
    ...(exp !== undefined && { expirationTime: exp }),
    ...(nbf !== undefined && { notBefore: nbf }),
    ...(requestId !== undefined && { requestId }),
    ...(statement !== undefined && { statement }),
    ...(resources && { resources }),
  }
}

// Wallets of the Wallet Standard have no codes: they say it in words.
const REJECTED = /reject|denied|declin|cancel/i

/** A Solana wallet's own error as ours. */
export function solanaError(cause: unknown): SessionError {
  const error = authError(cause)
  if (error.code !== 'ERR_AUTH_FAILED' || !(cause instanceof Error && REJECTED.test(cause.message)))
    return error
  return new SessionError(
    'ERR_AUTH_REJECTED',
    'the request was rejected in the wallet: ask again when the person is ready',
    { cause },
  )
}
