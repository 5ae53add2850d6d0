import type { Clock } from '../base/environment.js'
import { SessionError } from '../base/errors.js'
import {
  functionOption,
  type OptionReaders,
  type ReadValue,
  readOptions,
  required,
  setting,
  wrong,
} from '../base/options.js'
import type { DeviceStore } from '../http/devices.js'
import { type ReplayStore, refuseWorkersKV } from '../http/replay.js'
import type { RevocationStore } from '../http/revocation.js'
import { type IORedisClient, STORE_READERS } from './redis-client.js'
import { redisDevices } from './redis-devices.js'
import { redisReplay, redisRevocation } from './redis-stores.js'

export type { AccountInput } from '../base/account.js'
export type { Clock } from '../base/environment.js'
export type { Cacao } from '../capability/cacao.js'
export type { DeviceStore, SeenDevice } from '../http/devices.js'
export type { ReplayStore } from '../http/replay.js'
export type { RevocationStore } from '../http/revocation.js'

/** How to reach a Redis over HTTP, by Upstash's REST API. */
export interface UpstashOptions {
  /** The URL of the REST API, such as `https://eu1-….upstash.io`. */
  url: string
  /** The token of the REST API. It must allow writing. */
  token: string
  /** The prefix of the keys; the same as that of the Redis stores by default. */
  prefix?: string
  /** Milliseconds that an answer may take; 2000 by default. */
  timeoutMs?: number
  /** Sends the requests; the global `fetch` by default. */
  fetch?: typeof fetch
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

/**
 * Remembers used requests in a Redis that is reached over HTTP, by Upstash's REST API. It is for edge runtimes, which have no sockets.
 * Each use is one request with one `SET … NX PX`. If the answer is not that of this command, or does not arrive within `timeoutMs`,
 * `use` rejects with `ERR_STORE_UNAVAILABLE`, so that the request is refused. Throws a `TypeError` for wrong options.
 *
 * Leave the database's eviction off, as it is by default. Otherwise used requests could be forgotten, and this API can't detect it.
 *
 * @example
 * const replay = upstashReplay({ url: env.UPSTASH_REDIS_REST_URL, token: env.UPSTASH_REDIS_REST_TOKEN })
 */
export function upstashReplay(options: UpstashOptions): ReplayStore {
  const { client, ...others } = upstash(options)
  return redisReplay(client, { ...others, evictionCheck: false })
}

/**
 * Keeps revocations in a Redis that is reached over HTTP, as `upstashReplay` does. In a database with read replicas, a revocation takes
 * effect a moment later in other regions. Throws a `TypeError` for wrong options.
 *
 * @example
 * const revocation = upstashRevocation({ url, token })
 * await revocation.revoke(caller.cacao) // this session is signed out
 */
export function upstashRevocation(options: UpstashOptions): RevocationStore {
  const { client, ...others } = upstash(options)
  return redisRevocation(client, { ...others, evictionCheck: false })
}

/**
 * Remembers devices in a Redis that is reached over HTTP, as `upstashReplay` does; at most 100 sessions for each account, those seen
 * last. Throws a `TypeError` for wrong options.
 *
 * @example
 * const devices = upstashDevices({ url, token })
 * app.use('/api/*', requireSession({ ...options, devices: { store: devices } }))
 */
export function upstashDevices(options: UpstashOptions): DeviceStore {
  const { client, ...others } = upstash(options)
  return redisDevices(client, others)
}

const urlOption: ReadValue<string> = (value, name) => {
  const isURL = typeof value === 'string' && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
  if (isURL) return value
  throw wrong(name, 'the URL of the REST API: "https://….upstash.io"')
}

const tokenOption: ReadValue<string> = (value, name) => {
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return value
  throw wrong(name, 'the token of the REST API')
}

const timeoutOption: ReadValue<number> = (value, name) => {
  if (typeof value === 'number' && value > 0 && value < 2 ** 31) return value
  throw wrong(name, 'a positive number of milliseconds')
}

const OPTIONS: OptionReaders<{ [K in keyof Required<UpstashOptions>]: UpstashOptions[K] | undefined }> = {
  url: required(urlOption),
  token: required(tokenOption),
  ...STORE_READERS,
  timeoutMs: setting(timeoutOption),
  fetch: setting(functionOption<typeof fetch>('a function like the global fetch')),
}

/** Returns a Redis client that sends its commands to the REST API. */
function upstash(options: UpstashOptions): { client: IORedisClient; prefix?: string; now?: Clock } {
  refuseWorkersKV(options, 'options')
  const {
    url = '',
    token,
    prefix,
    now,
    timeoutMs = 2000,
    fetch: send = fetch,
  } = readOptions(options, OPTIONS)
  const call = async (...command: (string | number)[]): Promise<unknown> => {
    try {
      const response = await send(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify(command),
        redirect: 'manual',
        // Node 20 takes whole milliseconds only.
        signal: AbortSignal.timeout(Math.ceil(timeoutMs)),
        // A framework that caches responses must not repeat an old answer. Runtimes without a cache refuse the option.
        ...('cache' in Request.prototype && { cache: 'no-store' as const }),
      })
      return resultOf(response.status, await response.json().catch(undefinedUnlessJSON))
    } catch (cause) {
      if (cause instanceof SessionError) throw cause
      const isLate = cause instanceof Error && cause.name === 'TimeoutError'
      throw new SessionError(
        'ERR_STORE_UNAVAILABLE',
        `a command to Redis over HTTP ${isLate ? `had no answer within ${timeoutMs} ms` : 'failed'}: check its URL, and that it can be reached`,
        { cause },
      )
    }
  }
  return { client: { call }, ...(prefix !== undefined && { prefix }), ...(now && { now }) }
}

// The page of a gateway or a host is an answer too, and its status tells more than the error of the parser.
function undefinedUnlessJSON(error: unknown): undefined {
  if (!(error instanceof SyntaxError)) throw error
  return undefined
}

function resultOf(status: number, answer: unknown): unknown {
  const isAnswer = typeof answer === 'object' && answer !== null
  if (status === 200 && isAnswer && Object.hasOwn(answer, 'result') && !Object.hasOwn(answer, 'error'))
    return (answer as { result: unknown }).result
  const reason =
    isAnswer && Object.hasOwn(answer, 'error') ? (answer as { error: unknown }).error : 'no result'
  throw new SessionError(
    'ERR_STORE_UNAVAILABLE',
    `Redis answered over HTTP with ${status}, ${String(reason).slice(0, 100)}: check its URL, its token, and its limits`,
  )
}
