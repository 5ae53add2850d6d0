import { SessionError } from '../base/errors.js'
import type { Cacao } from './cacao.js'
import { missingResources } from './resources.js'
import { expiryTime, startTime } from './validity.js'

/** The most capabilities in a chain: the one that the account granted, and three that were delegated. */
export const MAX_LINKS = 4

/**
 * Throws if a delegated capability exceeds its parent: it must be issued by the parent's audience (else
 * `ERR_CAPABILITY_AUDIENCE`), for the same domain (`_DOMAIN`), for resources that the parent covers (`_RESOURCES`), and must
 * not begin earlier or end later (`_INVALID`). Does not verify its signature.
 */
export function assertWithin(child: Cacao, parent: Cacao): void {
  const { iss, domain, resources = [] } = child.p
  const { aud, resources: granted = [], ...grant } = parent.p
  const isCovered = resources.length > 0 && missingResources(granted, resources).length === 0
  // False if a time is NaN.
  const isInTime = startTime(child) >= startTime(parent) && expiryTime(child) <= expiryTime(parent)
  const exceeded =
    (iss !== aud && 'AUDIENCE') ||
    (domain !== grant.domain && 'DOMAIN') ||
    (!isCovered && 'RESOURCES') ||
    (!isInTime && 'INVALID')
  if (exceeded)
    throw new SessionError(
      `ERR_CAPABILITY_${exceeded}`,
      'the capability is refused: it was delegated for more than its parent grants',
    )
}
