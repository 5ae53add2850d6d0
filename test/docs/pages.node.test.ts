import { expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ADDRESS_A, KEY_A } from '../setup/wallet.js'
import { guide } from './pages.js'
import { inline } from './setup.js'

it('the pages guide’s server knows the account for ten minutes without the session key', () => {
  const output = runFresh(`
    import { DIDSession } from 'cacao-session'
    import { ethereumAuth } from 'cacao-session/ethereum'
    process.env.COOKIE_SECRET = '0123456789abcdef'.repeat(4)
    console.warn = () => undefined
    ${inline(guide('pages', 'server'))}
    const { now } = Date
    const session = await DIDSession.authorize(ethereumAuth('${KEY_A}', undefined, { domain: 'app.example.com' }), { resources: ['https://app.example.com/*'] })
    const site = 'https://app.example.com'
    const keep = async () => app.request(await session.signRequest(new Request(site + '/session', { method: 'POST' })))
    const cookieOf = (response) => response.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ')
    const show = async (cookie) => {
      const response = await app.request(site + '/account', { headers: { cookie } })
      console.log(response.status, response.headers.get('location') ?? (await response.text()).replace(/(?:<[^>]*>|\\s)+/g, ' ').trim())
    }
    await show('')
    const cookie = cookieOf(await keep())
    await show(cookie)
    Date.now = () => now() + 600_000
    await show(cookie)
    await show(cookieOf(await keep()))
    console.log((await app.request(site + '/session', { method: 'POST', headers: { cookie } })).status)
    console.log((await app.request(site + '/session', { method: 'DELETE', headers: { origin: site } })).status)`)
  expect(output.trim().split('\n')).toEqual([
    '302 /login',
    `200 Signed in as ${ADDRESS_A}`,
    '401 app.example.com Sign in',
    `200 Signed in as ${ADDRESS_A}`,
    '401',
    '204',
  ])
})
