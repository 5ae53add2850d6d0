import { KEY_A, KEY_B } from '../setup/wallet.js'
import { inProcess } from './kit/in-process.js'
import { tryAttacks } from './kit/try-attacks.js'

// Attacks on a process that serves many people: no state of one person may reach another.

const SETUP = `
  const { DIDSession } = await import('cacao-session')
  const { ethereumAccount, ethereumAuth, ethereumVerifiers } = await import('cacao-session/ethereum')
  const { cookieStore, memoryStore, stringStore } = await import('cacao-session/stores')
  const { testWallet } = await import('cacao-session/testing')
  const domain = 'app.example.com'
  const resources = ['https://api.example.com/notes/*']
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const trustOptions = { resources, verifiers: ethereumVerifiers(), domains: [domain] }
  const [mine, yours] = ['${KEY_A}', '${KEY_B}'].map((key) => ethereumAuth(key, undefined, { domain }))
  const [me, you] = [await ethereumAccount('${KEY_A}'), await ethereumAccount('${KEY_B}')]
  const headerOf = (cookies) => cookies.setCookies().map((cookie) => cookie.split(';')[0]).join('; ')
  const request = (header) => {
    const cookies = cookieStore(header, { secret })
    return { cookies, options: { ...trustOptions, store: stringStore(cookies) } }
  }`
const process = (script: string) => () => inProcess(`${SETUP}\n${script}`)

tryAttacks('a server that passes no store', [
  [
    'load, in the request after another person’s',
    process('tell(await DIDSession.load())'),
    'ERR_ENVIRONMENT',
  ],
  ['load of an account', process('tell(await DIDSession.load(me, { resources }))'), 'ERR_ENVIRONMENT'],
  ['get', process('tell(await DIDSession.get(me, mine, { resources }))'), 'ERR_ENVIRONMENT'],
  ['list', process('tell(await DIDSession.list())'), 'ERR_ENVIRONMENT'],
  ['hasSessionFor', process('tell(await DIDSession.hasSessionFor(me, resources))'), 'ERR_ENVIRONMENT'],
  [
    'a page rendered on the server',
    process('globalThis.window = globalThis\ntell(await DIDSession.load())'),
    'ERR_ENVIRONMENT',
  ],
  [
    'an undefined store',
    process('tell(await DIDSession.load(undefined, { store: undefined }))'),
    'TypeError: store',
  ],
  [
    '(a store of its own)',
    process('tell(await DIDSession.get(me, mine, { resources, store: memoryStore() }))'),
    'accepted',
  ],
  [
    '(authorize, which needs no store)',
    process('tell(await DIDSession.authorize(mine, { resources }))'),
    'accepted',
  ],
])

tryAttacks('two people on one server', [
  [
    '(each loads their own session)',
    process(`
      const [first, second] = [request(), request()]
      await DIDSession.get(me, mine, first.options)
      await DIDSession.get(you, yours, second.options)
      const [one, two] = [first, second].map(({ cookies }) => request(headerOf(cookies)))
      const sessions = await Promise.all([one, two].map(({ options }) => DIDSession.load(undefined, options)))
      tell(sessions[0].id.endsWith(me) && sessions[1].id.endsWith(you))`),
    'accepted',
  ],
  [
    'no cookie, right after another person signed in',
    process(`
      await DIDSession.get(me, mine, request().options)
      tell(await DIDSession.load(undefined, request().options))`),
    'nothing',
  ],
  [
    'no cookie, and the account of another person',
    process(`
      await DIDSession.get(me, mine, request().options)
      tell(await DIDSession.load(me, request().options))`),
    'nothing',
  ],
  [
    'no cookie, while another person signs in with the account',
    process(`
      const wallet = testWallet({ privateKey: '${KEY_A}' })
      const signingIn = DIDSession.get(me, ethereumAuth(wallet.provider, me, { domain }), request().options)
      const guest = request().options
      const asked = await DIDSession.load(me, guest)
      await signingIn
      tell(asked ?? (await DIDSession.load(me, guest)))`),
    'nothing',
  ],
  [
    'a wallet that never answers in one request, while another person signs in',
    process(`
      const wallet = testWallet({ privateKey: '${KEY_A}', behaviour: 'hangs' })
      void DIDSession.get(me, ethereumAuth(wallet.provider, me, { domain }), request().options).catch(() => undefined)
      await wallet.prompted()
      tell(await DIDSession.get(you, yours, request().options))`),
    'accepted',
  ],
  [
    'a wallet that never answers in one request, while the same account signs in in another',
    process(`
      const wallet = testWallet({ privateKey: '${KEY_A}', behaviour: 'hangs' })
      void DIDSession.get(me, ethereumAuth(wallet.provider, me, { domain }), request().options).catch(() => undefined)
      await wallet.prompted()
      tell(await DIDSession.get(me, mine, request().options))`),
    'accepted',
  ],
  [
    'a rejected prompt, while the same account signs in in another request',
    process(`
      const wallet = testWallet({ privateKey: '${KEY_A}', behaviour: 'rejects' })
      const [no, yes] = await Promise.allSettled([
        DIDSession.get(me, ethereumAuth(wallet.provider, me, { domain }), request().options),
        DIDSession.get(me, mine, request().options),
      ])
      tell(no.status === 'rejected' && yes.status === 'fulfilled')`),
    'accepted',
  ],
])

tryAttacks('a sign-out that would end another person’s session', [
  [
    '(a sign-out of one’s own session)',
    process(`
      const { options } = request()
      const session = await DIDSession.get(me, mine, options)
      await DIDSession.remove(me, { store: options.store })
      tell(await session.sign(new Uint8Array(1)))`),
    'ERR_SESSION_REMOVED',
  ],
  [
    'of the account, without its cookie',
    process(`
      const session = await DIDSession.get(me, mine, request().options)
      await DIDSession.remove(me, { store: request().options.store })
      tell(await session.sign(new Uint8Array(1)))`),
    'accepted',
  ],
  [
    'of a record with the other public key, in the attacker’s store',
    process(`
      const session = await DIDSession.get(me, mine, request().options)
      const own = memoryStore()
      const read = async () => [{ account: me, keyDID: session.keyDID, cacao: session.cacao }]
      await DIDSession.remove(me, { store: { ...own, read } })
      tell(await session.sign(new Uint8Array(1)))`),
    'accepted',
  ],
  [
    'of a record with the other public key and the attacker’s private key',
    process(`
      const session = await DIDSession.get(me, mine, request().options)
      const own = memoryStore()
      const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
      const read = async () => [{ account: me, keyDID: session.keyDID, cacao: session.cacao }]
      await DIDSession.remove(me, { store: { ...own, read, readKey: async () => pair } })
      tell(await session.sign(new Uint8Array(1)))`),
    'accepted',
  ],
])
