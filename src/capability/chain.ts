import { SessionError } from '../base/errors.js'
import type { Cacao } from './cacao.js'
import { missingResources } from './resources.js'
import { expiryTime, startTime } from './validity.js'

/**
 * Capabilities that a chain has at most: the account's own, and three that were delegated from it, each by the key to
 * which the one before was granted.
 */
export const MAX_LINKS = 4

/**
 * Throws unless what is delegated lies within its parent: issued by the key to which that was granted
 * (`ERR_CAPABILITY_AUDIENCE`), for the same domain (`_DOMAIN`), for some of its resources (`_RESOURCES`), beginning no
 * earlier and ending no later (`_INVALID`). Whether it was signed is another question.
 */
export function assertWithin(child: Cacao, parent: Cacao): void {
  const { iss, domain, resources = [] } = child.p
  const { aud, resources: granted = [], ...grant } = parent.p
  const isCovered = resources.length > 0 && missingResources(granted, resources).length === 0
  // False of a time that is none.
  const isInTime = startTime(child) >= startTime(parent) && expiryTime(child) <= expiryTime(parent)
  const beyond =
    (iss !== aud && 'AUDIENCE') ||
    (domain !== grant.domain && 'DOMAIN') ||
    (!isCovered && 'RESOURCES') ||
    (!isInTime && 'INVALID')
  if (beyond) throw new SessionError(`ERR_CAPABILITY_${beyond}`, 'delegated beyond what was granted')
}
