import type { RevocationEvent } from '../capability/check-options.js'
import { tellRevoked } from '../http/revocation.js'

/** A client of the package `redis` that listens: `await client.duplicate().connect()`. Such a connection can do nothing else. */
export interface NodeRedisSubscriber {
  readonly isOpen?: boolean
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  pSubscribe(pattern: string, listener: (message: string) => void): Promise<unknown>
}

/** A client of the package `ioredis` that listens: `client.duplicate()`. Such a connection can do nothing else. */
export interface IORedisSubscriber {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
}

/**
 * Calls back for each message about a revocation on a channel of Redis (pub/sub), and returns a function that ends that. The connection
 * subscribes at the first call, and stays subscribed. Throws a `TypeError` for another client.
 */
export function revocationChannel(
  subscriber: NodeRedisSubscriber | IORedisSubscriber,
  channel: string,
): (listener: (event: RevocationEvent) => void) => () => void {
  const listeners = new Set<(event: RevocationEvent) => void>()
  const tell = (event: RevocationEvent): void => tellRevoked(listeners, event)
  const subscribe = subscription(subscriber, channel, (message) => tell(eventIn(message)))
  let isSubscribed = false
  return (listener) => {
    listeners.add(listener)
    if (!isSubscribed) {
      isSubscribed = true
      // What was revoked before that nobody has told, so it may be about anything.
      const started = subscribe().then(() => tell({}))
      started.catch((cause: unknown) => {
        // Tried again for the next listener. Until then, those who listen ask from time to time.
        isSubscribed = false
        console.warn(
          "cacao-session: the subscriber of redisRevocation can't subscribe, so sockets end only when Redis is asked: connect it first, as with await client.duplicate().connect()",
          cause,
        )
      })
    }
    return () => void listeners.delete(listener)
  }
}

function subscription(
  subscriber: NodeRedisSubscriber | IORedisSubscriber,
  channel: string,
  onMessage: (message: string) => void,
): () => Promise<unknown> {
  if (typeof subscriber === 'object' && subscriber !== null && typeof subscriber.subscribe === 'function') {
    if ('call' in subscriber && typeof subscriber.on === 'function') {
      let isHeard = false
      return async () => {
        if (!isHeard)
          subscriber.on('message', (from, message) => void (from === channel && onMessage(message)))
        isHeard = true
        await subscriber.subscribe(channel)
      }
    }
    if ('pSubscribe' in subscriber)
      return async () => {
        // It would wait for a connection, and nobody would know.
        if (subscriber.isOpen === false) throw new Error('the client was not connected')
        return subscriber.subscribe(channel, onMessage)
      }
  }
  throw new TypeError(
    'subscriber must be a client of the package redis (4 or later) or ioredis, of its own: client.duplicate()',
  )
}

// Anyone who may publish can write anything here, so a message is only a reason to ask. One that can't be read may be about anything.
function eventIn(message: string): RevocationEvent {
  try {
    const { id, account } = JSON.parse(message)
    return { id: textOf(id), account: textOf(account) }
  } catch {
    return {}
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
