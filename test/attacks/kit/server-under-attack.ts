import { recapStatement, toRecap } from '../../../src/capability/recap.js'
import type { Answer } from '../../http/raw-socket.js'
import type { WireRequest } from '../../setup/wire-request.js'

/** The resources or abilities of a capability that allows the request. */
export interface Grant {
  readonly resources: readonly string[]
  readonly statement?: string
}

/** A server that verifies signed requests, and one request that it accepts. */
export interface ServerUnderAttack {
  /** Sends the bytes unchanged. */
  send(wire: WireRequest): Promise<Answer>
  /** The host by which clients reach it. */
  readonly authority: string
  /** The domain whose sign-ins the server accepts. */
  readonly domain: string
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly body?: string
  /** The content type of the body. */
  readonly type?: string
  /** The grant that the request needs. */
  readonly granted: Grant
  /** A grant that is insufficient, on the same server. */
  readonly beside: Grant
  /** The number of links that the server accepts; 1, only the wallet's own capability, by default. */
  readonly maxLinks?: number
  /** False if the platform answers targets in absolute form before the server sees them. */
  readonly seesAbsoluteTargets?: boolean
  /** Returns the server's own nonce for a new sign-in, if it requires one. */
  readonly nonce?: () => Promise<string>
}

/** A grant of everything below a URL. */
export const below = (url: string): Grant => ({ resources: [`${url}/*`] })

/** A grant of one ability, with its statement. */
export function ability(name: string, resource: string): Grant {
  const abilities = { [resource]: { [name]: [{}] } }
  return { resources: [toRecap(abilities)], statement: recapStatement(abilities) }
}
