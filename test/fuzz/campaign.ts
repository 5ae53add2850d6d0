import { inspect } from 'node:util'
import { SessionError } from '../../src/base/errors.js'
import { SEED } from '../setup/seed.js'
import type { FuzzCase, FuzzKind } from './fuzz-kind.js'
import { Random } from './random.js'

// Slower cases are run again, because the machine may have been busy. They are reported, and fail no test.
const NOTED_MS = 10
const TRIES = 3
const WARM_UP = 200
const CONTROL_ONE_IN = 50

/** The results for one kind of input. */
export interface Tally {
  readonly name: string
  cases: number
  controls: number
  acceptedAndEqual: number
  readonly refused: Map<string, number>
  slowestMs: number
  slowestCase: number
  /** Failures of the library, one of each sort, with everything needed to reproduce them. */
  readonly findings: Map<string, string>
}

const MOST_FINDINGS = 10

function caseAt(kind: FuzzKind, index: number): { fuzzCase: FuzzCase; isControl: boolean } {
  const random = new Random(SEED, index, kind.name.length, kind.name.charCodeAt(kind.name.length - 1))
  const isControl = random.oneIn(CONTROL_ONE_IN)
  return { fuzzCase: isControl ? kind.control(random) : kind.mutated(random), isControl }
}

type Outcome = { accepted: string } | { error: unknown }

async function timed(fuzzCase: FuzzCase): Promise<{ outcome: Outcome; ms: number }> {
  const start = performance.now()
  const outcome: Outcome = await fuzzCase.run().then(
    (accepted) => ({ accepted }),
    (error: unknown) => ({ error }),
  )
  return { outcome, ms: performance.now() - start }
}

/** The minimum of several times, because others use this machine too. Each run uses the same case, made again. */
async function leastTime(kind: FuzzKind, index: number, first: number): Promise<number> {
  let least = first
  for (let i = 0; i < TRIES; i++) least = Math.min(least, (await timed(caseAt(kind, index).fuzzCase)).ms)
  return least
}

/** What the library did wrong in this case; `undefined` if nothing. */
function broken(kind: FuzzKind, outcome: Outcome, isControl: boolean): string | undefined {
  if ('accepted' in outcome)
    return kind.genuine.has(outcome.accepted) ? undefined : `accepted what nobody signed: ${outcome.accepted}`
  const { error } = outcome
  if (!(error instanceof SessionError || kind.isRefusal?.(error)))
    return `threw ${inspect(error).split('\n').slice(0, 3).join('\n')}`
  return isControl ? `refused what is genuine: ${String(error)}` : undefined
}

/** Runs so many cases of a kind. If slow cases are reported, they are run again. */
export async function campaign(kind: FuzzKind, cases: number, isTold = false): Promise<Tally> {
  const tally: Tally = {
    name: kind.name,
    cases,
    controls: 0,
    acceptedAndEqual: 0,
    refused: new Map(),
    slowestMs: 0,
    slowestCase: 0,
    findings: new Map(),
  }
  for (let i = 0; i < WARM_UP; i++) await timed(caseAt(kind, i).fuzzCase)
  for (let index = 0; index < cases && tally.findings.size < MOST_FINDINGS; index++) {
    const { fuzzCase, isControl } = caseAt(kind, index)
    const note = (sort: string, what = sort): void => {
      const input = inspect(fuzzCase.input, { depth: 8, maxStringLength: 3000, maxArrayLength: 20 })
      const where = `${kind.name}, case ${index} of seed ${SEED}`
      const key = sort.split('\n', 1)[0]?.slice(0, 80) ?? ''
      if (!tally.findings.has(key)) tally.findings.set(key, `${where}: ${what.slice(0, 3000)}\n${input}`)
    }
    const { outcome, ms } = await timed(fuzzCase)
    const what = broken(kind, outcome, isControl)
    if (what !== undefined) note(what)
    if (isControl) tally.controls++
    if ('accepted' in outcome) tally.acceptedAndEqual++
    else count(tally.refused, outcome.error)
    if (isTold && ms > NOTED_MS && ms > tally.slowestMs) {
      const least = await leastTime(kind, index, ms)
      if (least > tally.slowestMs) Object.assign(tally, { slowestMs: least, slowestCase: index })
    }
  }
  return tally
}

function count(refused: Map<string, number>, error: unknown): void {
  const code =
    error instanceof SessionError ? error.code : error instanceof Error ? error.name : 'another error'
  refused.set(code, (refused.get(code) ?? 0) + 1)
}

/** Describes a tally. */
export function inWords(tally: Tally): string {
  const refused = [...tally.refused]
    .sort(([, a], [, b]) => b - a)
    .map(([code, count]) => `  ${code}: ${count}`)
  return [
    `${tally.name}: ${tally.cases} cases, of them ${tally.controls} genuine as they are`,
    `  accepted, and equal to something genuine: ${tally.acceptedAndEqual}`,
    ...refused,
    `  slowest: ${tally.slowestMs.toFixed(1)} ms (case ${tally.slowestCase})`,
  ].join('\n')
}
