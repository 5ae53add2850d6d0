// npm ws brings no types. What Hono knows of it is enough here.
declare module 'ws' {
  import type { WebSocketLike, WebSocketServerLike } from '@hono/node-server'

  export type WebSocket = WebSocketLike
  export const WebSocketServer: new (options: {
    noServer: true
    handleProtocols?: (protocols: Set<string>) => string | false
  }) => WebSocketServerLike
}
