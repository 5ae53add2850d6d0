import { timeInWords } from './durations.js'
import { shown, styled } from './output.js'
import type { Report } from './report.js'

const NAMES = { session: 'A session', capability: 'A capability', request: 'A signed request' } as const

const SIGNERS: ReadonlyMap<string, string> = new Map([
  ['eip191', "the account's own key"],
  ['eip1271', 'a contract account'],
  ['solana:ed25519', 'a Solana wallet'],
  ['webauthn:p256', 'a passkey'],
])

/** A row of what is told: a name and one or several lines. */
export type Row = readonly [name: string, ...lines: string[]]

/** A report in words: what, who, until when, and what is wrong with it. */
export function inWords(report: Report, more: readonly Row[], now: number): string {
  const { account, expiresAt, validFrom, delegatedBy = [], statement } = report
  const name = NAMES[report.kind as keyof typeof NAMES] ?? 'A capability'
  const isOver = expiresAt !== null && expiresAt.getTime() <= now
  const end = expiresAt ? `${timeInWords(expiresAt, now)}` : 'never'
  const rows: Row[] = [
    ['account', account],
    ['key', report.keyDID],
    ['may', ...mayDo(report)],
    ['domain', report.domain],
    ...(statement === undefined ? [] : [['says', shown(statement)] as const]),
    [
      'signed',
      `${timeInWords(report.issuedAt, now)}, by ${SIGNERS.get(report.signatureType) ?? 'a bare key'} (${report.signatureType})`,
    ],
    ...(delegatedBy.length > 0 ? [['handed on', ...delegatedBy.map((key) => `by ${key}`)] as const] : []),
    ...(validFrom ? [['valid from', timeInWords(validFrom, now)] as const] : []),
    [isOver ? 'expired' : 'expires', styled(isOver ? 'red' : 'green', end)],
    ...more,
  ]
  return [styled('bold', name), table(rows), verdict(report)].join('\n')
}

/** Rows in two columns. */
export function table(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(([name]) => name.length)) + 2
  const line = (name: string, text: string): string => `  ${styled('dim', name.padEnd(width))}${text}`
  return rows
    .flatMap(([name, ...lines]) => lines.map((text, i) => line(i === 0 ? name : '', text)))
    .join('\n')
}

function mayDo({ resources, abilities = {} }: Report): string[] {
  const able = Object.entries(abilities).flatMap(([resource, names]) =>
    Object.entries(names).map(([name, caveats]) => {
      const isFree = caveats.some((caveat) => Object.keys(caveat).length === 0)
      return shown(`${name} with ${resource}${isFree ? '' : `, under ${JSON.stringify(caveats)}`}`)
    }),
  )
  const all = [...resources.map(shown), ...able]
  return all.length > 0 ? all : ['nothing: it only says who']
}

/** What is wrong with it, one line for each thing; or that nothing is. */
function verdict({ problems }: Pick<Report, 'problems'>): string {
  if (problems.length === 0) return styled('green', '  good: its signature is right, and it is valid now')
  return problems.map(({ code, message }) => `  ${styled('red', code)} ${shown(message)}`).join('\n')
}
