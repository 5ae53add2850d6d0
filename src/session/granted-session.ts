import { accountDID } from '../base/account.js'
import type { Clock } from '../base/time.js'
import { recapAllows } from '../capability/abilities.js'
import { type Cacao, issuerAccount } from '../capability/cacao.js'
import { missingResources } from '../capability/resources.js'
import { expiryTime, validityAt } from '../capability/validity.js'
import { resourcesArgument } from '../options/session-options.js'
import { expiresAt } from '../resume/stored-sessions.js'
import type { HeldSession } from '../store/session-data.js'
import type { Persistence } from '../store/store.js'
import { removedKeys } from '../tabs/lifecycle.js'

/** What a session says of itself: who, what, until when. */
export class GrantedSession {
  readonly #held: HeldSession
  readonly #now: Clock

  protected constructor(held: HeldSession, now: Clock) {
    this.#held = held
    this.#now = now
  }

  /** The account's DID, such as `did:pkh:eip155:1:0x…`. */
  get id(): string {
    return accountDID(issuerAccount(this.#held.cacao))
  }

  /** The session key's did:key. */
  get keyDID(): string {
    return this.#held.key.did
  }

  /** The capability; frozen. */
  get cacao(): Cacao {
    return this.#held.cacao
  }

  /** What the session may do. */
  get authorizations(): string[] {
    return [...(this.#held.cacao.p.resources ?? [])]
  }

  /** Always true here: there is no session without a capability. As in did-session. */
  get hasSession(): boolean {
    return true
  }

  /** Whether the session's time is over: it then signs no more, and `isAuthorized` is false. */
  get isExpired(): boolean {
    return validityAt(this.#held.cacao, this.#now()) === 'expired'
  }

  /** Seconds until the session expires: 0 once it has, `Infinity` if it never does. */
  get expiresInSecs(): number {
    return Math.max(0, (expiryTime(this.#held.cacao) - this.#now()) / 1000)
  }

  /** The same as `expiresInSecs`, by the name that did-session gave it. */
  get expireInSecs(): number {
    return this.expiresInSecs
  }

  /** When the session expires; `undefined` if it never does. */
  get expiresAt(): Date | undefined {
    return expiresAt(this.#held.cacao)
  }

  /** Where the session really is: `memory` means that a reload loses it, `none` that nobody keeps it. */
  get persistence(): Persistence {
    return this.#held.persistence
  }

  /** Whether `serialize` can write the session to a string: not if its key can't be exported. */
  get isSerializable(): boolean {
    return this.#held.serialize !== undefined
  }

  /**
   * Whether the session is valid now and has this ability (ReCap) with the resource, without caveats. False for a session
   * with plain resources only.
   *
   * @example
   * if (session.can('notes/write', 'https://api.example.com/notes')) showEditor()
   */
  can(ability: string, resource: string): boolean {
    const recap = this.authorizations.at(-1) ?? ''
    return this.isAuthorized() && recapAllows(recap, { ability, resource })
  }

  /** Whether the session is valid now, covers these resources, and was not removed. */
  isAuthorized(resources?: readonly string[]): boolean {
    const wanted = resources === undefined ? [] : resourcesArgument(resources)
    return (
      !removedKeys.has(this.keyDID) &&
      validityAt(this.#held.cacao, this.#now()) === 'valid' &&
      missingResources(this.authorizations, wanted).length === 0
    )
  }
}
