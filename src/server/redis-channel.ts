import type { RevocationEvent } from '../capability/check-options.js'
import { tellRevoked } from '../http/revocation.js'

/** A client of the package `redis` that only subscribes: `await client.duplicate().connect()`. It can't run other commands. */
export interface NodeRedisSubscriber {
  readonly isOpen?: boolean
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  pSubscribe(pattern: string, listener: (message: string) => void): Promise<unknown>
}

/** A client of the package `ioredis` that only subscribes: `client.duplicate()`. It can't run other commands. */
export interface IORedisSubscriber {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
  subscribe(channel: string): Promise<unknown>
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
}

/**
 * Returns a function that adds a listener for the messages about revocations on a Redis channel (pub/sub); that function returns
 * one that removes the listener. The connection subscribes when the first listener is added, and stays subscribed. Throws a `TypeError`
 * if the subscriber is neither of these clients.
 */
export function revocationChannel(
  subscriber: NodeRedisSubscriber | IORedisSubscriber,
  channel: string,
): (listener: (event: RevocationEvent) => void) => () => void {
  const listeners = new Set<(event: RevocationEvent) => void>()
  const notify = (event: RevocationEvent): void => tellRevoked(listeners, event)
  const subscribe = subscription(subscriber, channel, (message) => notify(eventIn(message)))
  let isSubscribed = false
  return (listener) => {
    listeners.add(listener)
    if (!isSubscribed) {
      isSubscribed = true
      // Messages from before the subscription are lost, so tell the listeners that anything may have been revoked.
      const started = subscribe().then(() => notify({}))
      started.catch((cause: unknown) => {
        // The next listener tries again. Until then, `untilSessionEnds` asks Redis from time to time.
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
      let isListening = false
      return async () => {
        if (!isListening)
          subscriber.on('message', (from, message) => void (from === channel && onMessage(message)))
        isListening = true
        await subscriber.subscribe(channel)
      }
    }
    if ('pSubscribe' in subscriber)
      return async () => {
        // Without this error, `subscribe` would silently wait for a connection.
        if (subscriber.isOpen === false) throw new Error('the client was not connected')
        return subscriber.subscribe(channel, onMessage)
      }
  }
  throw new TypeError(
    'subscriber must be a separate client of the package redis (4 or later) or ioredis: client.duplicate()',
  )
}

// Anyone with access to Redis can publish any message, so a message is only a reason to ask the store. A message that can't be parsed
// is taken to be about every session.
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
