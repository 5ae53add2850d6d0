import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { Page, type PageDriver } from '../e2e/page.js'
import type { Done, Order } from '../e2e/pages/run-source.js'
import { readJson } from '../e2e/server.js'

interface Given {
  readonly order: Order
  readonly done: (done: Done) => void
}

export interface CommandedPage {
  readonly page: Page
  /** The URL where the page requests its commands. */
  readonly url: string
  close(): Promise<void>
}

const cannot = (): Promise<never> => Promise.reject(new Error('nobody drives this page from outside'))

/**
 * A page of a browser without a driver, which gets its commands over HTTP, because drivers end a browser whose page crashes or
 * hangs. It has its own server, because a browser opens at most six connections to each, and more pages wait for commands.
 */
export async function commandedPage(): Promise<CommandedPage> {
  const orders: Given[] = []
  let waiting: ServerResponse | undefined
  let current: Given | undefined
  const hand = (): void => {
    if (!waiting || orders.length === 0) return
    current = orders.shift()
    waiting.end(JSON.stringify(current?.order))
    waiting = undefined
  }
  const server = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*')
    if (request.method === 'GET') {
      waiting = response
      hand()
      return
    }
    readJson(request).then(
      (done) => {
        response.writeHead(204).end()
        current?.done(done as Done)
      },
      () => response.writeHead(400).end(),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP port')

  const driver: PageDriver = {
    run: (source, args) =>
      new Promise((resolve, reject) => {
        const done = (how: Done): void => {
          if ('error' in how) reject(new Error(how.error))
          else resolve(how.value)
        }
        orders.push({ order: { source, args }, done })
        hand()
      }),
    goto: cannot,
    reload: cannot,
    goBack: cannot,
    click: cannot,
    drag: cannot,
    type: cannot,
    press: cannot,
    setViewport: cannot,
    screenshot: cannot,
    close: cannot,
  }
  return {
    page: new Page(driver),
    url: `http://127.0.0.1:${address.port}/`,
    async close(): Promise<void> {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
