import { accountDID } from '../base/account.js'
import type { Abilities } from '../capability/abilities.js'
import { type Cacao, issuerAccount } from '../capability/cacao.js'
import { chainOf } from '../capability/chain.js'
import { parseDateTime } from '../capability/datetime.js'
import type { CapabilityProblem } from '../capability/inspect-cacao.js'
import { fromRecap, withoutRecapStatement } from '../capability/recap.js'
import { isRecap } from '../capability/resources.js'
import { expiryTime, startTime } from '../capability/validity.js'

/** What a capability says and what is wrong with it: what `--json` prints, and what the words are made of. */
export interface Report {
  readonly kind: string
  readonly account: string
  readonly id: string
  readonly keyDID: string
  readonly domain: string
  readonly resources: readonly string[]
  readonly abilities?: Abilities
  readonly statement?: string
  readonly issuedAt: Date
  /** Where that is later than `issuedAt`. */
  readonly validFrom?: Date
  /** `null` if it never expires. */
  readonly expiresAt: Date | null
  readonly expiresInSecs: number | null
  readonly signatureType: string
  /** The keys that it was handed on by, the session's first; where it was delegated. */
  readonly delegatedBy?: readonly string[]
  readonly isAccepted: boolean
  readonly problems: readonly CapabilityProblem[]
}

/** The report of a capability that has passed the guard. */
export function reportOf(
  kind: string,
  cacao: Cacao,
  problems: readonly CapabilityProblem[],
  now: number,
): Report {
  const { domain, aud, iat, resources = [], statement } = cacao.p
  const account = issuerAccount(cacao)
  const abilities = fromRecap(resources.find(isRecap) ?? '')
  const issuedAt = new Date(parseDateTime(iat) ?? Number.NaN)
  const [start, end] = [startTime(cacao), expiryTime(cacao)]
  const links = chainOf(cacao)
  const words = statement && withoutRecapStatement(statement)
  return {
    kind,
    account,
    id: accountDID(account),
    keyDID: aud,
    domain,
    resources: resources.filter((resource) => !isRecap(resource)),
    ...(abilities && { abilities }),
    ...(words && { statement: words }),
    issuedAt,
    ...(start > issuedAt.getTime() && { validFrom: new Date(start) }),
    expiresAt: Number.isFinite(end) ? new Date(end) : null,
    expiresInSecs: Number.isFinite(end) ? Math.max(0, (end - now) / 1000) : null,
    signatureType: links[0]?.s.t ?? cacao.s.t,
    ...(links.length > 1 && { delegatedBy: links.slice(1).map(({ p }) => p.iss) }),
    isAccepted: problems.length === 0,
    problems,
  }
}
