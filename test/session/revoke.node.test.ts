import { createServer } from 'node:http'
import { expect, it } from 'vitest'
import { DIDSession } from '../../src/session/did-session.js'
import { memoryStore } from '../../src/store/memory-store.js'
import { testWallet } from '../../src/testing/index.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { listening } from '../http/hostile-servers.js'
import { expectCode } from '../setup/expect-code.js'
import { ACCOUNT_A } from '../setup/wallet.js'

it('revoke does not count a page behind a redirect as success', async () => {
  const seen: unknown[] = []
  const server = createServer((request, response) => {
    seen.push(request.url)
    if (request.url === '/login') response.end('Who are you?')
    else response.writeHead(302, { location: '/login' }).end()
  })
  const port = await listening(server)

  const auth = ethereumAuth(testWallet().provider, undefined, { domain: 'app.example' })
  const store = memoryStore()
  const session = await DIDSession.get(ACCOUNT_A, auth, { resources: [`http://127.0.0.1:${port}/*`], store })
  await expectCode('ERR_REVOCATION_FAILED', () => session.revoke(`http://127.0.0.1:${port}/sign-out`))
  expect(seen).toEqual(['/sign-out'])
  expect(await DIDSession.load(ACCOUNT_A, { store })).toBeDefined()
})

it.each<[string, unknown, object]>([
  ['no URL', undefined, {}],
  ['an invalid URL', 'sign-out', {}],
  ['a misspelt option', 'https://api.example/sign-out', { origin: ['https://api.example'] }],
  ['an invalid origin', 'https://api.example/sign-out', { origins: ['api.example'] }],
  ['a header that means something else', 'https://api.example/sign-out', { capabilityHeader: 'Cookie' }],
  ['an invalid signal', 'https://api.example/sign-out', { signal: true }],
])(
  'revoke with %s rejects with a TypeError and not as if the server were unreachable',
  async (_, url, options) => {
    const auth = ethereumAuth(testWallet().provider, undefined, { domain: 'app.example' })
    const store = memoryStore()
    const session = await DIDSession.get(ACCOUNT_A, auth, { resources: ['https://api.example/*'], store })
    await expect(session.revoke(url as string, options)).rejects.toBeInstanceOf(TypeError)
    expect(session.isAuthorized()).toBe(true)
  },
)
