import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SessionError } from '../../src/base/errors.js'
import { inspectCacao, verifyCacao } from '../../src/capability/verify-cacao.js'
import { verifyJWS } from '../../src/jws/verify-jws.js'
import { DIDSession } from '../../src/session/did-session.js'
import { SEED } from '../setup/seed.js'
import { capabilityObjects, capabilityTexts } from './capability-kinds.js'
import { delegationChains } from './chain-kind.js'
import { CASES, describeMutated, timeout } from './describe-mutated.js'
import { held, judged } from './genuine.js'

describeMutated([capabilityObjects, 0.23], [capabilityTexts, 0.22], [delegationChains, 0.06])

describe('arbitrary input', () => {
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
        await refused(DIDSession.fromSession(typeof input === 'string' ? input : fc.stringify(input), held))
        expect((await inspectCacao(input, judged)).isAccepted).toBe(false)
      }),
      { seed: SEED, numRuns },
    )
  })
})
