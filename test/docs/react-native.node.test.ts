import { describe, expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { LIKE_REACT_NATIVE } from '../setup/react-native.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { guide } from './pages.js'
import { inline } from './setup.js'

// As expo-secure-store does, it refuses values longer than 2,048 bytes and names with other characters.
const SECURE_STORE = `
  const items = new Map()
  const checked = (key) => { if (!/^[\\w.-]+$/.test(key)) throw new Error('no such name: ' + key); return key }
  let isDead = false
  const SecureStore = {
    getItemAsync: async (key) => items.get(checked(key)) ?? null,
    setItemAsync: async (key, value) => {
      if (isDead) throw new Error('the app was ended')
      if (new TextEncoder().encode(value).length > 2048) throw new Error('too long: ' + value.length)
      items.set(checked(key), value)
    },
    deleteItemAsync: async (key) => { items.delete(checked(key)) },
  }
`

// Imports of the guide are static, so its code is a module that is imported once the globals are React Native's.
function inReactNative(script: string): string[] {
  const code = inline(guide('react-native', 'store'))
    .replaceAll(/^import \{ (.*) \} from '(.*)'$/gm, "const { $1 } = await import('$2')")
    .replaceAll(/^export /gm, '')
  const output = runFresh(`
    ${LIKE_REACT_NATIVE}
    const { ethereumAuth, ethereumVerifiers } = await import('cacao-session/ethereum')
    ${code}
    ${SECURE_STORE}
    const auth = ethereumAuth('${KEY_A}')
    const resources = ['https://api.example.com/*']
    const start = () => secureSessions({ ...SecureStore }, 'app.example.com')
    ${script}
    process.exit()`)
  return output.trim().split('\n')
}

describe('the guide to React Native', () => {
  it('takes signals, which have no reasons there', () => {
    const output = inReactNative(`
      const { sessions, domain } = start()
      const { signal } = new AbortController()
      const ended = new AbortController()
      ended.abort()
      const failed = ({ name, message }) => console.log(name, message)
      await sessions.get('${ACCOUNT_A}', auth, { resources, domain, signal: ended.signal }).catch(failed)
      const { ethereumAccount } = await import('cacao-session/ethereum')
      await ethereumAccount('${KEY_A}', { signal: ended.signal }).catch(failed)
      console.log(await ethereumAccount('${KEY_A}', { signal }))
      const session = await sessions.get('${ACCOUNT_A}', auth, { resources, domain, signal })
      await session.renew(auth, { signal: ended.signal }).catch(failed)
      await session.fetch('https://api.example.com/notes', { method: 'POST', body: new Blob(['a']) }).catch(failed)
      const [one, other] = [new AbortController(), new AbortController()]
      const { until } = await import('./dist/base/schedule.js')
      until([one.signal, other.signal], () => () => console.log('stopped'))
      for (const controller of [one, other]) controller.abort()
      console.log((await sessions.load('${ACCOUNT_A}', { signal })).account)`)
    expect(output).toEqual([
      'AbortError aborted',
      'AbortError aborted',
      ACCOUNT_A,
      'AbortError aborted',
      expect.stringMatching(/^TypeError .* pass a text or bytes instead$/),
      'stopped',
      ACCOUNT_A,
    ])
  })

  it('stores sessions in small items, resumes them at the next start, and signs out', () => {
    const output = inReactNative(`
      const { sessions, domain } = start()
      const session = await sessions.get('${ACCOUNT_A}', auth, { resources, domain })
      console.log(session.account, session.persistence)
      for (let i = 0; i < 3; i++) await sessions.get('${ACCOUNT_A}', auth, { resources: [...resources, 'https://api.example.org/' + 'x'.repeat(900) + i], domain })
      const later = await start().sessions.load()
      console.log(later.account, items.size > 3)
      await later.remove()
      await sessions.signOut('${ACCOUNT_A}')
      console.log(await start().sessions.load())`)
    expect(output).toEqual([`${ACCOUNT_A} strings`, `${ACCOUNT_A} true`, 'undefined'])
  })

  it('keeps the old sessions if the app is ended during a write', () => {
    const output = inReactNative(`
      const { sessions, domain } = start()
      const session = await sessions.get('${ACCOUNT_A}', auth, { resources, domain })
      isDead = true
      console.log(await session.renew(auth).then(() => 'renewed', ({ code }) => code))
      isDead = false
      console.log((await start().sessions.load()).keyDID === session.keyDID)`)
    expect(output).toEqual(['ERR_STORE_UNAVAILABLE', 'true'])
  })

  it('sends requests that a server admits, with and without a body, and creates tokens and URLs', () => {
    const output = inReactNative(`
      const { sessions, domain } = start()
      const session = await sessions.get('${ACCOUNT_A}', auth, { resources, domain })
      const { incomingVerifier } = await import('./dist/http/verify-request.js')
      const verify = incomingVerifier({ verifiers: ethereumVerifiers(), authority: 'api.example.com', domains: [domain], resources: ['https://api.example.com/notes'] })
      globalThis.fetch = async (request) => {
        const body = new TextEncoder().encode(request._bodyInit ?? '')
        const caller = await verify({
          method: request.method, target: new URL(request.url).pathname, hosts: [], isEncrypted: true,
          header: (name) => request.headers.get(name) ?? undefined, at: () => request, body: async () => body,
        })
        return new Response(caller.account)
      }
      console.log(await (await session.fetch('https://api.example.com/notes')).text())
      console.log(await (await session.fetch('https://api.example.com/notes', { method: 'POST', body: 'Kakao äöü' })).text())
      console.log((await session.createToken({ audience: 'wss://api.example.com/live' })).length > 500)
      console.log((await session.signURL('https://api.example.com/notes/1.jpg')).startsWith('https://api.example.com/notes/1.jpg?cacao-signature='))`)
    expect(output).toEqual([ACCOUNT_A, ACCOUNT_A, 'true', 'true'])
  })
})
