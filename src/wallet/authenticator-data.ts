/** What an authenticator says of an assertion in its `authData` (WebAuthn Level 3, 6.1). */
export interface AuthenticatorData {
  /** Somebody was there (UP). */
  readonly isUserPresent: boolean
  /** It was the person that the authenticator knows (UV): by a fingerprint, a face, a PIN. */
  readonly isUserVerified: boolean
}

// The hash, the flags and the signature counter.
const LENGTH = 37
const [USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED, EXTENSIONS] = [1, 4, 8, 16, 64, 128]
const CBOR_MAP = 5

/**
 * Reads the authenticator data of an assertion; `undefined` if it contradicts itself: extension data without their flag, a
 * flag without data, a new credential (which only registrations have), or backed up but not able to be.
 */
export function parseAuthenticatorData(authData: Uint8Array): AuthenticatorData | undefined {
  const [flags = 0, extensions = 0] = [authData[32], authData[LENGTH]]
  const has = (flag: number): boolean => (flags & flag) !== 0
  if (authData.length < LENGTH || has(ATTESTED)) return undefined
  if (has(EXTENSIONS) ? extensions >> 5 !== CBOR_MAP : authData.length > LENGTH) return undefined
  if (has(BACKED_UP) && !has(BACKUP_ELIGIBLE)) return undefined
  return {
    isUserPresent: has(USER_PRESENT),
    isUserVerified: has(USER_VERIFIED),
  }
}
