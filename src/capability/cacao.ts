import { accountOfDID } from '../base/account.js'
import { invalid } from './schema.js'

/** CACAO header: the family of text that was signed. `eip4361` is the older word for Ethereum's. */
export interface CacaoHeader {
  readonly t: 'eip4361' | 'caip122'
}

/** CACAO payload (CAIP-74). Times are RFC 3339 date-times. */
export interface CacaoPayload {
  /** Who asked: an RFC 3986 authority, with its port. */
  readonly domain: string
  /** Who grants: the account's DID; for what is delegated, the session key's. */
  readonly iss: string
  /** Who may act: the session key's did:key, as a URI. */
  readonly aud: string
  readonly version: string
  readonly nonce: string
  /** Issued at. */
  readonly iat: string
  /** Not before. */
  readonly nbf?: string
  /** Expires at; without it the capability never expires. */
  readonly exp?: string
  readonly statement?: string
  readonly requestId?: string
  /** What the audience may do. A frozen array; typed as @didtools/cacao types it. */
  readonly resources?: string[]
}

/** CACAO signature: its type, and the signature in the encoding of its type. */
export interface CacaoSignature {
  readonly t: string
  readonly s: string | Uint8Array<ArrayBuffer>
  readonly m?: {
    /** What else was signed: a passkey's authenticator data. */
    readonly aad?: Uint8Array<ArrayBuffer>
    /** What the capability was delegated from, where a session key signed it: types `key:…`. */
    readonly parent?: Cacao
  }
}

/**
 * A chain-agnostic capability object (CAIP-74), signed by the account in `p.iss` for the key in `p.aud`. CAIP-74 has no
 * rule for delegation; ours is that such a key may sign a narrower one, which holds the first in `s.m.parent`.
 */
export interface Cacao {
  readonly h: CacaoHeader
  readonly p: CacaoPayload
  readonly s: CacaoSignature
}

/** Everything that is granted and signed, apart from the signature. */
export type UnsignedCacao = Omit<Cacao, 's'>

/** The account that it speaks for, which granted it or what it was delegated from: a CAIP-10 id, or a did:key. */
export function issuerAccount(cacao: Cacao): string {
  const account = accountOfDID(rootOf(cacao).p.iss)
  if (account === undefined) throw invalid('p.iss', 'a did:pkh or did:key')
  return account
}

/** The capability that this one was delegated from; `undefined` for an account's own. */
export function parentOf({ s }: Cacao): Cacao | undefined {
  return s.m?.parent
}

/** The capability and those that it was delegated from, the account's own first. */
export function chainOf(cacao: Cacao): Cacao[] {
  const parent = parentOf(cacao)
  return parent ? [...chainOf(parent), cacao] : [cacao]
}

/** The capability that the account itself granted, at the root of the chain. */
export function rootOf(cacao: Cacao): Cacao {
  const parent = parentOf(cacao)
  return parent ? rootOf(parent) : cacao
}

/** Whether a signature type is a passkey's: what that signs leaves `p.iss` out, so that its signature fits two issuers. */
export function isPasskeyType(type: string): boolean {
  return type.startsWith('webauthn:')
}
