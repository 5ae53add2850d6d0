import { SessionError } from '../base/errors.js'

/** WebCrypto, or a clear error: browsers take `crypto.subtle` away on insecure origins. */
export function subtleCrypto(): SubtleCrypto {
  const subtle = globalThis.crypto?.subtle
  if (subtle) return subtle
  throw new SessionError(
    'ERR_ENVIRONMENT',
    'crypto.subtle is missing: serve the page over https or from localhost',
  )
}
