import { describe, expect, it } from 'vitest'
import { memoryDevices } from '../../src/http/devices.js'
import { nonces } from '../../src/http/nonces.js'
import { memoryReplay } from '../../src/http/replay.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { fileRevocation } from '../../src/node/file-revocation.js'
import { redisDevices } from '../../src/server/redis-devices.js'
import { redisReplay, redisRevocation } from '../../src/server/redis-stores.js'
import { sqlDevices, sqlMigration, sqlReplay, sqlRevocation } from '../../src/server/sql.js'
import { upstashDevices, upstashReplay, upstashRevocation } from '../../src/server/upstash.js'
import { indexedDBStore } from '../../src/store/indexeddb-store.js'

// A misspelt option must be an error: a store with a wrong prefix would find no revocation.

const redis = { call: async () => null }
const database = { prepare: () => ({ all: () => [] }), exec: () => undefined, pragma: () => undefined }
const upstash = { url: 'https://redis.example.com', token: 'token' }
const upstashOptions = (options: unknown) => ({ ...upstash, ...(options as object) })
type Open = (options: never) => unknown

const OPEN: readonly [name: string, open: Open, own: object][] = [
  ['memoryReplay', memoryReplay, { maxEntries: 5 }],
  ['memoryRevocation', memoryRevocation, {}],
  ['memoryDevices', memoryDevices, { maxPerAccount: 5, maxAccounts: 5 }],
  [
    'nonces',
    nonces,
    { expiresInSecs: 60, secret: Uint8Array.from({ length: 32 }, (_, i) => i), replay: memoryReplay() },
  ],
  ['indexedDBStore', indexedDBStore, { name: 'app', openTimeoutMs: 500 }],
  ['fileRevocation', (options) => fileRevocation('/tmp/revoked.jsonl', options), {}],
  ['redisReplay', (options) => redisReplay(redis, options), { prefix: 'app:', evictionCheck: false }],
  ['redisRevocation', (options) => redisRevocation(redis, options), { prefix: 'app:', evictionCheck: true }],
  ['redisDevices', (options) => redisDevices(redis, options), { prefix: 'app:', maxPerAccount: 5 }],
  ['upstashReplay', (options) => upstashReplay(upstashOptions(options)), { prefix: 'app:', timeoutMs: 500 }],
  ['upstashRevocation', (options) => upstashRevocation(upstashOptions(options)), { prefix: 'app:' }],
  ['upstashDevices', (options) => upstashDevices(upstashOptions(options)), { prefix: 'app:' }],
  ['sqlReplay', (options) => sqlReplay(database, options), { prefix: 'app_' }],
  ['sqlRevocation', (options) => sqlRevocation(database, options), { prefix: 'app_' }],
  ['sqlDevices', (options) => sqlDevices(database, options), { prefix: 'app_', maxPerAccount: 5 }],
]

describe.each(OPEN)('%s', (name, open, own) => {
  const clock = name === 'indexedDBStore' ? {} : { now: Date.now }
  it('accepts its options, and a clock if it has one', () => {
    expect(open({ ...own, ...clock } as never)).toBeTypeOf('object')
    expect(
      open({
        ...own,
        ...Object.fromEntries(Object.keys(clock).map((option) => [option, undefined])),
      } as never),
    ).toBeTypeOf('object')
  })

  it.each([...Object.keys(own), ...Object.keys(clock)])(
    'throws a TypeError for %s of another type, and names the option',
    (option) => {
      expect(() => open({ ...own, [option]: Symbol('wrong') } as never)).toThrow(
        expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(`${option} must`) }),
      )
    },
  )

  it('throws a TypeError for a misspelt option', () => {
    expect(() => open({ ...own, prefx: 'app' } as never)).toThrow(
      /^there is no option "prefx" here; there are /,
    )
  })
})

describe.each(OPEN.filter(([name]) => !name.startsWith('upstash')))('%s', (_, open) => {
  it.each([null, 5, 'app:', [], new Map()])('throws a TypeError for options that are %s', (options) => {
    expect(() => open(options as never)).toThrow('options must be a plain object')
  })
})

describe('sqlMigration', () => {
  it('accepts the prefix of the stores, and throws for a misspelt option', () => {
    expect(sqlMigration('sqlite', { prefix: 'app_' })).toContain('app_used')
    expect(() => sqlMigration('sqlite', { prefx: 'app_' } as never)).toThrow(
      'there is no option "prefx" here',
    )
    expect(() => sqlMigration('sqlite', null as never)).toThrow('options must be a plain object')
  })
})

describe('nonces', () => {
  // For example, from an environment variable that isn't set: each server would then accept a nonce once.
  it.each(['secret', 'replay'])('throws if the shared option %s is undefined', (option) => {
    expect(() => nonces({ [option]: undefined })).toThrow(`${option} is undefined`)
  })

  it('throws for too long a lifetime, and for a replay option that is no store', () => {
    expect(nonces({ expiresInSecs: 31_536_000 }).issue()).toHaveLength(52)
    expect(() => nonces({ expiresInSecs: 1e300 })).toThrow('expiresInSecs must be')
    expect(() => nonces({ replay: {} as never })).toThrow('replay must be a store with a method use')
  })
})
