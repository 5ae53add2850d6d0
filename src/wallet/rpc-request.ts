import { concat } from '../base/bytes.js'
import type { EthereumRPC } from './rpc-argument.js'

/** Asks a chain one thing, and rejects with whatever goes wrong. */
export type RPCRequest = (method: string, params: readonly unknown[]) => Promise<unknown>

// What is asked for takes a few hundred bytes.
const MAX_ANSWER_BYTES = 65_536

/** How this RPC is asked; until the signal is aborted, if it is a URL. */
export function rpcRequest(rpc: EthereumRPC, signal: AbortSignal): RPCRequest {
  if (typeof rpc === 'string') return (method, params) => post(rpc, { method, params }, signal)
  if ('request' in rpc) return async (method, params) => rpc.request({ method, params })
  return async (method, params) => rpc.send(method, [...params])
}

async function post(url: string, question: object, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...question }),
    // An answer from elsewhere than was configured counts for nothing.
    redirect: 'manual',
    signal,
  })
  if (!response.ok) throw new Error(`the RPC answered with the status ${response.status}`)
  const answer = JSON.parse(await textOf(response)) as { error?: unknown; result?: unknown } | null
  if (answer?.error) throw new Error('the RPC answered with an error', { cause: answer.error })
  return answer?.result
}

async function textOf({ body }: Response): Promise<string> {
  const reader = body?.getReader()
  const parts: Uint8Array[] = []
  for (let length = 0; ; ) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done || !value) return new TextDecoder().decode(concat(...parts))
    parts.push(value)
    length += value.length
    if (length > MAX_ANSWER_BYTES) {
      reader?.cancel().catch(() => undefined)
      throw new Error(`the RPC answered with more than ${MAX_ANSWER_BYTES} bytes`)
    }
  }
}
