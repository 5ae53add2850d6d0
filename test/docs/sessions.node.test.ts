import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { guide, textOf } from './pages.js'
import { inline, PAGE, SIGNING_IN } from './setup.js'

describe('the guide to tabs and renewal', () => {
  it('follows a session through renewal and sign-out', () => {
    const output = runFresh(`${PAGE}
      import { DIDSession } from 'cacao-session'
      ${inline(guide('tabs-and-renewal', 'life'))}
      const resources = ['https://api.example.com/notes/*']
      const session = await DIDSession.get(wallet.account, ethereumAuth(wallet.provider), { resources, expiresInSecs: 3000 })
      // A session's timers keep no process alive.
      const alive = setInterval(() => undefined, 1000)
      const shown = []
      const heard = (word) => new Promise((resolve) => (views[word] = (held) => resolve(shown.push(word, held?.keyDID))))
      const views = { show: () => undefined, showLogin: () => undefined }
      const offered = heard('showRenewal')
      follow(session, { show: (held) => views.show(held), showRenewal: (held) => views.showRenewal(held), showLogin: () => views.showLogin() })
      await offered
      views.showRenewal = () => undefined // the new one, as short, is about to expire as well
      const followed = heard('show')
      const renewed = await renew(session)
      await followed
      const ended = heard('showLogin')
      await renewed.remove()
      await ended
      clearInterval(alive)
      console.log(shown.map((word) => ({ [session.keyDID]: 'old', [renewed.keyDID]: 'new' })[word] ?? word).join(' '))`)
    expect(output.trim()).toBe('showRenewal old show new showLogin')
  })

  it('shows the current account, and waitForEvent of sign-ins', () => {
    const output = runFresh(`${SIGNING_IN}
      ${inline(guide('tabs-and-renewal', 'signed-in'))}
      console.log(await load(), await why(wallet.account))
      const alive = setInterval(() => undefined, 1000)
      const told = new Promise((resolve) => watch(resolve))
      const session = await DIDSession.get(wallet.account, auth, { resources: given })
      console.log((await told).keyDID === session.keyDID, await why(wallet.account))
      clearInterval(alive)
      console.log((await accounts()).map(({ account }) => account).join(), (await actAs(wallet.account)).keyDID === session.keyDID)
      process.exit()`)
    expect(output.trim().split('\n')).toEqual(['undefined none', 'true ok', `${ACCOUNT_A} true`])
  })
})

describe('the guide to how it works', () => {
  it('shows the parts of a session, and the message that the person signs', () => {
    const output = runFresh(`${SIGNING_IN}
      ${inline(guide('how-it-works', 'look'))}
      const session = await DIDSession.get(wallet.account, auth, { resources: given })
      const { account, key, domain, resources, until, signedBy, keptIn } = look(session)
      console.log(account, key === session.keyDID, domain, resources.join(), until === session.expiresAt.toISOString(), signedBy, keptIn)
      console.log((await lookAll()).length)
      console.log(wallet.texts[0])`)
    const [seen, count, ...text] = output.trim().split('\n')
    expect([seen, count]).toEqual([
      `did:pkh:${ACCOUNT_A} true app.example.com https://api.example.com/notes/* true eip191 indexeddb`,
      '1',
    ])
    const [, shown = ''] = /```text\n([\s\S]*?)\n```/.exec(textOf('docs/guides/how-it-works.md')) ?? []
    const ofAnyTime = (lines: string): string =>
      lines.replace(/(?<=did:key:zDn|Nonce: |(?:At|Time): )\S+/g, '…')
    expect(ofAnyTime(shown)).toBe(ofAnyTime(text.join('\n')))
  })
})

describe('the guide to stores', () => {
  it('keeps a script’s session in a file', async () => {
    const env = { PRIVATE_KEY: KEY_A, SESSION_FILE: join(await temporaryFolder(), 'session.json') }
    const code = guide('stores', 'file')
    const [first, second] = [runFresh(code, env), runFresh(code, env)]
    expect(first).toMatch(/^did:key:z6Mk\w+ file\n$/)
    expect(second).toBe(first)
  })

  it('keeps it in Web Storage, with callbacks, and in a string', async () => {
    const folder = await temporaryFolder()
    const output = runFresh(
      `${SIGNING_IN}
      const items = new Map()
      globalThis.localStorage = { getItem: (key) => items.get(key) ?? null, setItem: (key, text) => void items.set(key, text), removeItem: (key) => void items.delete(key) }
      const strings = await (async () => {
        ${inline(guide('stores', 'web-storage')).replace(/^import .*$/gm, '')}
        return { load, get }
      })()
      ${inline(guide('stores', 'callbacks'))}
      import { DIDSession } from 'cacao-session'
      const held = await strings.get(wallet.account, auth, given)
      console.log((await strings.load()).keyDID === held.keyDID, items.size > 0, held.persistence)
      const kept = await DIDSession.get(wallet.account, auth, { resources: given, store })
      console.log((await DIDSession.load(undefined, { store })).keyDID === kept.keyDID, kept.isSerializable)
      await DIDSession.remove(wallet.account, { store })
      console.log(await DIDSession.load(undefined, { store }))`,
      { SESSION_FOLDER: folder },
    )
    expect(output.trim().split('\n')).toEqual(['true true strings', 'true true', 'undefined'])
    const string = runFresh(guide('stores', 'string'), { PRIVATE_KEY: KEY_A, PASSWORD: 'cacao beans' })
    expect(string).toBe(`did:pkh:${ACCOUNT_A} false true\n`)
  })

  it('keeps it in cookies', () => {
    const output = runFresh(
      `${SIGNING_IN}
      ${inline(guide('stores', 'cookies'))}
      const request = new Request('https://app.example.com')
      const answer = async (request) => { const response = await handler(request); return [await response.text(), response.headers.getSetCookie().length] }
      console.log(...(await answer(request)))
      const cookies = cookieStore(request, { secret })
      await DIDSession.get(wallet.account, auth, { resources: given, store: stringStore(cookies), ...trusted })
      const cookie = cookies.setCookies().map((line) => line.split(';')[0]).join('; ')
      console.log(...(await answer(new Request(request, { headers: { cookie } }))))`,
      {
        COOKIE_SECRET: `${'5a'.repeat(31)}00`,
      },
    )
    expect(output.trim().split('\n')).toEqual(['signed out 0', `did:pkh:${ACCOUNT_A} 0`])
  })

  it('sets a client’s options once', () => {
    const output = runFresh(`${SIGNING_IN}
      ${inline(guide('stores', 'client'))}
      const { DIDSession } = await import('cacao-session')
      const { ethereumAuth } = await import('cacao-session/ethereum')
      const of = (domain) => ethereumAuth(wallet.provider, wallet.account, { domain })
      await DIDSession.get(wallet.account, of('app.example.com'), { namespace: 'admin', resources: given })
      console.log(await who())
      await signIn(wallet.account, of('admin.example.com'), given)
      console.log(await who(), (await DIDSession.load())?.account)
      await signOut(wallet.account)
      console.log(await who(), (await DIDSession.list({ namespace: 'admin' })).length)
      process.exit()`)
    expect(output.trim().split('\n')).toEqual(['undefined', `${ACCOUNT_A} undefined`, 'undefined 0'])
  })

  it('requires verifiers and domains for a backend that others can write', () => {
    const output = runFresh(`${SIGNING_IN}
      ${inline(guide('stores', 'others'))}
      const items = new Map()
      const backend = { getItem: (key) => items.get(key), setItem: (key, value) => items.set(key, value), removeItem: (key) => items.delete(key) }
      const store = stringStore(backend)
      await DIDSession.get(wallet.account, auth, { resources: given, store })
      console.log((await load(backend, { isRevoked: () => false }))?.id, (await load(backend, { isRevoked: () => true }))?.id)
      const { ethereumAuth } = await import('cacao-session/ethereum')
      const elsewhere = ethereumAuth(wallet.provider, wallet.account, { domain: 'example.co' })
      await DIDSession.remove(wallet.account, { store })
      await DIDSession.get(wallet.account, elsewhere, { resources: given, store })
      console.log((await load(backend, { isRevoked: () => false }))?.id)`)
    expect(output.trim().split('\n')).toEqual([`did:pkh:${ACCOUNT_A} undefined`, 'undefined'])
  })
})

describe('the guide to abilities and delegation', () => {
  it('requests abilities, which a server requires', () => {
    const output = runFresh(`${SIGNING_IN}
      ${inline(guide('abilities-and-delegation', 'abilities'))}
      ${inline(guide('abilities-and-delegation', 'server'))}
      const { session, canWrite } = await signInToRead(wallet.account, auth)
      console.log(canWrite, session.can('notes/read', notes), session.cacao.p.statement)
      const ask = async (session) => handler(await session.signRequest(new Request('https://api.example.com/notes')))
      const other = await DIDSession.get(wallet.account, auth, { resources: given, namespace: 'other' })
      console.log((await ask(session)).status, (await ask(other)).status)`)
    expect(output.trim().split('\n')).toEqual([
      "false true I further authorize the stated URI to perform the following actions on my behalf: (1) 'notes': 'read' for 'https://api.example.com/notes'.",
      '200 403',
    ])
  })

  it('delegates to a worker', () => {
    const output = runFresh(`${SIGNING_IN}
      ${inline(guide('abilities-and-delegation', 'delegate'))}
      const session = await DIDSession.get(wallet.account, auth, { resources: given })
      const worker = await startWorker(wallet.account, (audience) => grant(session, audience))
      console.log(worker.id === session.id, worker.keyDID !== session.keyDID, worker.authorizations.join())
      console.log(worker.expiresInSecs < 3601, (await DIDSession.load()).keyDID === session.keyDID)`)
    expect(output.trim().split('\n')).toEqual(['true true https://api.example.com/notes/1', 'true true'])
  })
})
