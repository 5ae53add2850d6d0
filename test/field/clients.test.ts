import { afterEach, beforeEach, describe, expect } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { type TestServer, testServer } from '../../src/testing/fake-server.js'
import type { Restore } from '../../src/testing/replace.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { reported } from './reported.js'

const domain = 'app.example.com'
const resources = ['https://api.example.com/notes/*']
const NOTES = 'https://api.example.com/notes/1'
const auth = ethereumAuth(KEY_A, undefined, { domain })

let server: TestServer
let restore: Restore
beforeEach(() => {
  server = testServer({ domains: [domain], resources })
  restore = server.install()
})
afterEach(() => restore())

/** A session whose clock is wrong by so many seconds, signed when it was right. */
async function wrongBy(secs: number): Promise<DIDSession> {
  let difference = -86_400_000 * 2
  const session = await DIDSession.authorize(auth, { resources, now: () => Date.now() + difference })
  difference = secs * 1000
  return session
}

describe('reported by those who run clients of signed requests', () => {
  reported([
    {
      report: 'danielfett/draft-dpop#68',
      met: 'a proof that is refused because the clock of the device is minutes fast',
      right: async () => {
        expect((await (await wrongBy(600)).fetch(NOTES)).status).toBe(200)
        expect(server.refusals.map(({ code }) => code)).toEqual(['ERR_REQUEST_STALE'])
      },
    },
    {
      report: 'danielfett/draft-dpop#68',
      met: 'a proof that is refused because the clock of the device is minutes slow',
      right: async () => {
        expect((await (await wrongBy(-600)).fetch(NOTES, { method: 'POST', body: 'x' })).status).toBe(200)
        expect((await (await wrongBy(-200)).fetch(NOTES)).status).toBe(200)
        expect(server.refusals).toHaveLength(1)
      },
    },
    {
      report: 'vuejs/core#2981',
      met: 'an object with private fields that fails behind a reactive proxy',
      right: async () => {
        const session = await DIDSession.get(ACCOUNT_A, auth, { resources, store: memoryStore() })
        const wrapped = new Proxy(session, {})
        expect((await wrapped.fetch(NOTES)).status).toBe(200)
        expect(wrapped.account).toBe(ACCOUNT_A)
      },
    },
    {
      report: 'whatwg/fetch#944',
      met: 'a credential that is sent on to wherever the address leads',
      right: async () => {
        const session = await wrongBy(0)
        await expectCode('ERR_CAPABILITY_RESOURCES', () =>
          session.fetch('https://api.example.com.evil.example/'),
        )
        expect(server.calls).toEqual([])
      },
    },
  ])
})
