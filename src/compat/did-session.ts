import { ed25519 } from '@noble/curves/ed25519.js'
import { decryptJWE, type JWE, x25519Decrypter } from 'did-jwt'
import type { DID } from 'dids'
import { type AccountInput, accountArgument } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import type { AuthMethod } from '../capability/auth-method.js'
import type { Cacao } from '../capability/cacao.js'
import { expiryTime } from '../capability/cacao.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { isRecap } from '../capability/resources.js'
import { generateSessionKey, SEED_LENGTH, seedKey } from '../key/generate-key.js'
import { authorizeOptions } from '../options/read-grant-options.js'
import { resourcesArgument } from '../options/read-options.js'
import { loadedHelpers } from '../resume/helpers.js'
import { look, trustingContext } from '../resume/resume.js'
import { readSession, writeSession } from '../resume/session-string.js'
import { DIDSession as Session } from '../session/did-session.js'
import { authorize, newSeedKey } from '../sign-in/sign-in.js'
import { capabilityOf, createDID, type SigningKey } from './did.js'
import { toDID } from './dids.js'
import { expiredCapability, isOver } from './expired-capability.js'
import { type AuthOpts, asInDIDSession, withOptions } from './given-options.js'
import { offlineVerifiers } from './offline-verifiers.js'

export { AccountId, getAccountIdByDID } from './account-id.js'
export type { AuthOpts } from './given-options.js'

/**
 * The `DIDSession` of did-session 4, with the same static methods and a synchronous `did`. Stored sessions,
 * strings and capabilities are checked as everywhere in this library, and the accounts' signatures in strings are
 * verified: a session that is forged or was granted to another key rejects, where did-session accepted it.
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

  /** Asks the wallet to sign a session that can be serialized to a string. Rejects with what the auth method throws. */
  static async authorize(authMethod: AuthMethod, authOpts: AuthOpts = {}): Promise<DIDSession> {
    const { options, ask } = withOptions(authMethod, authOpts)
    if (isOver(options)) {
      const { key, seed } = await newSeedKey()
      const cacao = await asInDIDSession(expiredCapability(ask, key.did, options))
      return newSession(writeSession(seed, cacao), cacao)
    }
    const { serialize, cacao } = await asInDIDSession(authorize(ask, authorizeOptions(options)))
    return newSession(serialize?.() ?? '', cacao)
  }

  /** The same as `createDIDCacao`. */
  static async initDID(didKey: DID, cacao: object): Promise<DID> {
    return createDIDCacao(didKey, cacao)
  }

  /**
   * Resumes the stored session of the account, or else asks the wallet to sign a new one. As in did-session, a stored
   * session must name each of the resources: a wildcard that covers them is not enough. With a negative
   * `expiresInSecs`, or else an `expirationTime` in the past, the new session has already expired, so it signs nothing
   * and is not stored. Rejects with what the auth method throws.
   */
  static async get(
    account: AccountInput,
    authMethod: AuthMethod,
    authOpts: AuthOpts = {},
  ): Promise<DIDSession> {
    const { options, ask } = withOptions(authMethod, authOpts)
    const { resources } = options
    if (isOver(options) && !(await DIDSession.hasSessionFor(account, resources))) {
      const key = await generateSessionKey('P-256')
      const cacao = await asInDIDSession(expiredCapability(ask, key.did, options, accountArgument(account)))
      return new DIDSession({ cacao: capabilityOf(cacao), did: await createDID(key, cacao) })
    }
    const given = isOver(options) ? { resources } : options
    const found = await asInDIDSession(Session.get(account, ask, given))
    const session = names(found.cacao, resources) ? found : await asInDIDSession(found.renew(ask, given))
    return new DIDSession({ cacao: capabilityOf(session.cacao), did: await toDID(session) })
  }

  /** Removes the stored sessions of the account. */
  static async remove(account: AccountInput): Promise<void> {
    await Session.remove(account)
  }

  /** Whether `get` would resume a session of the account without a prompt. */
  static async hasSessionFor(account: AccountInput, resources: string[]): Promise<boolean> {
    // In did-session, no resources and an empty list both mean a session for anything.
    if (!(resources?.length > 0)) return Session.hasSessionFor(account)
    const wanted = { resources: resourcesArgument(resources) }
    const context = await trustingContext({}, loadedHelpers)
    const { assessments } = await look(context, accountArgument(account), wanted, loadedHelpers, false)
    // `get` resumes the one that is valid longest.
    const [session] = assessments
      .flatMap(({ session }) => session ?? [])
      .sort((a, b) => (expiryTime(b.cacao) > expiryTime(a.cacao) ? 1 : -1))
    return session !== undefined && names(session.cacao, resources)
  }

  /**
   * Loads a session from the string that `serialize` returned, even if it has expired, and verifies the account's
   * signature. Rejects with `ERR_CAPABILITY_SIGNATURE` or another `ERR_CAPABILITY_…` if the capability is forged,
   * malformed, not valid yet or granted to another key, with `ERR_CAPABILITY_UNSUPPORTED` if the signature can't be
   * verified without further options, such as that of a contract account, and with `ERR_SESSION_STRING` if it is not
   * such a string.
   */
  static async fromSession(session: string): Promise<DIDSession> {
    return sessionOf(await readSession(session, { verifiers: await offlineVerifiers() }))
  }

  /** The `DID` that signs with the key and the capability of the session. */
  get did(): DID {
    return this.#did
  }

  /** Returns the session as a string. Throws `ERR_NOT_SERIALIZABLE` for a session that `get` returned. */
  serialize(): string {
    if (this.#keySeed) return writeSession(this.#keySeed, this.#cacao)
    throw new SessionError(
      'ERR_NOT_SERIALIZABLE',
      'Secure sessions cannot be serialized: use DIDSession.authorize to make a session that can be',
    )
  }

  /** Always true, because there is no session without a capability. */
  get hasSession(): boolean {
    return true
  }

  /** Whether the session has expired. An expired session does not sign. */
  get isExpired(): boolean {
    return this.expireInSecs === 0
  }

  /** Seconds until the session expires: 0 if it has expired, `Infinity` if it never expires. */
  get expireInSecs(): number {
    return Math.max(0, (expiryTime(this.#cacao) - Date.now()) / 1000)
  }

  /** The resources of the capability. */
  get authorizations(): string[] {
    return [...(this.#cacao.p.resources ?? [])]
  }

  /** The capability, as the `dids` package types it. */
  get cacao(): Parameters<DID['withCapability']>[0] {
    return capabilityOf(this.#cacao)
  }

  /** Whether the session is valid now and names each of these resources. */
  isAuthorized(resources?: string[]): boolean {
    // In did-session, `null` means no resources too.
    return !this.isExpired && (resources ?? []).every((resource) => this.authorizations.includes(resource))
  }

  /** The DID of the account. */
  get id(): string {
    return this.#did.parent
  }
}

async function sessionOf({ cacao, seed }: Awaited<ReturnType<typeof readSession>>): Promise<DIDSession> {
  const key = await seedSigningKey(seed)
  return new DIDSession({ cacao: capabilityOf(cacao), keySeed: seed, did: await createDID(key, cacao) })
}

/**
 * The session of a string whose capability the auth method has just returned. It was asked for it, so the signatures of
 * contract accounts and of wallets that this library doesn't know are accepted, although they can't be verified here.
 */
async function newSession(text: string, { s }: Cacao): Promise<DIDSession> {
  return s.t === 'eip191' ? DIDSession.fromSession(text) : sessionOf(await readSession(text))
}

/** Parameters of the `DIDSession` constructor, as in did-session 4. */
export interface SessionParams {
  keySeed?: Uint8Array
  cacao: Parameters<DID['withCapability']>[0]
  did: DID
}

/** Returns an authenticated `DID` with the Ed25519 key of a 32-byte seed, or of a random seed. */
export async function createDIDKey(seed?: Uint8Array): Promise<DID> {
  return createDID(await seedSigningKey(seed ?? crypto.getRandomValues(new Uint8Array(SEED_LENGTH))))
}

/**
 * Returns an authenticated `DID` with the same key and a capability. Rejects with `ERR_CAPABILITY_INVALID` if
 * the capability is malformed, and with `ERR_CAPABILITY_AUDIENCE` if it was granted to another key.
 */
export async function createDIDCacao(didKey: DID, cacao: object): Promise<DID> {
  const capability = parseCacao(cacao)
  const did = didKey.withCapability(capabilityOf(capability))
  // The DID that was passed need not be authenticated, so its id is only known now.
  await did.authenticate()
  if (capability.p.aud === did.id) return did
  throw new SessionError(
    'ERR_CAPABILITY_AUDIENCE',
    `the capability was granted to ${capability.p.aud}, not to ${did.id}: use the key that it was granted to`,
  )
}

/**
 * The Ed25519 key of a seed. As in did-session 4, it also decrypts JWEs that were encrypted to its did:key.
 */
async function seedSigningKey(seed: Uint8Array): Promise<SigningKey> {
  const key = await seedKey(seed)
  return {
    did: key.did,
    sign: (data) => key.sign(data),
    decrypt: async (jwe) => decryptJWE(jwe as JWE, x25519Decrypter(ed25519.utils.toMontgomerySecret(seed))),
  }
}

// A ReCap may be part of a longer one, so its text need not be among the resources.
function names(cacao: Cacao, resources: readonly string[]): boolean {
  return cacaoContainsResources(
    capabilityOf(cacao),
    resources.filter((resource) => !isRecap(resource)),
  )
}

/** Whether the capability names each of the resources, compared character by character. */
export function cacaoContainsResources(cacao: { p: { resources?: string[] } }, resources: string[]): boolean {
  return resources.every((resource) => cacao.p.resources?.includes(resource))
}
