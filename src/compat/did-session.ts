import { ed25519 } from '@noble/curves/ed25519.js'
import { decryptJWE, type JWE, x25519Decrypter } from 'did-jwt'
import type { DID } from 'dids'
import { type AccountInput, normalAccount } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import type { AuthMethod } from '../capability/auth-method.js'
import type { Cacao } from '../capability/cacao.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { expiryTime } from '../capability/validity.js'
import { verifySignature } from '../capability/verify-signature.js'
import { SEED_LENGTH, seedKey } from '../key/generate-key.js'
import { authorizeOptions } from '../options/read-grant-options.js'
import type { GrantOptions } from '../options/session-options.js'
import { readSession, writeSession } from '../resume/session-string.js'
import { DIDSession as Session } from '../session/did-session.js'
import { authorize } from '../sign-in/sign-in.js'
import { capabilityOf, createDID, type SigningKey } from './did.js'
import { toDID } from './dids.js'
/** An account id in the shape of the `caip` package's `AccountId`, which did-session 4 gives and takes. */
export class AccountId {
  readonly chainId: { readonly namespace: string; readonly reference: string; toString(): string }
  readonly address: string

  /** Throws a `TypeError` unless the text is a CAIP-10 id. */
  constructor(id: string) {
    if (normalAccount(id) === undefined) throw new TypeError(`not a CAIP-10 account id: ${id.slice(0, 200)}`)
    const [namespace = '', reference = '', address = ''] = id.split(':')
    this.chainId = { namespace, reference, toString: () => `${namespace}:${reference}` }
    this.address = address
  }

  toString(): string {
    return `${this.chainId}:${this.address}`
  }

  toJSON(): { address: string; chainId: { namespace: string; reference: string } } {
    const { namespace, reference } = this.chainId
    return { chainId: { namespace, reference }, address: this.address }
  }
}

/** The Ed25519 key of a seed, which also opens what was encrypted to its did:key, as in did-session 4. */
export async function seedSigningKey(seed: Uint8Array): Promise<SigningKey> {
  const key = await seedKey(seed)
  return {
    did: key.did,
    sign: (data) => key.sign(data),
    decrypt: async (jwe) => decryptJWE(jwe as JWE, x25519Decrypter(ed25519.utils.toMontgomerySecret(seed))),
  }
}

/** What did-session 4 has signed; `expiresInSecs` wins over `expirationTime`. */
export interface AuthOpts {
  domain?: string
  statement?: string
  /** Always "1", whatever is given. */
  version?: string
  nonce?: string
  requestId?: string
  expirationTime?: string
  resources?: string[]
  expiresInSecs?: number
}

/** What a session of did-session 4 is made of. */
export interface SessionParams {
  keySeed?: Uint8Array
  cacao: Parameters<DID['withCapability']>[0]
  did: DID
}

/** An authenticated `DID` on the Ed25519 key of a 32-byte seed, or of a random one. */
export async function createDIDKey(seed?: Uint8Array): Promise<DID> {
  return createDID(await seedSigningKey(seed ?? crypto.getRandomValues(new Uint8Array(SEED_LENGTH))))
}

/** The same key with a capability. Rejects with `ERR_CAPABILITY_INVALID`, or `_AUDIENCE` if it is another key's. */
export async function createDIDCacao(didKey: DID, cacao: object): Promise<DID> {
  const capability = parseCacao(cacao)
  if (capability.p.aud !== didKey.id) {
    throw new SessionError(
      'ERR_CAPABILITY_AUDIENCE',
      `the capability was granted to ${capability.p.aud}, not to ${didKey.id}`,
    )
  }
  const did = didKey.withCapability(capabilityOf(capability))
  await did.authenticate()
  return did
}

/** The account of a `did:pkh:…`. */
export function getAccountIdByDID(did: string): AccountId {
  return new AccountId(did.slice('did:pkh:'.length))
}

/** Whether the capability names every one of the resources, to the letter. */
export function cacaoContainsResources(cacao: { p: { resources?: string[] } }, resources: string[]): boolean {
  return resources.every((resource) => cacao.p.resources?.includes(resource))
}

/**
 * The `DIDSession` of did-session 4: the same statics, a synchronous `did`. What it reads is checked as everywhere
 * in this library, and Ethereum signatures too, so that a forged or foreign session rejects where did-session took it.
 *
 * @example
 * import { DIDSession } from 'cacao-session/did-session'
 */
export class DIDSession {
  readonly #keySeed: Uint8Array | undefined
  readonly #cacao: Cacao
  readonly #did: DID

  constructor({ keySeed, cacao, did }: SessionParams) {
    this.#keySeed = keySeed
    this.#cacao = parseCacao(cacao)
    this.#did = did
  }

  /** Has the wallet sign a session that can be written to a string. */
  static async authorize(authMethod: AuthMethod, authOpts: AuthOpts = {}): Promise<DIDSession> {
    const { serialize } = await authorize(authMethod, authorizeOptions(asked(authOpts)))
    return DIDSession.fromSession(serialize?.() ?? '')
  }

  /** The same as `createDIDCacao`. */
  static async initDID(didKey: DID, cacao: object): Promise<DID> {
    return createDIDCacao(didKey, cacao)
  }

  /** Takes up the account's stored session, or has the wallet sign a new one. */
  static async get(
    account: AccountInput,
    authMethod: AuthMethod,
    authOpts: AuthOpts = {},
  ): Promise<DIDSession> {
    const session = await Session.get(account, authMethod, asked(authOpts))
    return new DIDSession({ cacao: capabilityOf(session.cacao), did: await toDID(session) })
  }

  /** Removes the account's sessions from storage. */
  static async remove(account: AccountInput): Promise<void> {
    await Session.remove(account)
  }

  /** Whether `get` would take up a session of the account without a prompt. */
  static async hasSessionFor(account: AccountInput, resources: string[]): Promise<boolean> {
    // did-session takes none, and an empty list, for whatever the session may do.
    return Session.hasSessionFor(account, resources?.length > 0 ? resources : undefined)
  }

  /** The session that `serialize` wrote; an expired one loads too. */
  static async fromSession(session: string): Promise<DIDSession> {
    const { cacao, seed } = await readSession(session)
    // Its callers name no verifiers; the wallets that nearly all of them use are known.
    if (cacao.s.t === 'eip191') {
      const { ethereumVerifiers } = await import('../wallet/ethereum/verifiers.js')
      await verifySignature(cacao, ethereumVerifiers(), Date.now())
    }
    const key = await seedSigningKey(seed)
    return new DIDSession({ cacao: capabilityOf(cacao), keySeed: seed, did: await createDID(key, cacao) })
  }

  /** The `DID` that signs with the session's key and capability. */
  get did(): DID {
    return this.#did
  }

  /** Throws `ERR_NOT_SERIALIZABLE` for a session that `get` gave. */
  serialize(): string {
    if (this.#keySeed) return writeSession(this.#keySeed, this.#cacao)
    throw new SessionError(
      'ERR_NOT_SERIALIZABLE',
      'Secure sessions cannot be serialized: use DIDSession.authorize',
    )
  }

  /** Always true: there is no session without a capability. */
  get hasSession(): boolean {
    return true
  }

  /** Whether the session signs no more because its time is over. */
  get isExpired(): boolean {
    return this.expireInSecs === 0
  }

  /** Seconds until the session expires: 0 once it has, `Infinity` if it never does. */
  get expireInSecs(): number {
    return Math.max(0, (expiryTime(this.#cacao) - Date.now()) / 1000)
  }

  /** The capability's resources. */
  get authorizations(): string[] {
    return [...(this.#cacao.p.resources ?? [])]
  }

  /** The capability, in the type that `dids` has for it. */
  get cacao(): Parameters<DID['withCapability']>[0] {
    return capabilityOf(this.#cacao)
  }

  /** Whether the session is valid now and names these resources. */
  isAuthorized(resources: string[] = []): boolean {
    return !this.isExpired && resources.every((resource) => this.authorizations.includes(resource))
  }

  /** The account's DID. */
  get id(): string {
    return this.#did.parent
  }
}

const NAMES = [
  'domain',
  'statement',
  'nonce',
  'requestId',
  'expirationTime',
  'resources',
  'expiresInSecs',
] as const

// did-session passes over what it doesn't know, and over what is undefined.
function asked(authOpts: AuthOpts): GrantOptions {
  const given = NAMES.filter((name) => authOpts[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, authOpts[name]]))
}
