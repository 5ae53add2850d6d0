import { ed25519 } from '@noble/curves/ed25519.js'
import type { DIDDocument, DIDResolutionResult, ResolverRegistry } from 'did-resolver'
import { DID } from 'dids'
import { concat, utf8 } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { toBase64, toBase64url } from '../base/multibase.js'
import { type Cacao, parentOf, startTime } from '../capability/cacao.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { phaseOutTime } from '../capability/verify-signature.js'
import { verifyJWS } from '../jws/verify-jws.js'
import { decompressP256, parseDIDKey } from '../key/did-key.js'
import { toBase58 } from '../key/session-key.js'

type Provider = NonNullable<NonNullable<ConstructorParameters<typeof DID>[0]>['provider']>
type Capability = Parameters<DID['withCapability']>[0]

// How long a response to did_authenticate is valid.
const AUTHENTICATION_SECS = 600
// JSON-RPC error codes of EIP-2844.
const UNAUTHORIZED = 4100
const UNKNOWN_METHOD = -32601
const SERVER_ERROR = -32000

/** A key that a `DID` of the `dids` package signs with. */
export interface SigningKey {
  readonly did: string
  sign(data: Uint8Array): Promise<Uint8Array>
  /** Decrypts a JWE; absent for keys that only sign. */
  decrypt?(jwe: unknown): Promise<Uint8Array>
}

/**
 * Returns an authenticated `DID` that signs with the key. If there is a capability, the DID signs on behalf of the
 * capability's issuer.
 */
export async function createDID(key: SigningKey, capability?: Cacao): Promise<DID> {
  const did = new SessionDID(key, capability && capabilityOf(capability))
  await did.authenticate()
  return did
}

/**
 * A `DID` with the `verifyJWS` of this library. It always verifies a capability that is passed: its signature, its
 * times, its audience, and that it is the capability that the JWS names.
 */
class SessionDID extends DID {
  readonly #key: SigningKey

  constructor(key: SigningKey, capability?: Capability) {
    super({ provider: providerOf(key), resolver: didKeyResolver, ...(capability && { capability }) })
    this.#key = key
  }

  override withCapability(capability: Capability): DID {
    return new SessionDID(this.#key, capabilityOf(parseCacao(capability)))
  }

  override async verifyJWS(
    jws: Parameters<DID['verifyJWS']>[0],
    options: VerifyOptions = {},
  ): Promise<VerifyResult> {
    const { issuer, atTime } = options
    const capability = options.capability === undefined ? undefined : parseCacao(options.capability)
    const verifiers =
      options.verifiers ?? (await import('../wallet/ethereum/verifiers.js')).ethereumVerifiers()
    const time = capability ? capabilityTime(capability, options) : atTime?.getTime()
    // In dids, `issuer` may also be the key that signs. The capability is verified all the same.
    const account = issuer === capability?.p.aud ? undefined : issuer
    const { kid, payload } = await verifyJWS(jws, {
      verifiers,
      ...(account !== undefined && { issuer: account }),
      ...(capability !== undefined && { capability }),
      ...(time !== undefined && { now: () => time }),
    })
    return { kid, ...(payload && { payload }), didResolutionResult: await this.resolve(kid) }
  }
}

type VerifyOptions = NonNullable<Parameters<DID['verifyJWS']>[1]>
type VerifyResult = Awaited<ReturnType<DID['verifyJWS']>>

/**
 * Returns the time for which a capability is verified, in milliseconds since 1970: with `disableTimecheck`, it is the
 * time from which the capability is valid.
 */
function capabilityTime(
  capability: Cacao,
  { atTime, disableTimecheck, revocationPhaseOutSecs = 0 }: VerifyOptions,
): number {
  if (disableTimecheck) return startTime(capability)
  if (!(revocationPhaseOutSecs >= 0)) throw new TypeError('revocationPhaseOutSecs must be 0 seconds or more')
  return phaseOutTime(capability, atTime?.getTime() ?? Date.now(), revocationPhaseOutSecs)
}

/**
 * Returns the capability with the type of the `dids` package, which only knows signatures in the form of text. Throws
 * `ERR_CAPABILITY_UNSUPPORTED` for a delegated capability, because `dids` would take the key that delegated it for the
 * account.
 */
export function capabilityOf(cacao: Cacao): Capability {
  if (!parentOf(cacao)) return cacao as Capability
  throw new SessionError(
    'ERR_CAPABILITY_UNSUPPORTED',
    'the dids package does not support delegated capabilities: use the session itself, or a session that the account granted',
  )
}

// A DID provider is a JSON-RPC server (EIP-2844).
function providerOf(key: SigningKey): Provider {
  const answer = async (method: string, params: Record<string, unknown>): Promise<unknown> => {
    switch (method) {
      case 'did_authenticate': {
        const { nonce, aud, paths } = params
        const exp = Math.floor(Date.now() / 1000) + AUTHENTICATION_SECS
        return createJWS(key, { did: key.did, aud, nonce, paths, exp })
      }
      case 'did_createJWS':
        if (String(params['did']).split('#')[0] !== key.did)
          throw rpcError(UNAUTHORIZED, `Unknown DID: ${key.did}`)
        return { jws: await createJWS(key, params['payload'], params['protected']) }
      case 'did_decryptJWE':
        if (!key.decrypt) throw rpcError(UNAUTHORIZED, 'Decryption not supported')
        return { cleartext: toBase64(await key.decrypt(params['jwe'])) }
      default:
        throw rpcError(UNKNOWN_METHOD, `Method not found: ${method}`)
    }
  }
  const provider = {
    isDidProvider: true,
    send: async ({ id, method, params }: { id?: unknown; method: string; params?: unknown }) => {
      try {
        return { jsonrpc: '2.0', id, result: await answer(method, (params ?? {}) as Record<string, unknown>) }
      } catch (error) {
        // Its code says more than one of JSON-RPC.
        if (error instanceof SessionError) throw error
        const { code, message } = error as Error & { code?: unknown }
        return {
          jsonrpc: '2.0',
          id,
          error: { code: typeof code === 'number' ? code : SERVER_ERROR, message },
        }
      }
    },
  }
  return provider as unknown as Provider
}

async function createJWS(key: SigningKey, payload: unknown, header: unknown = {}): Promise<object> {
  const kid = `${key.did}#${key.did.slice('did:key:'.length)}`
  const alg = key.did.startsWith('did:key:z6Mk') ? 'EdDSA' : 'ES256'
  const protectedHeader = segment({ ...(header as object), kid, alg })
  const body = typeof payload === 'string' ? payload : segment(payload)
  const signature = toBase64url(await key.sign(utf8(`${protectedHeader}.${body}`)))
  return { payload: body, signatures: [{ protected: protectedHeader, signature }] }
}

// Members are sorted, so that the same content always has the same signature.
function segment(value: unknown): string {
  return toBase64url(utf8(JSON.stringify(sorted(JSON.parse(JSON.stringify(value))))))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, member]) => [name, sorted(member)]))
}

function rpcError(code: number, message: string): Error {
  return Object.assign(new Error(message), { code })
}

// The multicodec prefix of an X25519 public key.
const X25519_PREFIX = Uint8Array.of(0xec, 0x01)

/** Resolves did:key for the `dids` package, to the same documents as the resolvers that did-session uses. */
export const didKeyResolver: ResolverRegistry = {
  async key(did): Promise<DIDResolutionResult> {
    const didDocument = documentOf(did)
    return {
      didResolutionMetadata: didDocument ? { contentType: 'application/did+json' } : { error: 'invalidDid' },
      didDocument,
      didDocumentMetadata: {},
    }
  },
}

/** Returns the document of a did:key; `null` if it is malformed, or of a kind of key that neither sessions nor accounts have. */
export function documentOf(did: string): DIDDocument | null {
  const key = parseDIDKey(did)
  if (!key) return null
  const id = `${did}#${did.slice('did:key:'.length)}`
  const purposes = {
    authentication: [id],
    assertionMethod: [id],
    capabilityDelegation: [id],
    capabilityInvocation: [id],
  }
  if (key.type === 'P-256') {
    if (!decompressP256(key.bytes)) return null
    const method = { id, type: 'JsonWebKey2020', controller: did, publicKeyJwk: jwkOf(key.bytes) }
    return { id: did, verificationMethod: [method], ...purposes }
  }
  const method = {
    id,
    type: `${key.type === 'secp256k1' ? 'Secp256k1' : 'Ed25519'}VerificationKey2018`,
    controller: did,
    publicKeyBase58: toBase58(key.bytes),
  }
  if (key.type === 'secp256k1') return { id: did, verificationMethod: [method], ...purposes }
  const agreement = agreementKeyOf(key.bytes)
  if (!agreement) return null
  const keyAgreement = {
    id: `${did}#z${toBase58(concat(X25519_PREFIX, agreement))}`,
    type: 'X25519KeyAgreementKey2019',
    controller: did,
    publicKeyBase58: toBase58(agreement),
  }
  return { id: did, verificationMethod: [method], ...purposes, keyAgreement: [keyAgreement] }
}

/** Returns the X25519 public key of an Ed25519 one; `undefined` if the bytes are not a point of the curve. */
function agreementKeyOf(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return ed25519.utils.toMontgomery(bytes)
  } catch {
    return undefined
  }
}

function jwkOf(compressed: Uint8Array): { kty: string; crv: string; x: string; y: string } {
  const point = decompressP256(compressed) ?? new Uint8Array(65)
  return {
    kty: 'EC',
    crv: 'P-256',
    x: toBase64url(point.subarray(1, 33)),
    y: toBase64url(point.subarray(33)),
  }
}
