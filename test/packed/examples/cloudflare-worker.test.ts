import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toPort } from '../../attacks/kit/socket-server.js'
import { startUntil } from '../../e2e/example-process.js'
import { freePort } from '../../engines/free-port.js'
import { ACCOUNT_A, KEY_A } from '../../setup/wallet.js'
import { answer, sessionFor } from '../api-client.js'
import { attackExample } from '../attack-example.js'
import { ownEnv, run } from '../command.js'
import { type ExampleFolder, exampleFolder } from '../example-folder.js'
import { npmRun } from '../npm-script.js'
import { installedNode } from '../runtimes/installed.js'
import { workerStoresScript } from './worker-stores.js'

describe('examples/cloudflare-worker', () => {
  let folder: ExampleFolder
  let port: string
  beforeAll(async () => {
    folder = await exampleFolder('cloudflare-worker')
    port = String(await freePort())
  })
  afterAll(() => folder?.remove())

  /** As `npm start` does, on another port and without telemetry. */
  async function serving(work: (api: string) => Promise<void>): Promise<void> {
    const args = ['start', '--', '--port', port, '--var', `HOST:localhost:${port}`]
    const quiet = { WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' }
    const env = { ...ownEnv(), ...quiet, XDG_CONFIG_HOME: join(folder.path, 'config') }
    const worker = await startUntil(/Ready on/, 'npm', args, { cwd: folder.path, env })
    try {
      await work(`http://localhost:${port}`)
    } finally {
      await worker.stop()
    }
  }

  it('remembers used requests and sign-outs, after a restart too', async () => {
    let sent: Request | undefined
    let late: Request | undefined
    await serving(async (api) => {
      expect(await npmRun(folder, 'client', { PORT: port, PRIVATE_KEY: KEY_A })).toEqual([
        'A public route: 200 {"about":"An API for people who sign in with a wallet"}',
        'Without a session: 401 {"code":"ERR_REQUEST_UNSIGNED"}',
        `With a session: 200 {"account":"${ACCOUNT_A}"}`,
        `Signed once: 200 {"account":"${ACCOUNT_A}"}`,
        'Sent twice: 401 {"code":"ERR_REQUEST_REPLAYED"}',
        'Sent after signing out: 401 {"code":"ERR_CAPABILITY_REVOKED"}',
      ])
      const me = `${api}/api/me`
      const [session, leaving] = await Promise.all([sessionFor(api), sessionFor(api)])
      const elsewhere = await sessionFor(api, { domain: 'evil.example.com' })
      const narrow = await sessionFor(api, { path: '/api/me' })
      expect(await answer(elsewhere.fetch(me))).toEqual([401, 'ERR_CAPABILITY_DOMAIN'])
      expect(await answer(narrow.fetch(me))).toEqual([403, 'ERR_CAPABILITY_RESOURCES'])
      expect(await answer(session.fetch(`${api}/api/none`))).toEqual([404, 'ERR_NOT_FOUND'])

      sent = await session.signRequest(new Request(me))
      const both = await Promise.all([answer(fetch(sent.clone())), answer(fetch(sent.clone()))])
      expect(both.map(([status]) => status).sort()).toEqual([200, 401])
      late = await leaving.signRequest(new Request(me))
      await leaving.revoke(`${api}/api/sign-out`)
      expect(await answer(session.fetch(me))).toEqual([200, { account: ACCOUNT_A }])
    })
    await serving(async () => {
      expect(await answer(fetch(sent as Request))).toEqual([401, 'ERR_REQUEST_REPLAYED'])
      expect(await answer(fetch(late as Request))).toEqual([401, 'ERR_CAPABILITY_REVOKED'])
    })
  })

  it('has stores that pass the test suite, after a restart too', async () => {
    const script = join(folder.path, 'stores-under-test.mjs')
    await writeFile(script, await workerStoresScript(folder.path))
    const { stdout } = await run(installedNode(24), ['--no-warnings', script], { cwd: folder.path })
    const { outcomes, facts } = JSON.parse(stdout) as { outcomes: string[][]; facts: Record<string, boolean> }
    expect(outcomes.length).toBeGreaterThan(7)
    expect(outcomes.filter(([, outcome]) => outcome !== 'done')).toEqual([])
    expect(facts).toEqual({
      forgottenIsUsed: true,
      isNotRevoked: true,
      isRevoked: true,
      isStillRevoked: true,
    })
  })

  it('refuses every attack', async () => {
    await serving(async () => {
      // Wrangler answers these requests itself, even on public paths.
      const wire = { method: 'GET', host: `localhost:${port}`, headers: [], body: new Uint8Array() }
      const { status } = await toPort(
        Number(port),
        'localhost',
      )({ ...wire, target: 'https://a.example/about' })
      expect(status).toBe(500)
      await attackExample(port, { seesAbsoluteTargets: false })
    })
  })

  it('has correct types', async () => {
    await run('npm', ['run', 'check'], { cwd: folder.path })
  })
})
