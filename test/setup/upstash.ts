import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'

/** A substitute for Upstash's REST API, in front of a real redis-server. */
export interface UpstashServer {
  readonly url: string
  readonly token: string
  /** What it does with the next requests instead of calling Redis; `undefined` to call it. */
  answers: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  /** The received commands. */
  readonly commands: readonly (readonly unknown[])[]
  stop(): Promise<void>
}

export async function startUpstash(redisPort: number): Promise<UpstashServer> {
  const redis = new Redis(redisPort)
  const token = 'AXZ_ASQgNjg='
  const commands: unknown[][] = []
  const answer = (response: ServerResponse, status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  const server = createServer((request, response) => {
    if (upstash.answers) return upstash.answers(request, response)
    if (request.headers.authorization !== `Bearer ${token}`)
      return answer(response, 401, { error: 'WRONGPASS invalid or missing auth token' })
    void (async () => {
      let body = ''
      for await (const part of request) body += part
      const command = JSON.parse(body) as [string, ...(string | number)[]]
      commands.push(command)
      try {
        answer(response, 200, { result: await redis.call(...command) })
      } catch (error) {
        answer(response, 400, { error: (error as Error).message })
      }
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const upstash: UpstashServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    answers: undefined,
    commands,
    async stop() {
      redis.disconnect()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return upstash
}
