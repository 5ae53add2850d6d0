import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startUntil } from '../../e2e/example-process.js'
import { freePort } from '../../engines/free-port.js'
import { ACCOUNT_A, KEY_A } from '../../setup/wallet.js'
import { answer, sessionFor } from '../api-client.js'
import { attackExample } from '../attack-example.js'
import { ownEnv, run } from '../command.js'
import { type ExampleFolder, exampleFolder } from '../example-folder.js'
import { onPath } from '../runtimes/on-path.js'

type Env = Readonly<Record<string, string>>

describe('examples/bun', () => {
  let folder: ExampleFolder
  let port: string
  beforeAll(async () => {
    folder = await exampleFolder('bun')
    port = String(await freePort())
  })
  afterAll(() => folder?.remove())

  async function bun(script: string, args: readonly string[], env: Env): Promise<string[]> {
    const options = { cwd: folder.path, env: { ...onPath, PORT: port, ...env } }
    const { stdout } = await run('bun', ['--silent', 'run', script, ...args], options)
    return stdout.trim().split('\n')
  }
  const serving = async (work: () => Promise<void>): Promise<void> => {
    const env = { ...ownEnv(), ...onPath, PORT: port }
    const server = await startUntil(/^API: /m, 'bun', ['run', 'server'], { cwd: folder.path, env })
    try {
      await work()
    } finally {
      await server.stop()
    }
  }

  it('shows an API and its client, which signs in once and resumes its session until it signs out', async () => {
    const env = { SESSION_FILE: 'shown.json', PRIVATE_KEY: KEY_A }
    const first = await bun('start', [], env)
    const session = expect.stringMatching(new RegExp(`^did:pkh:${ACCOUNT_A} by did:key:z6Mk`))
    expect(first).toEqual([
      `API: http://localhost:${port}/`,
      'Signing in',
      session,
      'A public route: 200 {"about":"An API for people who sign in with a wallet"}',
      'Without a session: 401 {"code":"ERR_REQUEST_UNSIGNED"}',
      `With a session: 200 {"account":"${ACCOUNT_A}"}`,
      `Signed once: 200 {"account":"${ACCOUNT_A}"}`,
      'Sent twice: 401 {"code":"ERR_REQUEST_REPLAYED"}',
    ])
    const second = await bun('start', [], env)
    expect(second).toEqual(first.filter((line) => line !== 'Signing in'))
    expect(await bun('start', ['--sign-out'], env)).toEqual([
      ...second.slice(0, 2),
      'Sent after signing out: 401 {"code":"ERR_CAPABILITY_REVOKED"}',
    ])
    const [, signingIn, another] = await bun('start', [], env)
    expect([signingIn, another]).toEqual(['Signing in', session])
    expect(another).not.toBe(second[1])
  })

  it('lets several processes write the file at the same time, and all use the stored session', async () => {
    await serving(async () => {
      const env = { SESSION_FILE: 'shared.json', PRIVATE_KEY: KEY_A }
      const four = async () => (await Promise.all([1, 2, 3, 4].map(() => bun('client', [], env)))).flat()
      expect((await four()).filter((line) => line.startsWith('With a session: 200'))).toHaveLength(4)
      const later = await four()
      expect(later).not.toContain('Signing in')
      expect(new Set(later.filter((line) => line.startsWith('did:'))).size).toBe(1)
      expect(later.filter((line) => line.startsWith('With a session: 200'))).toHaveLength(4)
    })
  })

  it('refuses invalid requests, and remembers sign-outs after a restart', async () => {
    const api = `http://localhost:${port}`
    const session = await sessionFor(api)
    const late = await session.signRequest(new Request(`${api}/api/me`))
    await serving(async () => {
      const elsewhere = await sessionFor(api, { domain: 'evil.example.com' })
      const narrow = await sessionFor(api, { path: '/api/me' })
      expect(await answer(elsewhere.fetch(`${api}/api/me`))).toEqual([401, 'ERR_CAPABILITY_DOMAIN'])
      expect(await answer(narrow.fetch(`${api}/api/me`))).toEqual([403, 'ERR_CAPABILITY_RESOURCES'])
      expect(await answer(session.fetch(`${api}/api/none`))).toEqual([404, 'ERR_NOT_FOUND'])
      expect(await answer(session.fetch(`${api}/api/me`))).toEqual([200, { account: ACCOUNT_A }])
      await session.revoke(`${api}/api/sign-out`)
    })
    await serving(async () => {
      expect(await answer(fetch(late))).toEqual([401, 'ERR_CAPABILITY_REVOKED'])
    })
  })

  it('refuses every attack', () => serving(() => attackExample(port)))

  it('has correct types', async () => {
    await run('npm', ['run', 'check'], { cwd: folder.path })
  })
})
