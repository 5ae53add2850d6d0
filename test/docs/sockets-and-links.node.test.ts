import { expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { guide } from './pages.js'
import { inline } from './setup.js'

const SESSION = `
  import { DIDSession } from 'cacao-session'
  import { ethereumAuth } from 'cacao-session/ethereum'
  const session = await DIDSession.authorize(ethereumAuth('${KEY_A}', undefined, { domain: 'app.example.com' }), {
    resources: ['https://api.example.com/live', 'https://api.example.com/photos/*', 'https://api.example.com/rooms/kitchen'],
  })
`

it('the sockets and links guide’s server knows the caller of a socket or an image until the session ends', () => {
  const output = runFresh(`${SESSION}
    ${inline(guide('sockets-and-links', 'server'))}
    ${inline(guide('sockets-and-links', 'listen'))}
    ${inline(guide('sockets-and-links', 'client'))}
    import { once } from 'node:events'
    import ws from 'ws'
    globalThis.WebSocket = ws
    console.error = () => {}
    const warnings = []
    console.warn = (...words) => void warnings.push(words.join(' '))
    const server = listen(app, 0)
    await once(server, 'listening')
    const { port } = server.address()

    let token
    const asked = { createToken: async (options) => (token = await session.createToken(options)) }
    const socket = await openLive(asked, 'ws://127.0.0.1:' + port + '/live')
    const [message] = await once(socket, 'message')
    console.log(socket.protocol, String(message))
    const ended = once(socket, 'close')
    const copied = new ws('ws://127.0.0.1:' + port + '/live', ['notes.v1', token])
    console.log((await once(copied, 'error'))[0].message)
    console.log(warnings.join())

    const { isRevoked } = revocation
    revocation.isRevoked = () => Promise.reject(new Error('down'))
    const unknown = new ws('ws://127.0.0.1:' + port + '/live', ['notes.v1', await session.createToken({ audience: 'wss://api.example.com/live' })])
    console.log((await once(unknown, 'error'))[0].message)
    Object.assign(revocation, { isRevoked })

    const image = {}
    await showPhoto(session, image)
    const load = async (url) => (await app.request(url)).text()
    console.log(await load(image.src))
    console.log(await load(image.src.replace('1.jpg', '2.jpg')))

    await revocation.revoke(session.cacao)
    const [code, reason] = await ended
    console.log(code, String(reason), await load(image.src))
    server.close().closeAllConnections()`)
  expect(output.trim().split('\n')).toEqual([
    `notes.v1 Hello, ${ACCOUNT_A}`,
    'Unexpected server response: 401',
    expect.stringMatching(/^refused a socket: ERR_REQUEST_REPLAYED \w[^,]*$/),
    'Unexpected server response: 503',
    `1.jpg of ${ACCOUNT_A}`,
    '{"code":"ERR_REQUEST_SIGNATURE"}',
    '4401 ERR_CAPABILITY_REVOKED {"code":"ERR_CAPABILITY_REVOKED"}',
  ])
})

it('its server closes a socket whose session ends while the socket opens', () => {
  const output = runFresh(`${SESSION}
    ${inline(guide('sockets-and-links', 'server'))}
    ${inline(guide('sockets-and-links', 'listen'))}
    ${inline(guide('sockets-and-links', 'client'))}
    import { once } from 'node:events'
    import ws from 'ws'
    globalThis.WebSocket = ws
    const server = listen(app, 0)
    await once(server, 'listening')
    const end = Date.parse(session.cacao.p.exp)
    const { send } = ws.prototype
    ws.prototype.send = function (...args) {
      Date.now = () => end
      return send.apply(this, args)
    }
    const socket = await openLive(session, 'ws://127.0.0.1:' + server.address().port + '/live')
    setTimeout(() => socket.terminate(), 2000).unref()
    const [code, reason] = await once(socket, 'close')
    console.log(code, String(reason))
    server.close().closeAllConnections()`)
  expect(output.trim()).toBe('4401 ERR_CAPABILITY_EXPIRED')
})

it('its Redis connections may fail without ending the process', () => {
  const code = guide('sockets-and-links', 'redis')
  for (const client of ['client', 'subscriber']) expect(code).toContain(`${client}.on('error', `)
})

it('its rooms are chosen by claims, and admitted by resources', () => {
  const output = runFresh(`${SESSION}
    ${inline(guide('sockets-and-links', 'rooms'))}
    for (const room of ['kitchen', 'cellar', 'kitchen/../cellar']) {
      const token = await session.createToken({ audience: 'rooms', claims: { room } })
      await verify(token).then(({ claims }) => console.log(claims.room), ({ code }) => console.log(code))
    }`)
  expect(output.trim().split('\n')).toEqual([
    'kitchen',
    'ERR_CAPABILITY_RESOURCES',
    'ERR_CAPABILITY_RESOURCES',
  ])
})

it('its event streams reopen with a new URL once they are refused', () => {
  const output = runFresh(`${SESSION}
    ${inline(guide('sockets-and-links', 'events'))}
    globalThis.EventSource = class {
      static CLOSED = 2
      static opened = []
      constructor(url) { EventSource.opened.push(Object.assign(this, { url })) }
    }
    const waits = []
    globalThis.setTimeout = (work, ms, ...args) => { waits.push(ms); return work(...args) }
    await listen(session, 'https://api.example.com/live', console.log)
    const [first] = EventSource.opened
    first.onmessage('event')
    first.readyState = 0
    first.onerror()
    first.readyState = 2
    await first.onerror()
    while (EventSource.opened.length < 2) await new Promise(setImmediate)
    console.log(waits, EventSource.opened[1].url !== first.url)`)
  expect(output.trim().split('\n')).toEqual(['event', '[ 5000 ] true'])
})

it('its Socket.IO client connects without a token once the session has ended, so that the server refuses', () => {
  const output = runFresh(`${SESSION}
    ${inline(guide('sockets-and-links', 'socket-io')).replace(/^import .*$/gm, '')}
    const io = (url, { auth }) => Object.assign(new Promise(auth), { on: () => undefined })
    console.log(Object.keys(await connect(session)))
    Date.now = () => Date.parse(session.cacao.p.exp)
    console.log(Object.keys(await connect(session)))`)
  expect(output.trim().split('\n')).toEqual(["[ 'token' ]", '[]'])
})

it('its Socket.IO server tells the client the code and no details, by which it tries again or says that the session has ended', () => {
  const output = runFresh(`
    ${inline(guide('sockets-and-links', 'socket-io')).replace(/^import .*$/gm, '')}
    const waits = []
    globalThis.setTimeout = (work, ms) => { waits.push(ms); work() }
    let hear
    const io = () => ({ on: (_, listener) => { hear = listener }, connect: () => waits.push('again') })
    connect({}, (code) => console.log('refused', code))
    const answerTo = (verify) =>
      new Promise((next) => guard({ use: (middleware) => middleware({ handshake: { auth: {} }, data: {} }, next) }, verify))
    for (const code of ['ERR_JWS_INVALID', 'ERR_STORE_UNAVAILABLE', undefined]) {
      const { message, data } = await answerTo(async () => {
        throw Object.assign(new Error('expected a, received b'), { code })
      })
      console.log(message)
      hear(Object.assign(new Error(message), { data: JSON.parse(JSON.stringify(data)) }))
    }
    hear(new Error('xhr poll error'))
    console.log(waits, await answerTo(async () => ({})))`)
  expect(output.trim().split('\n')).toEqual([
    'refused',
    'refused ERR_JWS_INVALID',
    'refused',
    'refused',
    'refused undefined',
    "[ 5000, 'again' ] undefined",
  ])
})

it('its event streams and films stop without an unhandled rejection once the session has ended', () => {
  const output = runFresh(`${SESSION}
    ${inline(guide('sockets-and-links', 'events'))}
    ${inline(guide('sockets-and-links', 'film'))}
    globalThis.EventSource = class {
      static CLOSED = 2
      readyState = 2
      constructor() { EventSource.last = this }
    }
    globalThis.setTimeout = (work, ms, ...args) => work(...args)
    console.error = ({ code }) => console.log(code)
    const video = {}
    await listen(session, 'https://api.example.com/live', console.log)
    await showFilm(session, video, 'https://api.example.com/photos/film.mp4', 60)
    Date.now = () => Date.parse(session.cacao.p.exp)
    EventSource.last.onerror()
    video.onerror()
    await new Promise(setImmediate)`)
  expect(output.trim().split('\n')).toEqual(['ERR_CAPABILITY_EXPIRED', 'ERR_CAPABILITY_EXPIRED'])
})
