import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from 'redis'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import type { Cacao } from '../../src/capability/cacao.js'
import type { RevocationStore } from '../../src/http/revocation.js'
import { fileRevocation } from '../../src/node/file-revocation.js'
import { redisRevocation } from '../../src/server/redis-stores.js'
import { TestPasskeys } from '../setup/passkey.js'
import { signedByPasskey } from '../setup/passkey-capability.js'
import { twinOf } from '../setup/passkey-twin.js'
import { describeRedis, type RedisServer, startRedis } from '../setup/redis.js'
import { ORIGIN } from '../setup/with-passkeys.js'

/** Neither name of a passkey's capability outlives the other one. */
async function catchesBoth(open: () => Promise<RevocationStore> | RevocationStore): Promise<void> {
  const passkeys = new TestPasskeys(ORIGIN)
  const fresh = (nonce: string): Promise<Cacao> => signedByPasskey(passkeys, {}, { nonce })
  const [one, two, three] = [await fresh('nonce00001'), await fresh('nonce00002'), await fresh('nonce00003')]
  await (await open()).revoke(one)
  await (await open()).revoke(twinOf(two))
  const isRevoked = async (cacao: Cacao) => (await open()).isRevoked(cacao)
  for (const cacao of [one, twinOf(one), two, twinOf(two)]) expect(await isRevoked(cacao)).toBe(true)
  for (const cacao of [three, twinOf(three)]) expect(await isRevoked(cacao)).toBe(false)
  await (await open()).revokeAll(three.p.iss)
  for (const cacao of [three, twinOf(three)]) expect(await isRevoked(cacao)).toBe(true)
}

it('fileRevocation revokes a passkey’s capability for both keys that fit its signature', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cacao-session-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await catchesBoth(() => fileRevocation(join(folder, 'revoked.jsonl')))
})

describeRedis('redis-server', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis()
  })
  afterAll(() => server.stop())

  it('redisRevocation revokes a passkey’s capability for both keys that fit its signature', async () => {
    const client = await createClient({ url: server.url }).connect()
    onTestFinished(() => client.destroy())
    await catchesBoth(() => redisRevocation(client))
  })
})
