import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { freePort } from '../../engines/free-port.js'
import { describeRedis, type RedisServer, startRedis } from '../../setup/redis.js'
import { ACCOUNT_A, KEY_A } from '../../setup/wallet.js'
import { answer, sessionFor } from '../api-client.js'
import { attackExample } from '../attack-example.js'
import { type ExampleFolder, exampleFolder } from '../example-folder.js'
import { npmRun, npmStart } from '../npm-script.js'

describeRedis('examples/hono-redis', () => {
  let folder: ExampleFolder
  let redis: RedisServer
  let env: Record<'PORT' | 'REDIS_URL' | 'PRIVATE_KEY', string>
  beforeAll(async () => {
    ;[folder, redis] = await Promise.all([exampleFolder('hono-redis'), startRedis()])
    env = { PORT: String(await freePort()), REDIS_URL: redis.url, PRIVATE_KEY: KEY_A }
  })
  afterAll(async () => {
    await redis?.stop()
    await folder?.remove()
  })

  it('shows that all processes share used requests and revocations', async () => {
    const [listening, ...answers] = await npmRun(folder, 'start', env)
    expect(listening).toBe(`API: http://localhost:${env.PORT}/, by 3 processes`)
    const told = answers.map((line) => /^(.+), to process (\d): (.+)$/.exec(line)?.slice(1) ?? [])
    expect(told.map(([what, , said]) => [what, said])).toEqual([
      ['A request', `200 {"account":"${ACCOUNT_A}"}`],
      ['The same again', '401 {"code":"ERR_REQUEST_REPLAYED"}'],
      ...Array(3).fill(['After signing out', '401 {"code":"ERR_CAPABILITY_REVOKED"}']),
    ])
    const [first, second, ...late] = told.map(([, process]) => process)
    expect(first).not.toBe(second)
    expect(late.sort()).toEqual(['1', '2', '3'])
  })

  it('refuses every attack, in whichever process', async () => {
    const server = await npmStart(folder, 'server', /^API: /m, env)
    try {
      await attackExample(env.PORT)
    } finally {
      await server.stop()
    }
  })

  it('refuses with 503 while Redis is down, and admits again afterwards', async () => {
    const server = await npmStart(folder, 'server', /^API: /m, env)
    try {
      const api = `http://localhost:${env.PORT}`
      const me = `${api}/api/me`
      const session = await sessionFor(api)
      const other = await sessionFor(api)
      expect(await answer(session.fetch(me))).toEqual([200, { account: ACCOUNT_A }])
      const shown = await npmRun(folder, 'client', env)
      expect(shown.at(-1)).toContain('401 {"code":"ERR_CAPABILITY_REVOKED"}')
      await redis.kill()
      for (let process = 0; process < 3; process++)
        expect(await answer(session.fetch(me))).toEqual([503, 'ERR_STORE_UNAVAILABLE'])
      await redis.restart()
      const statuses = () =>
        Promise.all(Array.from({ length: 3 }, async () => (await session.fetch(me)).status))
      await vi.waitFor(async () => expect(await statuses()).toEqual([200, 200, 200]), { timeout: 120_000 })

      const late = await other.signRequest(new Request(me))
      expect((await session.fetch(`${api}/api/sign-out-everywhere`, { method: 'POST' })).status).toBe(204)
      expect(await answer(fetch(late))).toEqual([401, 'ERR_CAPABILITY_REVOKED'])
    } finally {
      await server.stop()
    }
  })

  it('shows an error if there is no Redis', async () => {
    const nowhere = `redis://127.0.0.1:${await freePort()}`
    const running = npmRun(folder, 'start', { ...env, REDIS_URL: nowhere })
    await expect(running).rejects.toThrow(`There is no Redis at ${nowhere}: start redis-server`)
  })
})
