import { accountOfDID, parseAccount } from '../../base/account.js'
import { fromUtf8, utf8 } from '../../base/bytes.js'
import { SessionError } from '../../base/errors.js'
import { fromHex } from '../../base/hex.js'
import { fromBase58, fromBase64 } from '../../base/multibase.js'
import { isBytes } from '../../base/options.js'
import { type AuthMethodOpts, authError, noAccountError } from '../../capability/auth-method.js'
import type { Cacao, CacaoPayload } from '../../capability/cacao.js'
import { type MessageLayout, renderMessage, signedPayloads } from '../../capability/message.js'
import { parseCacao } from '../../capability/parse-cacao.js'
import { type VerifierOptions, verifierInput } from '../../capability/verify-signature.js'
import { isEd25519Key } from '../../key/did-key.js'
import { toBase58 } from '../../key/session-key.js'
import { SIGNATURE_LENGTH, verifyKeySignature } from '../../key/verify.js'
import { capabilityPayload, requestedAccount, type SignInMessageOptions } from '../capability-payload.js'
import { type SolanaSigner, type SolanaSignInInput, solanaArgument, walletAccount } from './signer.js'

const SIGNATURE_TYPE = 'solana:ed25519'
const KEY_BYTES = 32

/** Options of `solanaAuth`. Options of `DIDSession.get` and `authorize` take precedence. */
export interface SolanaAuthOptions extends SignInMessageOptions {
  /**
   * The network of an account that was not given as a CAIP-10 id: `mainnet` (the default), `testnet`, `devnet`, or a
   * CAIP-2 id.
   */
  chain?: string
}

/** The checked arguments of `solanaAuth`. */
export interface SolanaAuthArguments {
  readonly wallet: SolanaSigner
  readonly account: string | undefined
}

/**
 * Asks the wallet to sign a capability (CAIP-74) as a CAIP-122 message, and verifies the signature. Throws the errors that
 * `solanaAuth` lists.
 */
export async function signSolanaCapability(
  { wallet, account: own }: SolanaAuthArguments,
  opts: AuthMethodOpts,
  options: SolanaAuthOptions,
): Promise<Cacao> {
  const requested =
    opts.address && opts.chainId ? solanaArgument(`solana:${opts.chainId}:${opts.address}`) : undefined
  const account = requestedAccount(own, requested) ?? (await walletAccount(wallet, options.chain, false))
  if (!account) throw noAccountError()
  const p = capabilityPayload(account, opts, options)
  const text = renderSolanaMessage(p)
  const { address, reference } = parseAccount(account) ?? { address: '', reference: '' }
  const fields = signInFieldsOf(p, address, reference)
  const answer = await wallet.sign(utf8(text), address, fields).catch((cause: unknown) => {
    throw authError(cause)
  })
  const { message } = answer
  const signature = readSignature(answer.signature, utf8(text))
  if (!signature)
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the wallet answered with something that is not a signature: update it, or use a different one',
    )
  if (message !== undefined && !(isBytes(message) && fromUtf8(message) === text))
    throw new SessionError(
      'ERR_AUTH_FAILED',
      'the wallet signed a different message than it was given: use a wallet that signs messages unchanged',
    )
  const cacao = parseCacao({ h: { t: 'caip122' }, p, s: { t: SIGNATURE_TYPE, s: toBase58(signature) } })
  if (!(await isSigned(cacao)))
    throw new SessionError(
      'ERR_CAPABILITY_SIGNATURE',
      `the wallet signed with a different account than ${account}, or another message, as hardware wallets do: switch the wallet to that account, or use one that is not on a hardware wallet`,
    )
  return cacao
}

function signInFieldsOf(p: CacaoPayload, address: string, chainId: string): SolanaSignInInput {
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

/** Verifies the signature of a Solana account over a capability. Throws `ERR_CAPABILITY_SIGNATURE`. */
export async function verifySolana(input: unknown, options: VerifierOptions | undefined): Promise<void> {
  const cacao = verifierInput(input, options)
  if (await isSigned(cacao)) return
  throw new SessionError('ERR_CAPABILITY_SIGNATURE', `the capability is not signed by ${cacao.p.iss}`)
}

async function isSigned({ h, p, s }: Cacao): Promise<boolean> {
  // Throws if the issuer is not a Solana account.
  const texts = renderings(p)
  const bytes = publicKeyOf(parseAccount(accountOfDID(p.iss) ?? '')?.address ?? '')
  // In CAIP-74 the signature is bytes; did-session writes it as base58 text.
  const signature = typeof s.s === 'string' ? base58Bytes(s.s, SIGNATURE_LENGTH) : s.s
  if (!bytes || signature?.length !== SIGNATURE_LENGTH || s.t !== SIGNATURE_TYPE || h.t !== 'caip122')
    return false
  for (const text of texts)
    if (await verifyKeySignature({ type: 'Ed25519', bytes }, signature, utf8(text))) return true
  return false
}

/** Returns the texts that may have been signed, ours first. If there is no statement, they have one or two blank lines instead. */
function renderings(p: CacaoPayload): string[] {
  const texts = signedPayloads(p).flatMap((signed) => [
    renderSolanaMessage(signed),
    renderSolanaMessage(signed, 'erc4361'),
  ])
  return [...new Set(texts)]
}

/**
 * Renders the CAIP-122 message of a payload whose issuer is a Solana account. If there is no statement, there is one blank line in
 * its place, or two in the layout `erc4361`. Throws `ERR_CAPABILITY_ISSUER` if the issuer is a different kind of account.
 */
export function renderSolanaMessage(
  { iss, ...rest }: CacaoPayload,
  layout: MessageLayout = 'did-session',
): string {
  const account = parseAccount(accountOfDID(iss) ?? '')
  if (account?.namespace !== 'solana')
    throw new SessionError('ERR_CAPABILITY_ISSUER', `${iss} is not a Solana account (did:pkh:solana:…)`)
  const { address, reference } = account
  return renderMessage({ ...rest, chainName: 'Solana', address, chainId: reference }, layout)
}

/**
 * Returns the Ed25519 public key that a Solana address encodes; `undefined` if it is not an address, or a
 * weak key, for which anyone can produce a signature.
 */
export function publicKeyOf(address: string): Uint8Array<ArrayBuffer> | undefined {
  const key = base58Bytes(address, KEY_BYTES)
  return key && isEd25519Key(key) ? key : undefined
}

// The length of 64 bytes in base58. A longer text is not decoded, because decoding takes time.
const MAX_BASE58_LENGTH = 88
const HEX = /^(?:0x)?((?:[0-9a-f]{2}){64,})$/i

/**
 * Reads a signature in the forms that wallets return: bytes, a list of numbers, bytes that went through JSON, or text in base58,
 * base64 or hex; alone, or with the message before or after it. Returns `undefined` for anything else. The length tells the forms
 * apart; the caller verifies the signature afterwards.
 */
function readSignature(answer: unknown, message: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const bytes = typeof answer === 'string' ? fromText(answer) : fromList(answer)
  if (bytes?.length === SIGNATURE_LENGTH) return bytes
  if (bytes?.length !== message.length + SIGNATURE_LENGTH) return undefined
  if (isSame(bytes.subarray(0, message.length), message)) return bytes.slice(message.length)
  // What `nacl.sign` returns.
  return isSame(bytes.subarray(SIGNATURE_LENGTH), message) ? bytes.slice(0, SIGNATURE_LENGTH) : undefined
}

/** Decodes base58. Returns `undefined` unless the result has exactly `length` bytes. */
function base58Bytes(text: string, length: number): Uint8Array<ArrayBuffer> | undefined {
  const bytes = text.length <= MAX_BASE58_LENGTH ? fromBase58(text) : undefined
  return bytes?.length === length ? bytes : undefined
}

function fromText(text: string): Uint8Array<ArrayBuffer> | undefined {
  const [, digits] = HEX.exec(text) ?? []
  if (digits !== undefined) return fromHex(digits)
  // Base64 of a signature alone ends with `=`. With the message, it is longer, and may end with any digit.
  const isBase64 = text.endsWith('=') || text.length > MAX_BASE58_LENGTH
  return isBase64 ? fromBase64(text) : base58Bytes(text, SIGNATURE_LENGTH)
}

function fromList(answer: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (isBytes(answer)) return new Uint8Array(answer)
  if (Object.prototype.toString.call(answer) === '[object ArrayBuffer]')
    return new Uint8Array(answer as ArrayBuffer).slice()
  if (typeof answer !== 'object' || answer === null) return undefined
  // JSON turns bytes into {"0":12,…}, and a Buffer into {"type":"Buffer","data":[12,…]}.
  const list: unknown = Array.isArray(answer) ? answer : ((answer as { data?: unknown }).data ?? answer)
  const numbers = Object.values(list as object)
  const areBytes = numbers.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)
  return areBytes ? Uint8Array.from(numbers) : undefined
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
