import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { requestVerifier } from '../../src/http/verify-request.js'
import { redisReplay } from '../../src/server/redis-stores.js'
import {
  type UpstashOptions,
  upstashDevices,
  upstashReplay,
  upstashRevocation,
} from '../../src/server/upstash.js'
import { signed } from '../setup/capability.js'
import { expectCode, failureOf } from '../setup/expect-code.js'
import { describeRedis, type RedisServer, startRedis } from '../setup/redis.js'
import { accepting, post, testSigner } from '../setup/request-signer.js'
import { startUpstash, type UpstashServer } from '../setup/upstash.js'

const later = (): number => Date.now() + 60_000
const json = (status: number, text: string) => (_: unknown, response: ServerResponse) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)

describeRedis('a Redis by HTTP', () => {
  let redis: RedisServer
  let upstash: UpstashServer
  let options: UpstashOptions
  beforeAll(async () => {
    redis = await startRedis()
    upstash = await startUpstash(redis.port)
    options = { url: upstash.url, token: upstash.token }
  })
  afterEach(() => {
    upstash.answers = undefined
  })
  afterAll(async () => {
    await upstash.stop()
    await redis.stop()
  })

  it('sends one command for each use, which stores the id until after its expiry', async () => {
    const { use } = upstashReplay({ ...options, timeoutMs: 1500.5 })
    const before = upstash.commands.length
    const id = `id ${Math.random()}`
    expect(await use(id, later())).toBe(true)
    const commands = upstash.commands.slice(before)
    expect(commands).toEqual([['SET', `cacao-session:used:${id}`, '1', 'PX', expect.any(Number), 'NX']])
    expect(commands[0]?.[4]).toBeGreaterThan(60_000)
    expect(await use(id, later())).toBe(false)
  })

  const refusals: Readonly<Record<string, (request: unknown, response: ServerResponse) => unknown>> = {
    'an error': json(200, '{"error":"ERR max requests limit exceeded"}'),
    'an error and a result': json(200, '{"result":"OK","error":"ERR"}'),
    'status 400': json(400, '{"error":"ERR syntax error"}'),
    'status 401': json(401, '{"error":"WRONGPASS"}'),
    'status 429': json(429, '{"error":"rate limited"}'),
    'status 500 and a result': json(500, '{"result":"OK"}'),
    'status 201 and a result': json(201, '{"result":"OK"}'),
    'another result': json(200, '{"result":"PONG"}'),
    'a list': json(200, '[{"result":"OK"}]'),
    'no result': json(200, '{}'),
    'an inherited result': json(200, '{"__proto__":{"result":"OK"}}'),
    null: json(200, 'null'),
    'a page': json(200, '<html>OK</html>'),
    'no body': json(200, ''),
    'a redirection': (_, response) =>
      (response as ServerResponse).writeHead(307, { location: `${upstash.url}/elsewhere` }).end(),
    'a connection that breaks': (_, response) => (response as ServerResponse).destroy(),
  }
  it.each(Object.keys(refusals))(
    'that answers with %s makes calls reject with ERR_STORE_UNAVAILABLE',
    async (name) => {
      upstash.answers = refusals[name]
      await expectCode('ERR_STORE_UNAVAILABLE', () => upstashReplay(options).use('a', later()))
      await expectCode('ERR_STORE_UNAVAILABLE', () => upstashRevocation(options).revoke(signed()))
      await expectCode('ERR_STORE_UNAVAILABLE', () => upstashRevocation(options).isRevoked(signed()))
      await expectCode('ERR_STORE_UNAVAILABLE', () => upstashDevices(options).list('eip155:1:0xa'))
    },
  )

  it('that never answers is given up after timeoutMs, and the request to it is aborted', async () => {
    let closed: Promise<unknown> | undefined
    upstash.answers = (request) => {
      closed = new Promise((resolve) => request.once('close', resolve))
    }
    const { use } = upstashReplay({ ...options, timeoutMs: 100 })
    const { message } = await expectCode('ERR_STORE_UNAVAILABLE', () => use('a', later()))
    expect(message).toContain('had no answer within 100 ms')
    await closed
  })

  it('that answers with the page of a gateway says so by its status', async () => {
    upstash.answers = json(502, '<html>Bad gateway</html>')
    const failure = expectCode('ERR_STORE_UNAVAILABLE', () => upstashReplay(options).use('a', later()))
    expect((await failure).message).toContain('502')
    upstash.answers = refusals['a connection that breaks']
    const broken = expectCode('ERR_STORE_UNAVAILABLE', () => upstashReplay(options).use('a', later()))
    expect((await broken).message).toContain('that it can be reached')
  })

  it('that expects another token refuses requests with ERR_STORE_UNAVAILABLE', async () => {
    const { sign } = await testSigner()
    const verify = requestVerifier({
      ...accepting,
      replay: upstashReplay({ ...options, token: 'another', now: accepting.now }),
    })
    const error = await expectCode('ERR_STORE_UNAVAILABLE', async () => verify(await sign(post())))
    expect(error.message).toContain('WRONGPASS')
  })

  it('is called through the given fetch, without a cache and without redirects', async () => {
    const inits: RequestInit[] = []
    const { use } = upstashReplay({
      ...options,
      fetch: async (input, init) => {
        inits.push(init ?? {})
        return fetch(input, init)
      },
    })
    expect(await use(`id ${Math.random()}`, later())).toBe(true)
    expect(inits).toHaveLength(1)
    expect(inits[0]).toMatchObject({ method: 'POST', cache: 'no-store', redirect: 'manual' })
    expect(inits[0]?.signal).toBeInstanceOf(AbortSignal)
  })

  it('does not show its token in errors', async () => {
    const { url } = options
    for (const answers of [refusals['status 401'], refusals['a connection that breaks']]) {
      upstash.answers = answers
      const error = await expectCode('ERR_STORE_UNAVAILABLE', () =>
        upstashReplay({ url, token: 'secret-token' }).use('a', later()),
      )
      expect(`${error} ${error.stack} ${error.cause}`).not.toContain('secret-token')
    }
  })
})

describe('options of the HTTP stores', () => {
  const good = { url: 'https://example.upstash.io', token: 'token' }
  const method = (): undefined => undefined
  it.each<[string, unknown]>([
    ['none', undefined],
    ['no address', { token: 'token' }],
    ['no token', { url: good.url }],
    ['an address that is undefined, as an environment variable may be', { ...good, url: undefined }],
    ['a token that is undefined', { ...good, token: undefined }],
    ['an empty token', { ...good, token: '' }],
    ['a token with a line break', { ...good, token: 'a\nb' }],
    ['the address of Redis itself', { ...good, url: 'rediss://example.upstash.io' }],
    ['an invalid URL', { ...good, url: 'example.upstash.io' }],
    ['a misspelt name', { ...good, timeout: 5 }],
    ['no time', { ...good, timeoutMs: 0 }],
    ['a fetch that is no function', { ...good, fetch: 'fetch' }],
    ['a clock that is no function', { ...good, now: 5 }],
    ['an invalid prefix', { ...good, prefix: 5 }],
  ])('with %s throw a TypeError', async (_, options) => {
    for (const make of [upstashReplay, upstashRevocation, upstashDevices])
      expect(await failureOf(() => make(options as UpstashOptions))).toBeInstanceOf(TypeError)
  })

  const KV = { get: method, put: method, list: method, delete: method, getWithMetadata: method }
  it('that are a Workers KV namespace are refused with the reason, in every replay store', async () => {
    const places: (() => unknown)[] = [
      () => upstashReplay(KV as unknown as UpstashOptions),
      () => redisReplay(KV as never),
      () => requestVerifier({ ...accepting, replay: KV as never }),
    ]
    for (const make of places) {
      const error = await failureOf(make)
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).message).toContain('not atomic')
    }
  })
})
