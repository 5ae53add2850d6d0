import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SessionError } from '../../src/base/errors.js'
import { inspectCacao } from '../../src/capability/inspect-cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { verifyJWS } from '../../src/jws/verify-jws.js'
import { DIDSession } from '../../src/session/did-session.js'
import { integer, SEED } from '../setup/seed.js'
import { campaign, inWords } from './campaign.js'
import { capabilityObjects, capabilityTexts } from './capability-kinds.js'
import { delegationChains } from './chain-kind.js'
import type { FuzzKind } from './fuzz-kind.js'
import { judged } from './genuine.js'
import { jwsObjectsAndTexts } from './jws-kind.js'
import { signedRequests } from './request-kind.js'
import { sessionStrings } from './session-kind.js'

// A slice with every run of the tests; `npm run fuzz` takes many more.
const CASES = integer('FUZZ_CASES', 5000)
const isCampaign = Boolean(process.env['FUZZ_CASES'])
// Whatever else the machine does meanwhile.
const timeout = 600_000 + CASES * 5
const log = (text: string): void => {
  if (isCampaign) console.log(text)
}

const SHARES: readonly [FuzzKind, number][] = [
  [capabilityObjects, 0.23],
  [capabilityTexts, 0.22],
  [delegationChains, 0.06],
  [jwsObjectsAndTexts, 0.2],
  [sessionStrings, 0.09],
  [signedRequests, 0.2],
]

log(`FUZZ_SEED=${SEED} FUZZ_CASES=${CASES}`)

describe('a mutated', () => {
  it.each(SHARES)(
    '$name is refused with a SessionError, or says what was signed',
    { timeout },
    async (kind, share) => {
      const tally = await campaign(kind, Math.ceil(CASES * share))
      log(inWords(tally))
      expect([...tally.findings.values()].join('\n\n')).toBe('')
      expect(tally.acceptedAndEqual).toBeGreaterThanOrEqual(tally.controls)
    },
  )
})

describe('anything at all', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withNullPrototype: true,
    withTypedArray: true,
  })
  const numRuns = Math.ceil(CASES / 20)
  const refused = async (work: Promise<unknown>): Promise<void> => {
    const error: unknown = await work.then(
      () => 'accepted',
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(SessionError)
  }

  it('is refused with a SessionError', { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(anything, async (input) => {
        await refused(verifyCacao(input, judged))
        await refused(verifyJWS(input, judged))
        await refused(DIDSession.fromSession(typeof input === 'string' ? input : fc.stringify(input), judged))
        expect((await inspectCacao(input, judged)).isAccepted).toBe(false)
      }),
      { seed: SEED, numRuns },
    )
  })
})
