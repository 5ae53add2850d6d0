import { recapStatement, toRecap } from '../../../src/capability/recap.js'
import type { Answer } from '../../http/raw-socket.js'
import type { WireRequest } from '../../setup/wire-request.js'

/** What a capability says of that which it allows. */
export interface Grant {
  readonly resources: readonly string[]
  readonly statement?: string
}

/** A server that takes signed requests, and one request that it answers. */
export interface ServerUnderAttack {
  /** Sends what is written, to the letter. */
  send(wire: WireRequest): Promise<Answer>
  /** By which clients reach it. */
  readonly authority: string
  /** The site whose sign-ins count. */
  readonly domain: string
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly body?: string
  /** Of the body. */
  readonly type?: string
  /** What it takes to have the request answered. */
  readonly granted: Grant
  /** What doesn't suffice for it, on the same server. */
  readonly beside: Grant
  /** For how many links the server has opted in; 1, none but the wallet's own, by default. */
  readonly maxLinks?: number
  /** False where a platform answers targets in absolute form by itself, before the server sees them. */
  readonly seesAbsoluteTargets?: boolean
  /** Gives the server's own nonce for a new sign-in, where it wants one. */
  readonly nonce?: () => Promise<string>
}

/** What allows everything below an address. */
export const below = (url: string): Grant => ({ resources: [`${url}/*`] })

/** What allows one ability, in words. */
export function ability(name: string, resource: string): Grant {
  const abilities = { [resource]: { [name]: [{}] } }
  return { resources: [toRecap(abilities)], statement: recapStatement(abilities) }
}
