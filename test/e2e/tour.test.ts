import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DemoProcess, startDemo } from './demo-process.js'

let demo: DemoProcess
beforeAll(async () => {
  demo = await startDemo()
})
afterAll(() => demo.stop())

/** What the tour shows behind a label, in order. */
const shown = (label: string): string[] =>
  [...demo.tour.matchAll(new RegExp(`^ {5}${label} +(.+)$`, 'gm'))].map((match) => match[1] ?? '')

it('the tour goes through all its steps without a complaint', () => {
  const numbers = [...demo.tour.matchAll(/^ {2}(\d+)\. /gm)].map((match) => Number(match[1]))
  expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(demo.complaints()).toBe('')
})

it('the tour shows one account and one session key throughout', () => {
  const [account, ...others] = [...shown('account'), ...shown('for')]
  expect(account).toMatch(/^did:pkh:eip155:1:0x[0-9a-f]{40}$/)
  expect(others).toEqual([account, account])
  const [keyDID, signer] = [...shown('session key'), ...shown('signed by')]
  expect(keyDID).toMatch(/^did:key:z6Mk/)
  expect(signer).toBe(keyDID)
})

it('the tour is refused where it must be, and nowhere else', () => {
  expect(shown('expired')).toEqual([expect.stringMatching(/^no, 6 days 23 h 5\d min left$/), 'yes'])
  expect(shown('sign')).toEqual(['refused ERR_CAPABILITY_EXPIRED'])
  expect(shown('fromSession')).toEqual(['refused ERR_CAPABILITY_SIGNATURE'])
  expect(demo.tour.match(/refused|ERR_\w+|Error/g)).toHaveLength(4)
})

it('the tour ends with the payload of a JWS that was verified', () => {
  expect(shown('payload')).toEqual(['{"note":"Buy cacao beans"}'])
})

it('the demo stops at once when one presses Ctrl+C', async () => {
  expect(await (await fetch(demo.url)).text()).toContain('cacao-session demo')
  expect(await demo.interrupt()).toBe(0)
  await expect(fetch(demo.url)).rejects.toThrow()
})
