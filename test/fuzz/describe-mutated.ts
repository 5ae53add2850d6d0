import { describe, expect, it } from 'vitest'
import { integer, SEED } from '../setup/seed.js'
import { campaign, inWords } from './campaign.js'
import type { FuzzKind } from './fuzz-kind.js'

/** A part of the cases in every run of the tests; `npm run test:fuzz` runs many more. */
export const CASES: number = integer('FUZZ_CASES', 5000)
const isCampaign = Boolean(process.env['FUZZ_CASES'])
const log = (text: string): void => {
  if (isCampaign) console.log(text)
}

/** Even if the machine is busy. */
export const timeout: number = 600_000 + CASES * 5

/** A suite for kinds of input, each with its share of all cases. */
export function describeMutated(...shares: readonly [FuzzKind, number][]): void {
  log(`FUZZ_SEED=${SEED} FUZZ_CASES=${CASES}`)
  describe('a mutated', () => {
    it.each(shares)(
      '$name is refused with a SessionError, or means what was signed',
      { timeout },
      async (kind, share) => {
        const tally = await campaign(kind, Math.ceil(CASES * share), isCampaign)
        log(inWords(tally))
        expect([...tally.findings.values()].join('\n\n')).toBe('')
        expect(tally.acceptedAndEqual).toBeGreaterThanOrEqual(tally.controls)
      },
    )
  })
}
