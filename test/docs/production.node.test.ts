import { describe, expect, it } from 'vitest'
import { runFresh } from '../setup/fresh-process.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { guide } from './pages.js'
import { inline } from './setup.js'

// The proxies' configurations are in proxies.node.test.ts and in the packed tests, with nginx and Caddy themselves.
const SERVER = `
  import { DIDSession } from 'cacao-session'
  import { ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
  import { requireSession } from 'cacao-session/fetch'
  import { memoryRevocation } from 'cacao-session/verify'
  const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example.com' })
  const signIn = () => DIDSession.authorize(auth, { resources: ['https://api.example.com/*'] })
  const serverWith = (options) => requireSession(
    { verifiers: ethereumVerifiers(), authority: 'api.example.com', domains: ['app.example.com'], resources: ['https://api.example.com/*'], debug: false, ...options },
    () => new Response('done'),
  )
`

describe('the guide to production', () => {
  it('counts admitted requests, and refused ones by their codes', () => {
    const output = runFresh(`${SERVER}
      ${inline(guide('production', 'counters'))}
      const handler = serverWith(countedBy((name, labels) => console.log(name, JSON.stringify(labels))))
      const request = await (await signIn()).signRequest(new Request('https://api.example.com/notes'))
      await handler(request.clone())
      await handler(request)`)
    expect(output.trim().split('\n')).toEqual([
      'requests_admitted {}',
      'requests_refused {"code":"ERR_REQUEST_REPLAYED"}',
    ])
  })

  it('ends a session in the page after the server revoked it', () => {
    const output = runFresh(`${SERVER}
      ${inline(guide('production', 'revoked'))}
      const revocation = memoryRevocation()
      const handler = serverWith({ revocation })
      globalThis.fetch = (request) => handler(request)
      const session = await signIn()
      const send = async () => {
        const { status } = await fetchUntilRevoked(session, 'https://api.example.com/notes')
        console.log(status, session.isAuthorized())
      }
      await send()
      await revocation.revoke(session.cacao)
      await send()`)
    expect(output.trim().split('\n')).toEqual(['200 true', '401 false'])
  })

  it('can block all sessions signed before a time, and single accounts', () => {
    const output = runFresh(`${SERVER}
      ${inline(guide('production', 'measures'))}
      const revocation = memoryRevocation()
      let measures = { blocked: new Set() }
      const handler = serverWith({ revocation: withMeasures(revocation, async () => measures) })
      const ask = async (session) =>
        (await handler(await session.signRequest(new Request('https://api.example.com/notes')))).headers.get('www-authenticate') ?? 'done'
      const session = await signIn()
      console.log(await ask(session))
      measures = { signedUntil: new Date(session.cacao.p.iat), blocked: new Set() }
      console.log(await ask(session))
      measures = { signedUntil: new Date(Date.parse(session.cacao.p.iat) - 1), blocked: new Set() }
      console.log(await ask(session))
      measures = { blocked: new Set(['${ACCOUNT_A}']) }
      console.log(await ask(session))
      measures = { signedUntil: new Date(NaN), blocked: new Set() }
      console.log(await ask(session))
      measures = { blocked: new Set() }
      await revocation.revoke(session.cacao)
      console.log(await ask(session), await ask(await signIn()))`)
    const revoked = 'CACAO error="ERR_CAPABILITY_REVOKED"'
    expect(output.trim().split('\n')).toEqual(['done', revoked, 'done', revoked, revoked, `${revoked} done`])
  })
})
