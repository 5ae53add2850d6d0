import { accountOfDID } from '../base/account.js'
import { invalid } from './schema.js'

/** CACAO header: the format of the text that was signed. `eip4361` is the older name of Ethereum's. */
export interface CacaoHeader {
  readonly t: 'eip4361' | 'caip122'
}

/** CACAO payload (CAIP-74). Times are RFC 3339 date-times. */
export interface CacaoPayload {
  /** The site that asked: an RFC 3986 authority, with its port. */
  readonly domain: string
  /** The issuer: the account's DID; in a delegated capability, the DID of the session key that delegated it. */
  readonly iss: string
  /** The audience, which may use the capability: the session key's did:key, as a URI. */
  readonly aud: string
  readonly version: string
  readonly nonce: string
  /** Issued at. */
  readonly iat: string
  /** Not before. */
  readonly nbf?: string
  /** Expires at. Without it, the capability never expires. */
  readonly exp?: string
  readonly statement?: string
  readonly requestId?: string
  /** What the audience may do. The array is frozen; it has a mutable type, because @didtools/cacao has that type. */
  readonly resources?: string[]
}

/** CACAO signature: its type, the signature in the encoding of that type, and metadata. */
export interface CacaoSignature {
  readonly t: string
  readonly s: string | Uint8Array<ArrayBuffer>
  readonly m?: {
    /** The authenticator data and client data that a passkey signed, as CBOR. */
    readonly aad?: Uint8Array<ArrayBuffer>
    /** The capability that this one was delegated from, if a session key signed it (types `key:…`). */
    readonly parent?: Cacao
  }
}

/**
 * A chain-agnostic capability object (CAIP-74), signed by the account in `p.iss` for the key in `p.aud`. CAIP-74 does not
 * define delegation. In this library, the key in `p.aud` may sign a narrower capability, which has the first one in
 * `s.m.parent`.
 */
export interface Cacao {
  readonly h: CacaoHeader
  readonly p: CacaoPayload
  readonly s: CacaoSignature
}

/** A capability before it is signed. */
export type UnsignedCacao = Omit<Cacao, 's'>

/** The account that granted the capability, or the root of its chain: a CAIP-10 id, or a did:key. */
export function issuerAccount(cacao: Cacao): string {
  const account = accountOfDID(rootOf(cacao).p.iss)
  if (account === undefined) throw invalid('p.iss', 'a did:pkh or did:key')
  return account
}

/** The capability that this one was delegated from; `undefined` for one that an account granted. */
export function parentOf({ s }: Cacao): Cacao | undefined {
  return s.m?.parent
}

/** The chain of the capability: those that it was delegated from, beginning at the root, and the capability itself. */
export function chainOf(cacao: Cacao): Cacao[] {
  const parent = parentOf(cacao)
  return parent ? [...chainOf(parent), cacao] : [cacao]
}

/** The root of the capability's chain: the capability that the account granted. */
export function rootOf(cacao: Cacao): Cacao {
  const parent = parentOf(cacao)
  return parent ? rootOf(parent) : cacao
}

/** Whether the signature has metadata. An empty map, which CAIP-74 allows, is none. */
export function hasMetadata({ s }: Cacao): boolean {
  return s.m !== undefined && Object.keys(s.m).length > 0
}

/** Whether a signature type is that of a passkey. A passkey does not sign `p.iss`, so its signature is valid for two issuers. */
export function isPasskeyType(type: string): boolean {
  return type.startsWith('webauthn:')
}
