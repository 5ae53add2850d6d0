import { ed25519 } from '@noble/curves/ed25519.js'
import type { DIDDocument, DIDResolutionResult, ResolverRegistry } from 'did-resolver'
import { toBase58 } from '../base/base58.js'
import { concat } from '../base/bytes.js'
import { toBase64url } from '../base/multibase.js'
import { decompressP256, parseDIDKey } from '../key/parse-did-key.js'

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

/** Returns the document of a did:key; `null` for a kind of key that sessions do not use. */
export function documentOf(did: string): DIDDocument | null {
  const key = parseDIDKey(did)
  if (!key || key.type === 'secp256k1') return null
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
    type: 'Ed25519VerificationKey2018',
    controller: did,
    publicKeyBase58: toBase58(key.bytes),
  }
  const agreement = ed25519.utils.toMontgomery(key.bytes)
  const keyAgreement = {
    id: `${did}#z${toBase58(concat(X25519_PREFIX, agreement))}`,
    type: 'X25519KeyAgreementKey2019',
    controller: did,
    publicKeyBase58: toBase58(agreement),
  }
  return { id: did, verificationMethod: [method], ...purposes, keyAgreement: [keyAgreement] }
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
