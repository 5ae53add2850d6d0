export { SessionError, type SessionErrorCode } from './base/errors.js'
export type { Clock } from './base/time.js'
export { capabilityAccounts } from './capability/accounts.js'
export type { Cacao, CacaoHeader, CacaoPayload, CacaoSignature, UnsignedCacao } from './capability/cacao.js'
export type { VerifyCacaoOptions } from './capability/capability-checks.js'
export type { DelegationOptions, Domains, IsRevoked } from './capability/check-options.js'
export { cacaoCID, capabilityIdentity } from './capability/cid.js'
export { type CacaoInspection, type CapabilityProblem, inspectCacao } from './capability/inspect-cacao.js'
export { type VerifiedCacao, verifyCacao } from './capability/verify-cacao.js'
export type { CacaoVerifier, VerifierOptions, Verifiers } from './capability/verify-signature.js'
export { type Nonces, type NoncesOptions, nonces } from './http/nonces.js'
export { type MemoryReplayOptions, memoryReplay, type ReplayStore } from './http/replay.js'
export { memoryRevocation, type RevocationStore } from './http/revocation.js'
export type {
  OfRequest,
  RequestVerifierOptions,
  VerifyRequestOptions,
  WantedResources,
} from './http/verify-options.js'
export { requestVerifier, type VerifiedRequest, verifyRequest } from './http/verify-request.js'
export { type VerifiedJWS, type VerifyJWSOptions, verifyJWS } from './jws/verify-jws.js'
export type { PublicKey } from './key/did-key.js'
export type { VerifyKeySignature } from './key/verify.js'
