import { chmod, mkdir, rename, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createClient } from 'redis'
import { onTestFinished } from 'vitest'
import { requestVerifier } from '../../src/http/verify-request.js'
import { fileRevocation } from '../../src/node/file-revocation.js'
import { fileStore } from '../../src/node/file-store.js'
import { redisReplay, redisRevocation } from '../../src/server/redis-stores.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth } from '../../src/wallet/ethereum/index.js'
import { temporaryFolder } from '../e2e/temporary-folder.js'
import { describeRedis, startRedis } from '../setup/redis.js'
import { accepting, post, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { type Attack, tryAttacks } from './kit/try-attacks.js'

// Attacks on the files and the Redis of a server.

const auth = ethereumAuth(KEY_A, undefined, { domain: 'example.com' })
const resources = ['https://api.example.com/notes/*']

/** A file of sessions after it was changed. */
const tampered = (happens: (path: string) => Promise<unknown>) => async (): Promise<unknown> => {
  const path = join(await temporaryFolder(), 'own', 'sessions')
  await mkdir(dirname(path), { mode: 0o700 })
  await DIDSession.get(ACCOUNT_A, auth, { resources, store: fileStore(path) })
  await happens(path)
  return DIDSession.load(ACCOUNT_A, { store: fileStore(path) })
}
const linked = async (path: string): Promise<void> => {
  await rename(path, `${path}-elsewhere`)
  await symlink(`${path}-elsewhere`, path)
}
const revocations = (happens: (path: string) => Promise<unknown>) => async (): Promise<unknown> => {
  const path = join(await temporaryFolder(), 'own', 'revoked')
  await mkdir(dirname(path), { mode: 0o700 })
  const { sign } = await testSigner()
  await fileRevocation(path).revoke((await testSigner()).cacao)
  await happens(path)
  return requestVerifier({ ...accepting, revocation: fileRevocation(path) })(await sign(post()))
}

tryAttacks('a file that others can write', [
  ['(a file that only its owner can write)', tampered(async () => undefined), 'accepted'],
  ['writable by the group', tampered((path) => chmod(path, 0o620)), 'ERR_STORE_UNAVAILABLE'],
  ['writable by everyone', tampered((path) => chmod(path, 0o666)), 'ERR_STORE_UNAVAILABLE'],
  [
    'in a folder where anyone can replace it',
    tampered((path) => chmod(dirname(path), 0o777)),
    'ERR_STORE_UNAVAILABLE',
  ],
  ['a symbolic link to another file', tampered(linked), 'ERR_STORE_UNAVAILABLE'],
  ['(a revocation file that only its owner can write)', revocations(async () => undefined), 'accepted'],
  [
    'a revocation file writable by the group',
    revocations((path) => chmod(path, 0o660)),
    'ERR_STORE_UNAVAILABLE',
  ],
  [
    'a revocation file in a folder writable by everyone',
    revocations((path) => chmod(dirname(path), 0o777)),
    'ERR_STORE_UNAVAILABLE',
  ],
  ['a revocation file that is a symbolic link', revocations(linked), 'ERR_STORE_UNAVAILABLE'],
])

/** A request to a server with a Redis of this policy, which may evict keys that must be kept. */
const onRedis = (policy: string, make: 'replay' | 'revocation') => async (): Promise<unknown> => {
  const server = await startRedis([
    '--maxmemory',
    '2mb',
    '--maxmemory-policy',
    policy,
    '--client-query-buffer-limit',
    '1mb',
  ])
  onTestFinished(() => server.stop())
  const client = await createClient({ url: server.url }).connect()
  onTestFinished(() => client.destroy())
  const stores = { replay: () => redisReplay(client), revocation: () => redisRevocation(client) }
  const signer = await testSigner()
  const verify = requestVerifier({ ...accepting, now: Date.now, [make]: stores[make]() })
  return verify(await signer.sign(post(), Date.now()))
}
const EVICTING = [
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
]

describeRedis('redis-server', () => {
  tryAttacks('a Redis that evicts keys', [
    ['(a Redis that does not)', onRedis('noeviction', 'revocation'), 'accepted'],
    ...EVICTING.flatMap((policy): Attack[] => [
      [`revocations with ${policy}`, onRedis(policy, 'revocation'), 'ERR_STORE_UNAVAILABLE'],
      [`used requests with ${policy}`, onRedis(policy, 'replay'), 'ERR_STORE_UNAVAILABLE'],
    ]),
  ])
})
