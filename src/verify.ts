export type { AccountInput } from './base/account.js'
export type { Clock } from './base/environment.js'
export { SessionError, type SessionErrorCode } from './base/errors.js'
export type { Cacao, CacaoHeader, CacaoPayload, CacaoSignature, UnsignedCacao } from './capability/cacao.js'
export type { DelegationOptions, Domains, Revocation, RevocationEvent } from './capability/check-options.js'
export { cacaoCID, capabilityIdentity } from './capability/cid.js'
export { stringifyCacao } from './capability/dag-json.js'
export type { Ability } from './capability/resources.js'
export {
  type CacaoInspection,
  type CapabilityProblem,
  inspectCacao,
  type VerifiedCacao,
  type VerifyCacaoOptions,
  verifyCacao,
} from './capability/verify-cacao.js'
export type { CacaoVerifier, VerifierOptions, Verifiers } from './capability/verify-signature.js'
export type { Caller } from './http/capability-gate.js'
export {
  type DeviceStore,
  type DevicesOptions,
  type MemoryDevicesOptions,
  memoryDevices,
  type SeenDevice,
} from './http/devices.js'
export { type Nonces, type NoncesOptions, nonces } from './http/nonces.js'
export { type MemoryReplayOptions, memoryReplay, type ReplayStore } from './http/replay.js'
export type { OfRequest, WantedResources } from './http/requirements.js'
export {
  capabilityAccounts,
  type MemoryRevocationOptions,
  memoryRevocation,
  normalAccount,
  type RevocationStore,
} from './http/revocation.js'
export type { Check } from './http/second-check.js'
export type { TokenClaims } from './http/session-token.js'
export type { RequestVerifierOptions, VerifyRequestOptions } from './http/verify-options.js'
export { requestVerifier, type VerifiedRequest, verifyRequest } from './http/verify-request.js'
export { type VerifiedJWS, type VerifyJWSOptions, verifyJWS } from './jws/verify-jws.js'
export type { KeyType, PublicKey } from './key/session-key.js'
export type { VerifyKeySignature } from './key/verify.js'
export {
  type Device,
  type DevicesAndRevocation,
  type ListDevicesOptions,
  listDevices,
  revokeDevice,
  revokeOtherDevices,
} from './server/devices.js'
export {
  type AccountLink,
  type LinkRequest,
  type LinkRequestOptions,
  linkRequest,
  type VerifyLinkOptions,
  verifyLink,
} from './server/links.js'
export { type UntilSessionEndsOptions, untilSessionEnds } from './token/until-session-ends.js'
export {
  type OfClaims,
  type TokenVerifierOptions,
  tokenVerifier,
  type VerifiedToken,
  type VerifyTokenOptions,
  verifyToken,
} from './token/verify-token.js'
