import { expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'

const session = (expiresInSecs: number): string => `
  import { DIDSession, indexedDBStore } from 'cacao-session'
  import { ethereumAuth } from 'cacao-session/ethereum'
  import 'fake-indexeddb/auto'
  const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example' })
  const options = { resources: ['https://api.example/*'], expiresInSecs: ${expiresInSecs} }
  const session = await DIDSession.get('${ACCOUNT_A}', auth, options)`

it('session listeners do not keep the process alive', () => {
  // A process that listeners kept alive for the session's lifetime would not end by itself.
  runFresh(`${session(86_400)}
    for (const type of ['expiring', 'expired', 'renewed', 'removed', 'idle']) session.on(type, () => undefined)
    DIDSession.onChange(() => undefined)
    await session.sign(new Uint8Array(1))`)
})

it('a session emits expiring and expired by the real clock', () => {
  const output = runFresh(`${session(5)}
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

it('onChange listeners still hear changes after other users of the store are garbage-collected', () => {
  const output = runFresh(`
    import { setFlagsFromString } from 'node:v8'
    import { runInNewContext } from 'node:vm'
    import { DIDSession } from 'cacao-session'
    import { ethereumAuth } from 'cacao-session/ethereum'
    import { stringStore } from 'cacao-session/stores'
    setFlagsFromString('--expose-gc')
    const items = new Map()
    const newStore = () => stringStore({
      getItem: (key) => items.get(key),
      setItem: (key, value) => items.set(key, value),
      removeItem: (key) => items.delete(key),
    })
    const turn = () => new Promise((resolve) => setTimeout(resolve))
    setTimeout(() => process.exit(), 120_000)
    const heard = new Promise((resolve) => void DIDSession.onChange(resolve, { store: newStore() }))
    // What listens loads on demand, and is there once what is asked for after it is.
    await DIDSession.list({ store: newStore() })
    for (let i = 0; i < 10; i++) {
      await turn()
      runInNewContext('gc')()
    }
    const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example' })
    await DIDSession.get('${ACCOUNT_A}', auth, { resources: ['a:b'], store: newStore() })
    // As another thread or process would.
    new BroadcastChannel('cacao-session').postMessage({ scope: 'strings\\ndefault' })
    console.log((await heard).type)
    process.exit()`)
  expect(output.trim()).toBe('signed-in')
})

it('a listener that throws does not stop a sign-out, and its error is reported', () => {
  const output = runFresh(`${session(86_400)}
    const heard = []
    process.on('uncaughtException', ({ message }) => heard.push(message))
    const told = new Promise((resolve) => {
      session.on('removed', () => { throw new Error('the first fails') })
      session.on('removed', () => resolve('the second is told'))
    })
    // What listens loads on demand, and is there once what is asked for after it is.
    await DIDSession.get('${ACCOUNT_A}', auth, { ...options, resources: ['https://api.example/other'] })
    await DIDSession.remove('${ACCOUNT_A}')
    heard.push(await told, (await DIDSession.list()).length)
    console.log(JSON.stringify(heard))`)
  expect(JSON.parse(output)).toEqual(['the first fails', 'the second is told', 0])
})
