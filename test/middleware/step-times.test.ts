import { beforeAll, describe, expect, it } from 'vitest'
import { SessionError } from '../../src/base/errors.js'
import { requireSession } from '../../src/middleware/fetch.js'
import type { RequireSessionOptions } from '../../src/middleware/guard.js'
import { failureOf } from '../setup/expect-code.js'
import { accepting, altered, post, type TestSigner, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A } from '../setup/wallet.js'

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})
const revocation = { isRevoked: () => false }
const serve = (options: Partial<RequireSessionOptions>) =>
  requireSession({ ...accepting, debug: false, revocation, ...options }, () => new Response())

describe('the hooks of requireSession receive each request', () => {
  const all = ['signature', 'capability', 'body', 'revocation', 'replay', 'total']

  it('that is admitted, with the time of each step', async () => {
    const told: unknown[][] = []
    const answer = serve({
      onAdmitted: (caller, request, times) => {
        told.push([caller.account, request.url, Object.keys(times)])
        const { total, ...steps } = times
        for (const time of [total, ...Object.values(steps)]) expect(time).toBeGreaterThanOrEqual(0)
        expect(Object.values(steps).reduce((sum, time) => sum + time, 0)).toBeLessThanOrEqual(total + 1)
      },
      onRefused: () => told.push(['refused']),
    })
    expect((await answer(await signer.sign(post()))).status).toBe(200)
    expect(told).toEqual([[ACCOUNT_A, 'https://api.example.com/notes?page=1', all]])
  })

  it.each([
    ['signature', async () => altered(await signer.sign(post()), { method: 'PUT' }), {}],
    ['capability', () => signer.sign(post()), { domains: ['other.example'] }],
    ['body', async () => altered(await signer.sign(post('one')), { body: 'two' }), {}],
    ['revocation', () => signer.sign(post()), { revocation: { isRevoked: () => true } }],
    ['replay', () => signer.sign(post()), { replay: { use: () => false } }],
  ])('that is refused at %s, with the steps so far', async (step, make, options) => {
    const told: string[][] = []
    const onRefused: RequireSessionOptions['onRefused'] = (_, __, times) => void told.push(Object.keys(times))
    await serve({ ...options, onRefused, onAdmitted: () => void told.push(['admitted']) })(await make())
    expect(told).toEqual([[...all.slice(0, all.indexOf(step) + 1), 'total']])
  })

  it('and an error thrown by onAdmitted is not answered as a refusal', async () => {
    const refused: unknown[] = []
    const fault = new SessionError('ERR_CAPABILITY_REVOKED', 'thrown by the app')
    const answer = serve({
      onAdmitted() {
        throw fault
      },
      onRefused: (error) => void refused.push(error),
    })
    expect(await failureOf(async () => answer(await signer.sign(post())))).toBe(fault)
    expect(refused).toEqual([])
  })

  it('without the steps that are turned off', async () => {
    let steps: string[] = []
    const options = {
      ...accepting,
      replay: false as const,
      onAdmitted: (_: unknown, __: unknown, times: object) => {
        steps = Object.keys(times)
      },
    }
    await requireSession(options, () => new Response())(await signer.sign(post()))
    expect(steps).toEqual(['signature', 'capability', 'body', 'total'])
  })

  it.each(['onAdmitted', 'onRefused'])('only if they are functions: %s', async (name) => {
    expect(await failureOf(async () => serve({ [name]: 1 } as never))).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining(name),
    })
  })
})
