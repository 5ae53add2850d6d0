import { SessionError, type SessionErrorCode } from '../base/errors.js'
import type { Cacao } from './cacao.js'
import { missingResources } from './resources.js'
import { expiryTime, startTime } from './validity.js'

/**
 * Capabilities that a chain has at most: the account's own, and three that were delegated from it, each by the key to
 * which the one before was granted.
 */
export const MAX_LINKS = 4

/** The capability that this one was delegated from; `undefined` for an account's own. */
export function parentOf({ s }: Cacao): Cacao | undefined {
  return s.m?.parent
}

/** The capability and those that it was delegated from, the account's own first. */
export function chainOf(cacao: Cacao): Cacao[] {
  const parent = parentOf(cacao)
  return parent ? [...chainOf(parent), cacao] : [cacao]
}

/** The capability that the account itself granted, at the root of the chain. */
export function rootOf(cacao: Cacao): Cacao {
  const parent = parentOf(cacao)
  return parent ? rootOf(parent) : cacao
}

/**
 * Throws unless what is delegated lies within its parent: issued by the key to which that was granted
 * (`ERR_CAPABILITY_AUDIENCE`), for the same domain (`_DOMAIN`), for some of its resources (`_RESOURCES`), beginning no
 * earlier and ending no later (`_INVALID`). Whether it was signed is another question.
 */
export function assertWithin(child: Cacao, parent: Cacao): void {
  const [{ iss, domain, resources = [] }, granted] = [child.p, parent.p]
  if (iss !== granted.aud)
    throw refused('AUDIENCE', `${iss} can't delegate what was granted to ${granted.aud}`)
  if (domain !== granted.domain)
    throw refused('DOMAIN', `it is for ${domain}, and what it was delegated from for ${granted.domain}`)
  const missing = missingResources(granted.resources ?? [], resources)
  if (missing.length > 0 || resources.length === 0)
    throw refused('RESOURCES', `what it was delegated from does not cover ${missing[0] ?? 'nothing'}`)
  // Both would be false of a time that is none.
  if (!(startTime(child) >= startTime(parent) && expiryTime(child) <= expiryTime(parent)))
    throw refused('INVALID', 'its time must lie within that of what it was delegated from')
}

function refused(code: 'AUDIENCE' | 'DOMAIN' | 'RESOURCES' | 'INVALID', why: string): SessionError {
  const name: SessionErrorCode = `ERR_CAPABILITY_${code}`
  return new SessionError(name, `the delegated capability is refused: ${why}`)
}
