import { createPrivateKey, type KeyObject } from 'node:crypto'
import { usageError } from './exit-codes.js'

/** Which kind of account a private key stands for. */
export const KEY_TYPES = ['ethereum', 'solana', 'ed25519', 'p256', 'secp256k1'] as const
export type AccountKeyType = (typeof KEY_TYPES)[number]

/** 32 bytes, and what for. */
export interface PrivateKey {
  readonly type: AccountKeyType
  readonly secret: Uint8Array<ArrayBuffer>
}

// The kinds of key that PEM has, and those that they can be taken for.
const PEM_TYPES: ReadonlyMap<string, readonly [AccountKeyType, ...AccountKeyType[]]> = new Map([
  ['Ed25519', ['ed25519', 'solana']],
  ['P-256', ['p256']],
  ['secp256k1', ['ethereum', 'secp256k1']],
])

/**
 * Reads a private key: 32 bytes in hex, PEM, or Solana's array of 64 numbers. Ends the command for anything else, without
 * repeating it.
 */
export function parsePrivateKey(input: string, wanted: AccountKeyType | undefined): PrivateKey {
  const text = input.trim()
  if (text.startsWith('-----BEGIN')) return fromPEM(text, wanted)
  if (text.startsWith('[')) return fromNumbers(text, wanted)
  if (/^(0x)?[0-9a-f]{64}$/i.test(text))
    return { type: wanted ?? 'ethereum', secret: Uint8Array.from(Buffer.from(text.slice(-64), 'hex')) }
  throw noKey()
}

function fromPEM(text: string, wanted: AccountKeyType | undefined): PrivateKey {
  let key: KeyObject
  try {
    key = createPrivateKey(text)
  } catch {
    throw usageError("the private key's PEM can't be read: is it encrypted, or not a private key?")
  }
  const { crv = '', d } = isExportable(key) ? key.export({ format: 'jwk' }) : {}
  const types = PEM_TYPES.get(crv)
  if (types === undefined || d === undefined)
    throw usageError('a private key in PEM must be of Ed25519, P-256 or secp256k1')
  const [first] = types
  const type = wanted ?? first
  if (!types.includes(type)) throw usageError(`the private key is of ${crv}, which is not of type ${type}`)
  return { type, secret: Uint8Array.from(Buffer.from(d, 'base64url')) }
}

function isExportable({ asymmetricKeyType }: KeyObject): boolean {
  return asymmetricKeyType === 'ed25519' || asymmetricKeyType === 'ec'
}

// As Solana's tools write it: the seed, and the public key.
function fromNumbers(text: string, wanted: AccountKeyType | undefined): PrivateKey {
  let numbers: unknown
  try {
    numbers = JSON.parse(text)
  } catch {
    throw noKey()
  }
  const isByte = (n: unknown): n is number => Number.isInteger(n) && Number(n) >= 0 && Number(n) < 256
  if (!Array.isArray(numbers) || numbers.length !== 64 || !numbers.every(isByte)) throw noKey()
  const type = wanted ?? 'solana'
  if (type !== 'solana' && type !== 'ed25519')
    throw usageError(`the private key is one of Solana's, which is not of type ${type}`)
  return { type, secret: Uint8Array.from(numbers.slice(0, 32)) }
}

function noKey(): Error {
  return usageError(
    "what was given as the private key is none: it must be 32 bytes in hex, PEM, or Solana's array of 64 numbers",
  )
}
