import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A call to an RPC, as it arrives. */
export interface RPCQuestion {
  readonly method: string
  readonly params: readonly unknown[]
}

/** An RPC between a test and a real chain. */
export interface RPCServer {
  readonly url: string
  /** The methods called. */
  readonly calls: string[]
}

/** An RPC whose responses the test writes. It ends with the test. */
export async function startRPC(
  answer: (response: ServerResponse, question: RPCQuestion, body: string) => void | Promise<void>,
): Promise<RPCServer> {
  const calls: string[] = []
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const question: RPCQuestion = JSON.parse(body)
    calls.push(question.method)
    await answer(response, question, body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls }
}

/** An RPC that forwards to a chain, and returns other results for some methods. */
export async function startLyingRPC(
  truth: string,
  lies: Readonly<Record<string, unknown>>,
): Promise<RPCServer> {
  return startRPC(async (response, { method }, body) => {
    if (Object.hasOwn(lies, method)) {
      response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: lies[method] }))
      return
    }
    const headers = { 'content-type': 'application/json' }
    response.end(await (await fetch(truth, { method: 'POST', headers, body })).text())
  })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString()
}
