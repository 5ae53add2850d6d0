import { describe, expect, it } from 'vitest'
import { withForgottenScheme } from '../../src/capability/forgotten-scheme.js'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { requestVerifier } from '../../src/http/verify-request.js'
import { seedKey } from '../../src/key/generate-key.js'
import { writeSession } from '../../src/resume/session-string.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAccount, ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { accepting } from '../setup/request-signer.js'
import { KEY_A } from '../setup/wallet.js'

describe('a resource that begins with a host and a port', () => {
  const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' })

  it.each([
    ['localhost:5173/api/*', 'http://localhost:5173/api/*'],
    ['LOCALHOST:3000', 'http://localhost:3000'],
    ['app.localhost:3000/*', 'http://app.localhost:3000/*'],
    ['localhost.example.com:8080/', 'https://localhost.example.com:8080/'],
    ['api.example.com:8443/notes/*', 'https://api.example.com:8443/notes/*'],
    ['api.example.com:443?a', 'https://api.example.com:443?a'],
  ])('%s is refused when a session is asked for, and by servers: %s', async (resource, whole) => {
    expect(withForgottenScheme(resource)).toBe(whole)
    const message = `resources contains "${resource}", which has no scheme: write "${whole}"`
    await expect(DIDSession.authorize(auth, { resources: [resource] })).rejects.toThrow(
      new TypeError(message),
    )
    expect(() => requestVerifier({ ...accepting, resources: [resource] })).toThrow(new TypeError(message))
    await DIDSession.authorize(auth, { resources: [whole] })
    requestVerifier({ ...accepting, resources: [whole] })
  })

  it('is one of the local machine if its host is an IP address of that', () => {
    // No scheme begins with a digit, so only the command line offers this advice; elsewhere it is no URI at all.
    expect(withForgottenScheme('127.0.0.1:8787/A*')).toBe('http://127.0.0.1:8787/A*')
  })

  it.each([
    'eip155:1/erc721:0x06012c8cf97BEaD5deAe237070F9587f8E7A266d/771769',
    'urn:isbn:0451450523',
    'tel:911',
    'com.example.app:notes/1',
    'com.example.app:/1',
    'localhost:notes',
    'ceramic://*?model=kjzl6hvfrbw6c5',
    'http://localhost:5173/api/*',
  ])('is not %s, which has a scheme', async (resource) => {
    expect(withForgottenScheme(resource)).toBeUndefined()
    const { authorizations } = await DIDSession.authorize(auth, { resources: [resource] })
    expect(authorizations).toEqual([resource])
  })
})

it('a stored session that has such a resource can be renewed, but not be given another one', async () => {
  const account = await ethereumAccount(KEY_A)
  const auth = ethereumAuth(KEY_A, account, { domain: 'app.example.com' })
  const key = await seedKey(new Uint8Array(32).fill(7))
  const cacao = await auth({ uri: key.did, resources: ['localhost:5173/api/*'] })
  const session = await DIDSession.fromSession(writeSession(new Uint8Array(32).fill(7), parseCacao(cacao)))
  const renewed = await session.renew(auth, { resources: ['http://localhost:5173/api/*'] })
  expect(renewed.authorizations).toEqual(['localhost:5173/api/*', 'http://localhost:5173/api/*'])
  await expect(session.renew(auth, { resources: ['localhost:5173/*'] })).rejects.toThrow(
    'resources contains "localhost:5173/*", which has no scheme',
  )
})
