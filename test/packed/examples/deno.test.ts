import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startUntil } from '../../e2e/example-process.js'
import { freePort } from '../../engines/free-port.js'
import { ACCOUNT_A, KEY_A } from '../../setup/wallet.js'
import { answer, sessionFor } from '../api-client.js'
import { attackExample } from '../attack-example.js'
import { ownEnv, run } from '../command.js'
import { type ExampleFolder, exampleFolder } from '../example-folder.js'
import { onPath } from '../runtimes/on-path.js'

describe('examples/deno', () => {
  let folder: ExampleFolder
  beforeAll(async () => {
    folder = await exampleFolder('deno')
  })
  afterAll(() => folder?.remove())

  const task = (name: string, env: Readonly<Record<string, string>> = {}) =>
    run('deno', ['task', '--quiet', name], { cwd: folder.path, env: { ...onPath, ...env } })

  it('shows an API and its client, with a session and without', async () => {
    const env = { PORT: String(await freePort()), PRIVATE_KEY: KEY_A }
    const { stdout, stderr } = await task('start', env)
    const me = expect.stringContaining(`200 {"account":"${ACCOUNT_A}","until":"20`)
    expect(stdout.trim().split('\n')).toEqual([
      `API: http://localhost:${env.PORT}/`,
      'A public route: 200 {"about":"An API for people who sign in with a wallet"}',
      'Without a session: 401 {"code":"ERR_REQUEST_UNSIGNED"}',
      me,
      me,
      'Sent twice: 401 {"code":"ERR_REQUEST_REPLAYED"}',
      'Sent after signing out: 401 {"code":"ERR_CAPABILITY_REVOKED"}',
    ])
    expect(stderr.replace(/^cacao-session refused .*\n/gm, '')).toBe('')
  })

  it('refuses invalid requests, and remembers sign-outs after a restart', async () => {
    const env = { ...ownEnv(), ...onPath, PORT: String(await freePort()) }
    const start = () => startUntil(/^API: /m, 'deno', ['task', 'server'], { cwd: folder.path, env })
    const api = `http://localhost:${env.PORT}`
    const session = await sessionFor(api)
    const late = await session.signRequest(new Request(`${api}/api/me`))
    const before = await start()
    try {
      const elsewhere = await sessionFor(api, { domain: 'evil.example.com' })
      const narrow = await sessionFor(api, { path: '/api/me' })
      expect(await answer(elsewhere.fetch(`${api}/api/me`))).toEqual([401, 'ERR_CAPABILITY_DOMAIN'])
      expect(await answer(narrow.fetch(`${api}/api/me`))).toEqual([403, 'ERR_CAPABILITY_RESOURCES'])
      expect(await answer(session.fetch(`${api}/api/none`))).toEqual([404, 'ERR_NOT_FOUND'])
      expect(await answer(session.fetch(`${api}/api/me`))).toEqual([200, expect.anything()])
      const { stdout } = await task('client', { PORT: env.PORT })
      expect(stdout).toContain('Sent after signing out: 401 {"code":"ERR_CAPABILITY_REVOKED"}')
      await session.revoke(`${api}/api/sign-out`)
    } finally {
      await before.stop()
    }
    const after = await start()
    try {
      expect(await answer(fetch(late))).toEqual([401, 'ERR_CAPABILITY_REVOKED'])
    } finally {
      await after.stop()
    }
  })

  it('refuses every attack', async () => {
    const env = { ...ownEnv(), ...onPath, PORT: String(await freePort()) }
    const server = await startUntil(/^API: /m, 'deno', ['task', 'server'], { cwd: folder.path, env })
    try {
      await attackExample(env.PORT)
    } finally {
      await server.stop()
    }
  })

  it('has correct types', async () => {
    await task('check')
    await writeFile(join(folder.path, 'wrong.ts'), "import { server } from './server.ts'\nserver.ports\n")
    await expect(task('check')).rejects.toThrow('TS2339')
  })
})
