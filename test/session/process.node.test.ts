import { expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const session = `
  import { DIDSession, indexedDBStore } from 'cacao-session'
  import { ethereumAuth } from 'cacao-session/ethereum'
  import 'fake-indexeddb/auto'
  const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example' })
  const options = { resources: ['https://api.example/*'], expiresInSecs: 5 }
  const session = await DIDSession.get('${ACCOUNT_A}', auth, options)`

it('a session that is listened to keeps no process alive', () => {
  const began = Date.now()
  runFresh(`${session}
    for (const type of ['expiring', 'expired', 'renewed', 'removed', 'idle']) session.on(type, () => undefined)
    DIDSession.onChange(() => undefined)
    await session.sign(new Uint8Array(1))`)
  expect(Date.now() - began).toBeLessThan(4000)
})

it('a session tells of its end by the real clock', () => {
  const output = runFresh(`${session}
    const alive = setInterval(() => undefined, 1000)
    const heard = (type) => new Promise((resolve) => session.on(type, () => resolve([type, Date.now()]), { leadSecs: 4 }))
    const times = await Promise.all(['expiring', 'expired'].map(heard))
    clearInterval(alive)
    console.log(JSON.stringify(times.map(([type, time]) => [type, time - session.expiresAt])))`)
  const [expiring, expired] = JSON.parse(output) as [[string, number], [string, number]]
  expect([expiring[0], expired[0]]).toEqual(['expiring', 'expired'])
  expect(expiring[1]).toBeGreaterThanOrEqual(-4000)
  expect(expired[1]).toBeGreaterThanOrEqual(0)
})
