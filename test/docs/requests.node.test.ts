import { describe, expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { guide } from './pages.js'
import { inline } from './setup.js'

// Sessions signed on a domain, for a resource.
const MAKE = `
  import { DIDSession } from 'cacao-session'
  import { ethereumAuth } from 'cacao-session/ethereum'
  const make = (domain = 'app.example.com', resource = 'https://api.example.com/notes/*') =>
    DIDSession.authorize(ethereumAuth('${KEY_A}', undefined, { domain }), { resources: [resource] })
  const post = (session) => session.signRequest(new Request('https://api.example.com/notes/new', { method: 'POST', body: 'a note' }))
`

describe('the guide to signed requests', () => {
  it('has a client whose requests its server admits, and a log of refusals', () => {
    const output = runFresh(`${MAKE}
      ${inline(guide('requests', 'server'))}
      ${inline(guide('requests', 'client'))}
      console.warn = (code) => console.log('log', code)
      globalThis.fetch = (request) => app.request(request)
      const session = await make()
      console.log(JSON.stringify(await saveNote(session, 'a note')))
      const expired = await DIDSession.authorize(ethereumAuth('${KEY_A}', undefined, { domain: 'app.example.com' }), { resources: ['https://api.example.com/*'], now: () => Date.now() - 1e9 })
      const late = await DIDSession.fromSession(expired.serialize())
      console.log(late.isExpired, (await saveNote(late, 'late', () => session)).note)
      await saveNote(await make('evil.example.com'), '').catch((error) => console.log(error.message))
      console.log((await app.request(await post(await make(undefined, 'https://api.example.com/other')))).status)
      const request = await post(session)
      for (const sent of [request.clone(), request]) console.log((await app.request(sent)).status)`)
    expect(output.trim().split('\n')).toEqual([
      `{"by":"${ACCOUNT_A}","note":"a note"}`,
      'true late',
      'log ERR_CAPABILITY_DOMAIN',
      'refused: ERR_CAPABILITY_DOMAIN',
      'log ERR_CAPABILITY_RESOURCES',
      '403',
      '200',
      'log ERR_REQUEST_REPLAYED',
      '401',
    ])
  })

  it('has servers of other kinds', () => {
    const output = runFresh(`${MAKE}
      ${inline(guide('requests', 'fetch'))}
      const answer = await handler(await post(await make()))
      console.log(answer.status, await answer.text(), (await handler(new Request('https://api.example.com'))).status)`)
    expect(output.trim()).toBe(`200 {"hello":"${ACCOUNT_A}"} 401`)

    const onExpress = runFresh(`${MAKE}
      ${inline(guide('requests', 'express'))}
      const server = app.listen(0, '127.0.0.1')
      await new Promise((resolve) => server.on('listening', resolve))
      const request = await post(await make())
      const url = 'http://127.0.0.1:' + server.address().port + '/notes/new'
      const answer = await fetch(url, { method: 'POST', headers: request.headers, body: await request.text() })
      console.log(answer.status, await answer.text(), (await fetch(url, { method: 'POST' })).status)
      server.close().closeAllConnections()`)
    expect(onExpress.trim()).toBe(`200 {"by":"${ACCOUNT_A}","note":"a note"} 401`)
  })

  it('has a Fastify hook, called as Fastify does', () => {
    const output = runFresh(`${MAKE}
      ${inline(guide('fastify-and-nest', 'fastify'))}
      let hook, route
      addNotes({ addHook: (name, added) => { hook = added; console.log(name) }, post: (path, handler) => { route = handler } })
      const signed = await post(await make())
      const raw = { method: 'POST', headers: Object.fromEntries(signed.headers), body: 'a note' }
      const call = { raw, originalUrl: '/notes/new', body: 'a note' }
      const reply = { raw: {}, code: console.log, headers: () => {}, send: console.log }
      console.log(await hook(call, reply), JSON.stringify(await route(call)))
      await hook({ raw: { ...raw, headers: {} }, originalUrl: '/notes/new' }, reply)`)
    expect(output.trim().split('\n')).toEqual([
      'onRequest',
      `undefined {"by":"${ACCOUNT_A}","note":"a note"}`,
      '401',
      '{"code":"ERR_REQUEST_UNSIGNED"}',
    ])
  })

  it('verifies a request in a guard, and accepts it in the handler behind it', () => {
    const output = runFresh(`${MAKE}
      ${inline(guide('requests', 'two-checks'))}
      const signed = await post(await make())
      const captured = signed.clone()
      const guard = guardWith((request) => POST(request))
      const answer = await guard(signed)
      console.log(answer.status, await answer.text(), (await POST(captured)).status)`)
    expect(output.trim()).toBe(`200 {"by":"${ACCOUNT_A}"} 401`)
  })

  it('has metrics for OpenTelemetry', () => {
    const output = runFresh(`${MAKE}
      ${inline(guide('requests', 'metrics'))}
      import { ethereumVerifiers } from 'cacao-session/ethereum'
      import { requireSession } from 'cacao-session/fetch'
      const seen = []
      const meter = { createHistogram: (name, { unit }) => ({ record: (value, { result, step }) => seen.push([name, unit, value >= 0 && value < 60, result, step].join(' ')) }) }
      const handle = requireSession({ verifiers: ethereumVerifiers(), authority: 'api.example.com', domains: ['app.example.com'], resources: false, ...measuredBy(meter), debug: false }, () => new Response())
      const signed = await post(await make())
      await handle(signed.clone())
      await handle(signed)
      console.log(seen.join('\\n'))`)
    const steps = ['signature', 'capability', 'body', 'replay', 'total']
    expect(output.trim().split('\n')).toEqual(
      ['admitted', 'ERR_REQUEST_REPLAYED'].flatMap((result) =>
        steps.map((step) => `cacao_session.verify.duration s true ${result} ${step}`),
      ),
    )
  })

  it('recognizes the same key on another chain, but not the same contract address', () => {
    const output = runFresh(`${MAKE}
      ${inline(guide('requests', 'person'))}
      const caller = (chain, type) => ({ account: chain + ':0xab', address: '0xAB', root: { s: { t: type } } })
      console.log(personOf(caller('eip155:1', 'eip191')), personOf(caller('eip155:10', 'eip191')))
      console.log(personOf(caller('eip155:1', 'eip1271')), personOf(caller('eip155:10', 'eip1271')))`)
    expect(output.trim().split('\n')).toEqual(['eip155:0xAB eip155:0xAB', 'eip155:1:0xab eip155:10:0xab'])
  })

  it('has a custom revocation store that recognizes every encoding of a capability', () => {
    const output = runFresh(`${MAKE}
      ${inline(guide('requests', 'own-revocation'))}
      const revocation = ownRevocation(new Set(), new Map())
      const [first, second] = [(await make()).cacao, (await make()).cacao]
      await revocation.revoke(first)
      const again = { ...first, h: { t: 'caip122' }, p: { ...first.p, iss: first.p.iss.toLowerCase() } }
      console.log(await revocation.isRevoked(again), await revocation.isRevoked(second))
      await revocation.revokeAll('${ACCOUNT_A}')
      console.log(await revocation.isRevoked(second))
      const [identities, signOuts] = [new Set(), new Map()]
      const { revocationStoreCases } = await import('cacao-session/testing')
      for (const { name, run } of revocationStoreCases({ open: (options) => ownRevocation(identities, signOuts, options) }))
        await run().catch((error) => console.log(name, error.message))
      console.log('done')`)
    expect(output.trim().split('\n')).toEqual(['true false', 'true', 'done'])
  })

  it('runs an action once for each account and key, retries failed ones, and forgets the results', () => {
    const output = runFresh(`
      ${inline(guide('requests', 'idempotent'))}
      const timers = []
      globalThis.setTimeout = (work, ms) => timers.push({ work, ms })
      const results = new Map()
      const act = once(results)
      let count = 0
      const work = async () => ++count
      console.log(...(await Promise.all([act('a', '1', work), act('a', '1', work), act('b', '1', work), act('a', '2', work)])))
      const fail = async () => { throw new Error('down') }
      const throwing = () => { throw new Error('broken') }
      for (const failing of [fail, throwing]) await act('a', '3', failing).catch(({ message }) => console.log(message))
      console.log(await act('a', '3', work), await act('a', '3', work), results.size)
      for (const { work } of timers) work()
      console.log(timers.map(({ ms }) => ms), results.size, await act('a', '1', work))`)
    expect(output.trim().split('\n')).toEqual([
      '1 1 2 3',
      'down',
      'broken',
      '4 4 4',
      '[ 600000, 600000, 600000, 600000 ] 0 5',
    ])
  })

  it('accepts the server’s nonce of a sign-in once', () => {
    const output = runFresh(`${MAKE}
      ${inline(guide('requests', 'nonce'))}
      const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example.com' })
      const signIn = () => DIDSession.authorize(auth, { resources: ['a:b'], nonce: async () => nonce() })
      const { cacao: root } = await signIn()
      const { cacao: old } = await make()
      // What a session's key says of a nonce is no sign of the person.
      const { cacao: link } = await signIn()
      console.log(await isNew({ root, cacao: root }), await isNew({ root, cacao: root }), await isNew({ root: old, cacao: link }))`)
    expect(output.trim()).toBe('true false false')
  })

  it('verifies capabilities and JWS without a request, and requests with native code', () => {
    const output = runFresh(`${MAKE}
      ${inline(guide('requests', 'capability'))}
      const session = await make()
      console.log((await check(session.cacao, session.keyDID)).p.iss, (await problems(session.cacao)).length)
      await check(session.cacao, (await make()).keyDID).catch(({ code }) => console.log(code))
      const forged = { ...session.cacao, p: { ...session.cacao.p, aud: (await make()).keyDID } }
      console.log((await problems(forged)).map(({ code }) => code).join())
      import { toDID } from 'cacao-session/dids'
      const did = await toDID(session)
      const jws = await did.createJWS({ text: 'a note' })
      console.log((await checkJWS(jws, session.cacao)).issuer)`)
    expect(output.trim().split('\n')).toEqual([
      `did:pkh:${ACCOUNT_A}`.concat(' 0'),
      'ERR_CAPABILITY_AUDIENCE',
      'ERR_CAPABILITY_SIGNATURE',
      `did:pkh:${ACCOUNT_A}`,
    ])
    const fast = runFresh(`${MAKE}
      ${inline(guide('requests', 'fast'))}
      const request = await post(await make())
      console.log((await verify(request.clone())).account)
      await verify(request).catch(({ code }) => console.log(code))`)
    expect(fast.trim().split('\n')).toEqual([ACCOUNT_A, 'ERR_REQUEST_REPLAYED'])
  })
})
