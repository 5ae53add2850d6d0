import { type AnswerMarks, CACHE_CONTROL, mergedHeaders, REFERRER_POLICY } from './answer.js'

/** The members of Node's `ServerResponse`, or of Express's `Response`, that the middleware needs. */
export interface NodeResponse {
  readonly headersSent: boolean
  /** Whether the connection stays open after the response. */
  readonly shouldKeepAlive?: boolean
  getHeader(name: string): unknown
  setHeader(name: string, value: string | string[]): unknown
  writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown }
}

/** The members of Node's `ServerResponse` that `markPrivateNode` needs. */
export interface MarkedResponse {
  readonly headersSent: boolean
  getHeader(name: string): unknown
  setHeader(name: string, value: string | string[]): unknown
  writeHead(status: number, ...rest: unknown[]): unknown
}

/** Marks the answer of a Node server as private as soon as its head is written, after the handler has set its headers. */
export function markPrivateNode(response: MarkedResponse, { vary: header, isSignedURL }: AnswerMarks): void {
  const { writeHead } = response
  response.writeHead = function (this: MarkedResponse, status: number, ...rest: unknown[]): unknown {
    if (this.headersSent) return writeHead.call(this, status, ...rest)
    const reason = rest.filter((argument) => typeof argument === 'string')
    for (const [name, value] of headersIn(rest.at(-1))) this.setHeader(name, value)
    const { vary = header } = mergedHeaders({ vary: header }, (name) => this.getHeader(name))
    this.setHeader('vary', vary)
    if (isSignedURL || this.getHeader('cache-control') === undefined)
      this.setHeader('cache-control', CACHE_CONTROL)
    if (isSignedURL) this.setHeader('referrer-policy', REFERRER_POLICY)
    return writeHead.call(this, status, ...reason)
  }
}

// `writeHead` accepts headers as an object, as a list of pairs, or as a list in which names and values alternate.
function headersIn(given: unknown): [string, string | string[]][] {
  if (typeof given !== 'object' || given === null) return []
  if (!Array.isArray(given)) return Object.entries(given).filter(([, value]) => value !== undefined)
  const pairs: unknown[][] = Array.isArray(given[0])
    ? given
    : Array.from({ length: Math.floor(given.length / 2) }, (_, i) => given.slice(2 * i, 2 * i + 2))
  // By the name in lower case, because `setHeader` would replace the value of the same name in another case.
  const headers = new Map<string, [name: string, values: string[]]>()
  for (const [name, value] of pairs) {
    const key = String(name).toLowerCase()
    const [first, values] = headers.get(key) ?? [String(name), []]
    headers.set(key, [first, [...values, ...(Array.isArray(value) ? value : [value]).map(String)]])
  }
  return [...headers.values()].map(([name, values]) => [
    name,
    values.length === 1 ? (values[0] ?? '') : values,
  ])
}
