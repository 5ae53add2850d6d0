import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createSentinel } from 'redis'
import { expect, it, onTestFinished } from 'vitest'
import { redisReplay, redisRevocation } from '../../src/server/redis-stores.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { freePort } from '../engines/free-port.js'
import { startProcess, stopProcess, untilPrinted } from '../engines/processes.js'
import { signed } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { describeRedis, startRedis } from '../setup/redis.js'

const later = (): number => Date.now() + 600_000

describeRedis('Redis with Sentinel', () => {
  it('serves the stores of a Sentinel client, and refuses a primary that evicts keys', async () => {
    const primary = await startRedis()
    onTestFinished(() => primary.stop())
    const port = await startSentinel(primary.port)
    const client = createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port }] })
    client.on('error', () => undefined)
    await client.connect()
    onTestFinished(() => client.destroy())

    const replay = redisReplay(client)
    expect([await replay.use('a', later()), await replay.use('a', later())]).toEqual([true, false])
    const revocation = redisRevocation(client)
    expect(await revocation.isRevoked(signed())).toBe(false)
    await revocation.revoke(signed())
    expect(await revocation.isRevoked(signed())).toBe(true)

    const admin = new Redis(primary.port)
    onTestFinished(() => admin.disconnect())
    await admin.config('SET', 'maxmemory', '100mb')
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () => redisReplay(client).use('b', later()))
    expect(message).toContain('allkeys-lru')
  })
})

/** Starts a Sentinel that calls the Redis server on `primaryPort` `main`, until the test ends. Returns its port. */
async function startSentinel(primaryPort: number): Promise<number> {
  const port = await freePort()
  const file = join(await temporaryFolder(), 'sentinel.conf')
  await writeFile(file, `port ${port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 ${primaryPort} 1\n`)
  const child = startProcess('redis-server', [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => stopProcess(child))
  await untilPrinted(child, child.stdout, /\+monitor /)
  return port
}
