import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { example as exampleOf, root, textOf } from './docs/pages.js'
import { runFresh } from './setup/fresh-process.js'
import { ACCOUNT_A, KEY_A } from './setup/wallet.js'

const readme = textOf('README.md')
const example = (name: string): string => exampleOf('README.md', name)

describe('the README', () => {
  it('signs in, signs and signs out in a browser', () => {
    const output = runFresh(`
      import 'fake-indexeddb/auto'
      import { privateKeyToAccount } from 'viem/accounts'
      const account = privateKeyToAccount('${KEY_A}')
      const answers = { eth_chainId: () => '0x1', eth_requestAccounts: () => [account.address], personal_sign: ([raw]) => account.signMessage({ message: { raw } }) }
      globalThis.window = { ethereum: { request: async ({ method, params }) => answers[method](params) } }
      globalThis.location = { host: 'localhost:5173' }
      ${example('browser')}
      console.log(session === undefined)
      await signIn()
      globalThis.fetch = async (request) => request
      console.log(session.id, session.cacao.p.domain, (await saveNote('a note')).headers.has('signature'))
      console.log((await DIDSession.load(undefined, { resources })).keyDID === session.keyDID)
      await signOut()
      console.log(await DIDSession.load())`)
    expect(output.trim().split('\n')).toEqual([
      'true',
      `did:pkh:${ACCOUNT_A} localhost:5173 true`,
      'true',
      'undefined',
    ])
  })

  it('stores and resumes a session in a script', () => {
    const output = runFresh(example('script'), { PRIVATE_KEY: KEY_A })
    const [, left] = new RegExp(`^did:pkh:${ACCOUNT_A} for (\\d+) more seconds`).exec(output) ?? []
    // A week, minus the time that has passed.
    expect(Number(left)).toBeLessThanOrEqual(604_800)
    expect(Number(left)).toBeGreaterThan(604_800 - 600)
  })

  it('gets the caller on a server', () => {
    const output = runFresh(`
      import { DIDSession } from 'cacao-session'
      import { ethereumAuth } from 'cacao-session/ethereum'
      ${example('server').replace('export ', '')}
      const make = (domain, resource) => DIDSession.authorize(ethereumAuth('${KEY_A}', undefined, { domain }), { resources: [resource] })
      const post = (session) => session.signRequest(new Request('https://api.example.com/notes/new', { method: 'POST', body: 'a note' }))
      const tell = async (response) => console.log(response.status, await response.text())
      const request = await post(await make('app.example.com', 'https://api.example.com/notes/*'))
      await tell(await app.request(request.clone()))
      await tell(await app.request(request))
      await tell(await app.request(await post(await make('evil.example.com', 'https://api.example.com/notes/*'))))
      await tell(await app.request(await post(await make('app.example.com', 'https://api.example.com/other'))))
      const origin = 'https://app.example.com'
      const refused = await app.request(new Request(request.url, { method: 'POST', headers: { origin } }))
      console.log(refused.headers.get('access-control-allow-origin'))
      await tell(refused)
      const asked = { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'signature' }
      const preflight = await app.request(new Request(request.url, { method: 'OPTIONS', headers: asked }))
      console.log(preflight.status, preflight.headers.get('access-control-allow-headers'))`)
    expect(output.trim().split('\n')).toEqual([
      `200 {"by":"${ACCOUNT_A}","note":"a note"}`,
      '401 {"code":"ERR_REQUEST_REPLAYED"}',
      '401 {"code":"ERR_CAPABILITY_DOMAIN"}',
      '403 {"code":"ERR_CAPABILITY_RESOURCES"}',
      'https://app.example.com',
      '401 {"code":"ERR_REQUEST_UNSIGNED"}',
      '204 signature',
    ])
  })

  it('names every entry, and no missing file', () => {
    const { exports: entries } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: object
    }
    for (const entry of Object.keys(entries).filter((name) => name !== './package.json')) {
      expect(readme).toContain(`| \`${entry.replace('.', 'cacao-session')}\` |`)
    }
    for (const [, path] of readme.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g))
      expect(existsSync(join(root, path ?? '')), path).toBe(true)
  })

  it('links only to published files or other sites', () => {
    const { files } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { files: string[] }
    const isPublished = (path: string): boolean =>
      files.some((published) => path === published || path.startsWith(`${published}/`))
    const paths = Array.from(
      readme.matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g),
      ([, path = '']) => path,
    )
    expect(paths.length).toBeGreaterThan(20)
    expect(paths.filter((path) => !isPublished(path))).toEqual([])
    expect(isPublished('docs/decisions/README.md')).toBe(false)
  })
})
