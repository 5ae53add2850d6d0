import { describe, expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, ACCOUNT_B, KEY_A, KEY_B } from '../setup/wallet.js'
import { guide } from './pages.js'
import { inline } from './setup.js'

// Sessions of one account, each on its own device.
const MAKE = `
  import { DIDSession } from 'cacao-session'
  import { ethereumAuth } from 'cacao-session/ethereum'
  const domain = 'app.example.com'
  const make = () =>
    DIDSession.authorize(ethereumAuth('${KEY_A}', undefined, { domain }), { resources: ['https://api.example.com/api/*'] })
  globalThis.fetch = (request) => app.request(request)
  console.warn = () => {}
`

describe('the guide to devices', () => {
  it('has a server that lists and revokes devices, and its client', () => {
    const output = runFresh(`${MAKE}
      ${inline(guide('devices', 'server'))}
      ${inline(guide('devices', 'client'))}
      const [laptop, phone, tablet] = [await make(), await make(), await make()]
      for (const session of [tablet, phone]) await myDevices(session)
      const seen = await myDevices(laptop)
      const own = seen.find(({ isCurrent }) => isCurrent)
      console.log(seen.length, own.name, own.keyDID === laptop.keyDID)
      console.log((await signOutDevice(laptop, { keyDID: phone.keyDID })).status)
      console.log((await signOutDevice(laptop, { keyDID: phone.keyDID })).status)
      console.log((await myDevices(phone)).code)
      console.log((await (await signOutOthers(laptop)).json()).signedOut, (await myDevices(tablet)).code)
      console.log((await myDevices(laptop)).length)`)
    expect(output.trim().split('\n')).toEqual([
      '3 Firefox on my laptop true',
      '204',
      '404',
      'ERR_CAPABILITY_REVOKED',
      '1 ERR_CAPABILITY_REVOKED',
      '1',
    ])
  })

  it('links two accounts, once for each signature', () => {
    const output = runFresh(`${MAKE}
      ${inline(guide('devices', 'server'))}
      ${inline(guide('devices', 'link').replace(/^import .*cacao-session\/ethereum.*$/m, ''))}
      ${inline(guide('devices', 'link-client'))}
      addLinks(app, (one, other) => console.log(one, other))
      const session = await make()
      const other = ethereumAuth('${KEY_B}', '${ACCOUNT_B}', { domain })
      let signed
      console.log(JSON.stringify(await link(session, async (request) => (signed = await other(request)))))
      console.log(JSON.stringify(await link(session, async () => signed)))
      console.log(JSON.stringify(await link(await make(), async () => signed)))
      const own = ethereumAuth('${KEY_A}', '${ACCOUNT_A}', { domain })
      console.log(JSON.stringify(await link(session, own)))`)
    expect(output.trim().split('\n')).toEqual([
      `${ACCOUNT_A} ${ACCOUNT_B}`,
      `{"linkedAccount":"${ACCOUNT_B}"}`,
      '{"code":"ERR_CAPABILITY_NONCE"}',
      '{"code":"ERR_CAPABILITY_NONCE"}',
      '{"code":"ERR_CAPABILITY_ISSUER"}',
    ])
  })
})
