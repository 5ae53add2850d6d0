import { afterAll, beforeAll, expect, it } from 'vitest'
import { type DemoProcess, startDemo } from './demo-process.js'

let demo: DemoProcess
beforeAll(async () => {
  demo = await startDemo()
})
afterAll(() => demo.stop())

/** The values that the tour prints after a label, in order. */
const shown = (label: string): string[] =>
  [...demo.tour.matchAll(new RegExp(`^ {5}${label} +(.+)$`, 'gm'))].map((match) => match[1] ?? '')

it('the tour completes all its steps without an error', () => {
  const numbers = [...demo.tour.matchAll(/^ {2}(\d+)\. /gm)].map((match) => Number(match[1]))
  expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(demo.complaints()).toBe('')
})

it('the tour shows one account and one session key throughout', () => {
  const [account, ...others] = [...shown('account'), ...shown('for')]
  expect(account).toMatch(/^did:pkh:eip155:1:0x[0-9a-f]{40}$/)
  expect(others).toEqual([account, account])
  expect(shown('verified')).toEqual([`for ${account?.replace('did:pkh:', '')}`])
  const [keyDID, signer] = [...shown('session key'), ...shown('signed by')]
  expect(keyDID).toMatch(/^did:key:z6Mk/)
  expect(signer).toBe(keyDID)
})

it('the tour shows refusals at the expected steps, and nowhere else', () => {
  expect(shown('expired')).toEqual([expect.stringMatching(/^no, 6 days 23 h 5\d min left$/), 'yes'])
  expect(shown('server')).toEqual(['refused ERR_REQUEST_REPLAYED', 'refused ERR_REQUEST_UNSIGNED'])
  expect(shown('sign')).toEqual(['refused ERR_CAPABILITY_EXPIRED'])
  expect(shown('fromSession')).toEqual(['refused ERR_CAPABILITY_SIGNATURE'])
  expect(demo.tour.match(/refused|ERR_\w+|Error/g)).toHaveLength(8)
})

it('the tour ends with the payload of a JWS that was verified', () => {
  expect(shown('payload')).toEqual(['{"note":"Buy cacao beans"}'])
})

it('the demo’s page links only to existing guides', async () => {
  const page = await (await fetch(demo.url)).text()
  const links = Array.from(page.matchAll(/href="\/(guides\/[^"]+)"/g), ([, path]) => path ?? '')
  expect(links.length).toBeGreaterThan(2)
  for (const path of links) {
    const guide = await fetch(demo.url + path)
    expect([path, guide.status, guide.headers.get('content-type')]).toEqual([
      path,
      200,
      'text/plain; charset=utf-8',
    ])
    expect(await guide.text()).toMatch(/\S/)
  }
  for (const path of ['guides/none.md', 'guides/..%2F..%2FREADME.md', 'guides/pictures'])
    expect((await fetch(demo.url + path)).status).toBe(404)
})

it('the demo stops at once on Ctrl+C', async () => {
  const page = await (await fetch(demo.url)).text()
  expect(/<title>(.+)<\/title>/.exec(page)?.[1]).toBe('cacao-session demo')
  expect(await demo.interrupt()).toBe(0)
  await expect(fetch(demo.url)).rejects.toThrow()
})
