import { SessionError } from '../base/errors.js'

// Whether a Redis forgets what it was told to keep: under any `maxmemory-policy` but `noeviction` it drops keys once it is full,
// and with them revocations, and marks of used requests.

/** Asks one server. */
type Ask = (...command: readonly string[]) => Promise<unknown>

// A setting can be changed while a server runs, and another server can take its place.
const GOOD_FOR_MS = 60_000

/**
 * A check that rejects with `ERR_STORE_UNAVAILABLE` if a server may evict keys, or doesn't say: at the first use, and again once a
 * minute has passed since it was good. `wake` is awaited first where the client doesn't know its servers yet.
 */
export function evictionCheck(client: object, wake: () => Promise<unknown>): () => Promise<void> {
  let goodUntil = Number.NEGATIVE_INFINITY
  let checking: Promise<void> | undefined
  return async () => {
    if (performance.now() < goodUntil) return
    checking ??= assertKeeps(client, wake)
      .then(() => {
        goodUntil = performance.now() + GOOD_FOR_MS
      })
      .finally(() => {
        checking = undefined
      })
    await checking
  }
}

async function assertKeeps(client: object, wake: () => Promise<unknown>): Promise<void> {
  let servers = await serversOf(client)
  if (servers.length === 0) {
    await wake()
    servers = await serversOf(client)
  }
  if (servers.length === 0) throw unknowable()
  await Promise.all(servers.map(assertServerKeeps))
}

async function assertServerKeeps(ask: Ask): Promise<void> {
  const { limit, policy } = (await bySettings(ask)) ?? (await byReport(ask)) ?? {}
  if (limit === undefined || policy === undefined) throw unknowable()
  if (limit === '0' || policy === 'noeviction') return
  throw new SessionError(
    'ERR_STORE_UNAVAILABLE',
    `Redis forgets what it must keep once it is full (maxmemory-policy ${policy}): set maxmemory-policy noeviction, or evictionCheck: false if nothing is lost by that`,
  )
}

interface MemorySettings {
  readonly limit: string | undefined
  readonly policy: string | undefined
}

async function bySettings(ask: Ask): Promise<MemorySettings | undefined> {
  const setting = async (name: string): Promise<string | undefined> => {
    const answer = await ask('CONFIG', 'GET', name)
    // A list of names and values; by RESP 3, a map.
    const list: unknown[] =
      answer instanceof Map
        ? [...answer].flat()
        : Array.isArray(answer)
          ? answer
          : Object.entries(Object(answer)).flat()
    return list.length === 2 && String(list[0]) === name ? String(list[1]) : undefined
  }
  try {
    const [limit, policy] = await Promise.all([setting('maxmemory'), setting('maxmemory-policy')])
    return limit === undefined || policy === undefined ? undefined : { limit, policy }
  } catch (error) {
    return passOver(error)
  }
}

// Hosts forbid CONFIG, and let what it says be read here.
async function byReport(ask: Ask): Promise<MemorySettings | undefined> {
  try {
    const report = String(await ask('INFO', 'memory'))
    return {
      limit: /^maxmemory:(\d+)\s*$/m.exec(report)?.[1],
      policy: /^maxmemory_policy:([\w-]+)\s*$/m.exec(report)?.[1],
    }
  } catch (error) {
    return passOver(error)
  }
}

// A server's own refusal (`NOPERM …`, `ERR …`) is of one question, and another one may be allowed; a client
// that is asked in another way throws a TypeError; other errors are of the connection.
function passOver(error: unknown): undefined {
  const isAnswer = error instanceof Error && /^[A-Z]+ /.test(error.message)
  if (!isAnswer && !(error instanceof TypeError)) throw unavailable(error)
  return undefined
}

/** Every server that keeps keys; none if the client doesn't tell. Those that stand by for one don't evict by themselves. */
async function serversOf(client: object): Promise<Ask[]> {
  const { nodes, masters, nodeClient } = client as {
    nodes?: unknown
    masters?: unknown
    nodeClient?: unknown
  }
  if (typeof nodes === 'function') return (nodes.call(client, 'master') as object[]).flatMap(serverOf)
  if (Array.isArray(masters) && typeof nodeClient === 'function') {
    const clients = await Promise.all(masters.map((node) => nodeClient.call(client, node) as Promise<object>))
    return clients.flatMap(serverOf)
  }
  return serverOf(client)
}

function serverOf(client: object): Ask[] {
  const { call, sendCommand } = client as { call?: unknown; sendCommand?: unknown }
  if (typeof call === 'function') return [async (...command) => call.apply(client, [...command])]
  if (typeof sendCommand === 'function') return [async (...command) => sendCommand.call(client, [...command])]
  return []
}

function unknowable(): SessionError {
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    'Redis does not say whether it forgets keys once it is full: allow the client CONFIG GET or INFO, or set evictionCheck: false if you know that its maxmemory-policy is noeviction',
  )
}

function unavailable(cause: unknown): SessionError {
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    'Redis did not do what it was asked: see that it is up and can be written',
    { cause },
  )
}
