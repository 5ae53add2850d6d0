// npm ws has no types. The parts that Hono knows are enough here.
declare module 'ws' {
  import type { WebSocketLike, WebSocketServerLike } from '@hono/node-server'

  export type WebSocket = WebSocketLike
  export const WebSocketServer: new (options: {
    noServer: true
    handleProtocols?: (protocols: Set<string>) => string | false
  }) => WebSocketServerLike
}
