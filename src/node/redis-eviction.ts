import { SessionError } from '../base/errors.js'

// Under any `maxmemory-policy` but `noeviction`, Redis deletes keys when its memory is full, and with them revocations and used
// requests.

/** Sends a command to one server. */
type SendCommand = (...command: readonly string[]) => Promise<unknown>

// The check is repeated, because the setting can be changed while a server runs, and a server can be replaced.
const VALID_FOR_MS = 60_000

/**
 * Returns a check that rejects with `ERR_STORE_UNAVAILABLE` if a server may evict keys, or does not say whether it does. After it
 * has succeeded, it is not made again for a minute. `connect` is called first if the client does not know its servers yet.
 */
export function evictionCheck(client: object, connect: () => Promise<unknown>): () => Promise<void> {
  let validUntil = Number.NEGATIVE_INFINITY
  let checking: Promise<void> | undefined
  return async () => {
    if (performance.now() < validUntil) return
    checking ??= assertNoEviction(client, connect)
      .then(() => {
        validUntil = performance.now() + VALID_FOR_MS
      })
      .finally(() => {
        checking = undefined
      })
    await checking
  }
}

async function assertNoEviction(client: object, connect: () => Promise<unknown>): Promise<void> {
  let servers = await serversOf(client)
  if (servers.length === 0) {
    await connect()
    servers = await serversOf(client)
  }
  if (servers.length === 0) throw unknownPolicy()
  await Promise.all(servers.map(assertServerNoEviction))
}

async function assertServerNoEviction(send: SendCommand): Promise<void> {
  const { limit, policy } = (await readConfig(send)) ?? (await readInfo(send)) ?? {}
  if (limit === undefined || policy === undefined) throw unknownPolicy()
  if (limit === '0' || policy === 'noeviction') return
  throw new SessionError(
    'ERR_STORE_UNAVAILABLE',
    `Redis deletes keys when its memory is full (maxmemory-policy ${policy}): set maxmemory-policy to noeviction, or set evictionCheck: false if you accept that`,
  )
}

interface MemorySettings {
  readonly limit: string | undefined
  readonly policy: string | undefined
}

async function readConfig(send: SendCommand): Promise<MemorySettings | undefined> {
  const setting = async (name: string): Promise<string | undefined> => {
    const answer = await send('CONFIG', 'GET', name)
    // A list of names and values; in RESP 3, a map.
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
    return undefinedIfRefused(error)
  }
}

// Hosted Redis often forbids CONFIG, but allows INFO, which has the same settings.
async function readInfo(send: SendCommand): Promise<MemorySettings | undefined> {
  try {
    const report = String(await send('INFO', 'memory'))
    return {
      limit: /^maxmemory:(\d+)\s*$/m.exec(report)?.[1],
      policy: /^maxmemory_policy:([\w-]+)\s*$/m.exec(report)?.[1],
    }
  } catch (error) {
    return undefinedIfRefused(error)
  }
}

// If the server refuses a command (`NOPERM …`, `ERR …`), or the client throws a TypeError because it takes commands in another
// way, another command may work. All other errors are errors of the connection.
function undefinedIfRefused(error: unknown): undefined {
  const isAnswer = error instanceof Error && /^[A-Z]+ /.test(error.message)
  if (!isAnswer && !(error instanceof TypeError)) throw unavailable(error)
  return undefined
}

/** All primary servers; none if the client does not know them. Replicas don't evict keys by themselves. */
async function serversOf(client: object): Promise<SendCommand[]> {
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

function serverOf(client: object): SendCommand[] {
  const { call, sendCommand } = client as { call?: unknown; sendCommand?: unknown }
  if (typeof call === 'function') return [async (...command) => call.apply(client, [...command])]
  if (typeof sendCommand === 'function') return [async (...command) => sendCommand.call(client, [...command])]
  return []
}

function unknownPolicy(): SessionError {
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    'Redis does not say whether it deletes keys when its memory is full: allow CONFIG GET or INFO, or set evictionCheck: false if you know that its maxmemory-policy is noeviction',
  )
}

/** The error for a command that failed. */
export function unavailable(cause: unknown): SessionError {
  return new SessionError(
    'ERR_STORE_UNAVAILABLE',
    'a command to Redis failed: check that it is running and can be written',
    { cause },
  )
}
