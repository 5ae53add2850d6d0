import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { extname } from 'node:path'
import { type BundledFile, bundlePage, type MoreScripts } from './bundle.js'

export interface PageServerOptions {
  /** The body's HTML, before the script. */
  readonly html?: string
  readonly scripts?: MoreScripts
  readonly headers?: Readonly<Record<string, string>>
  /** Answers requests for which the server has no file. */
  readonly handle?: (request: IncomingMessage, response: ServerResponse) => void
}

export interface PageServer {
  readonly port: number
  /** `http://localhost:port`, because passkeys refuse IP addresses. */
  readonly origin: string
  /** The same server with its IP address, which is another origin for browsers. */
  readonly otherOrigin: string
  /** The JSON that a page sends to /report next. */
  nextReport(): Promise<unknown>
  close(): Promise<void>
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json',
}

const page = (html: string): string =>
  `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>test</title>${html}<script type="module" src="/page.js"></script>`

/** The JSON body of a request. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  return JSON.parse(Buffer.concat(chunks).toString())
}

function notFound(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(404).end()
}

/** Serves one page with its bundled script, and receives the page's reports. */
export async function servePage(entry: string, options: PageServerOptions = {}): Promise<PageServer> {
  const files = new Map<string, BundledFile>(await bundlePage(entry, options.scripts))
  files.set('/', page(options.html ?? ''))
  const waiting: ((report: unknown) => void)[] = []

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const file = files.get(pathname)
    if (request.method === 'POST' && pathname === '/report') {
      readJson(request).then(
        (report) => {
          response.writeHead(204).end()
          for (const resolve of waiting.splice(0)) resolve(report)
        },
        () => response.writeHead(400).end(),
      )
    } else if (file !== undefined) {
      const type = mediaTypes[extname(pathname) || '.html'] ?? 'application/octet-stream'
      response
        .writeHead(200, { 'content-type': type, 'cache-control': 'no-store', ...options.headers })
        .end(file)
    } else {
      ;(options.handle ?? notFound)(request, response)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP port')

  return {
    port: address.port,
    origin: `http://localhost:${address.port}`,
    otherOrigin: `http://127.0.0.1:${address.port}`,
    nextReport: () => new Promise((resolve) => waiting.push(resolve)),
    async close(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
