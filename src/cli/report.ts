import { accountDID } from '../base/account.js'
import {
  type Cacao,
  chainOf,
  expiryTime,
  issuerAccount,
  parseDateTime,
  startTime,
} from '../capability/cacao.js'
import { parseCacao } from '../capability/parse-cacao.js'
import { fromRecap, withoutRecapStatement } from '../capability/recap.js'
import { type Abilities, isRecap } from '../capability/resources.js'
import { type CapabilityProblem, inspectCacao, type VerifyCacaoOptions } from '../capability/verify-cacao.js'
import { type Input, problemsOf } from './input.js'
import { print, printJSON, shown, styled, timeInWords } from './output.js'

/** What a capability says, and what is wrong with it. `--json` prints this object. */
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
  /** Only if it is later than `issuedAt`. */
  readonly validFrom?: Date
  /** `null` if it never expires. */
  readonly expiresAt: Date | null
  readonly expiresInSecs: number | null
  readonly signatureType: string
  /** The keys that delegated it, beginning with the session's key; only for a delegated capability. */
  readonly delegatedBy?: readonly string[]
  readonly isAccepted: boolean
  readonly problems: readonly CapabilityProblem[]
}

/** Verifies a capability in any form and reports on it. Throws `ERR_CAPABILITY_INVALID` if it is malformed. */
export async function reportFor(
  input: Exclude<Input, { kind: 'jws' }>,
  options: VerifyCacaoOptions,
  now: number,
): Promise<Report> {
  const cacao: Cacao = input.kind === 'capability' ? parseCacao(input.value) : input.cacao
  const { problems } = await inspectCacao(cacao, options)
  const requestProblems = input.kind === 'request' ? problemsOf(input.headers, cacao.p.aud, now) : []
  return reportOf(input.kind, cacao, [...problems, ...requestProblems], now)
}

/** Reports on a capability that `parseCacao` has accepted. */
function reportOf(kind: string, cacao: Cacao, problems: readonly CapabilityProblem[], now: number): Report {
  const { domain, aud, iat, resources = [], statement } = cacao.p
  const account = issuerAccount(cacao)
  const abilities = fromRecap(resources.find(isRecap) ?? '')
  const issuedAt = new Date(parseDateTime(iat) ?? Number.NaN)
  const [start, end] = [startTime(cacao), expiryTime(cacao)]
  const links = chainOf(cacao)
  const ownStatement = statement && withoutRecapStatement(statement)
  return {
    kind,
    account,
    id: accountDID(account),
    keyDID: aud,
    domain,
    resources: resources.filter((resource) => !isRecap(resource)),
    ...(abilities && { abilities }),
    ...(ownStatement && { statement: ownStatement }),
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

/** Prints the session, and the file in which it is stored. */
export function printGranted(
  cacao: Cacao,
  {
    isNew,
    file,
    json,
  }: { readonly isNew: boolean; readonly file: string; readonly json?: boolean | undefined },
): void {
  const now = Date.now()
  const report = reportOf('session', cacao, [], now)
  if (json) printJSON({ ...report, isNew, store: file })
  else print(describeReport(report, [[isNew ? 'stored in' : 'was in', file]], now))
}

const TITLES = { session: 'A session', capability: 'A capability', request: 'A signed request' } as const

const SIGNER_NAMES: ReadonlyMap<string, string> = new Map([
  ['eip191', "the account's own key"],
  ['eip1271', 'a contract account'],
  ['solana:ed25519', 'a Solana wallet'],
  ['webauthn:p256', 'a passkey'],
])

/** Describes a report for people: what it is about, its account, until when it is valid, and what is wrong with it. */
export function describeReport(report: Report, extraRows: readonly Row[], now: number): string {
  const { account, expiresAt, validFrom, delegatedBy = [], statement } = report
  const name = TITLES[report.kind as keyof typeof TITLES] ?? 'A capability'
  const isOver = expiresAt !== null && expiresAt.getTime() <= now
  const end = expiresAt ? `${timeInWords(expiresAt, now)}` : 'never'
  const rows: Row[] = [
    ['account', account],
    ['key', report.keyDID],
    ['may', ...permissions(report)],
    ['domain', report.domain],
    ...(statement === undefined ? [] : [['says', shown(statement)] as const]),
    [
      'signed',
      `${timeInWords(report.issuedAt, now)}, by ${SIGNER_NAMES.get(report.signatureType) ?? 'a bare key'} (${report.signatureType})`,
    ],
    ...(delegatedBy.length > 0 ? [['delegated', ...delegatedBy.map((key) => `by ${key}`)] as const] : []),
    ...(validFrom ? [['valid from', timeInWords(validFrom, now)] as const] : []),
    [isOver ? 'expired' : 'expires', styled(isOver ? 'red' : 'green', end)],
    ...extraRows,
  ]
  return [styled('bold', name), table(rows), problemLines(report)].join('\n')
}

function permissions({ resources, abilities = {} }: Report): string[] {
  const able = Object.entries(abilities).flatMap(([resource, names]) =>
    Object.entries(names).map(([name, caveats]) => {
      const isFree = caveats.some((caveat) => Object.keys(caveat).length === 0)
      return shown(`${name} with ${resource}${isFree ? '' : `, under ${JSON.stringify(caveats)}`}`)
    }),
  )
  const all = [...resources.map(shown), ...able]
  return all.length > 0 ? all : ['nothing: it only proves who the account is']
}

/** One line for each problem, or one that says that there is none. */
function problemLines({ problems }: Pick<Report, 'problems'>): string {
  if (problems.length === 0) return styled('green', '  good: its signature is correct, and it is valid now')
  return problems.map(({ code, message }) => `  ${styled('red', code)} ${shown(message)}`).join('\n')
}

/** A row of a table: a name, and the lines beside it. */
export type Row = readonly [name: string, ...lines: string[]]

/** Formats rows in two columns. */
export function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  const line = (name: string, text: string): string => `  ${styled('dim', name.padEnd(width))}${text}`
  return rows
    .flatMap(([name, ...lines]) => lines.map((text, i) => line(i === 0 ? name : '', text)))
    .join('\n')
}
