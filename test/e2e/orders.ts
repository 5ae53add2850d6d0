import type { IncomingMessage, ServerResponse } from 'node:http'
import { Page, type PageDriver } from './page.js'
import type { Done, Order } from './pages/run-source.js'
import { readJson } from './server.js'

interface Given {
  readonly order: Order
  readonly done: (done: Done) => void
}

interface Taker {
  readonly orders: Given[]
  waiting?: ServerResponse | undefined
  current?: Given | undefined
}

// A browser has six connections to a server, and more pages than that may wait for orders.
const HOLD_MS = 150

const cannot = (): Promise<never> => Promise.reject(new Error('nobody drives this page from outside'))

/**
 * Pages of a browser that nobody drives, told over HTTP what to run: drivers end a browser whose page crashes or hangs.
 */
export class Orders {
  readonly #takers = new Map<string, Taker>()

  /** The page that takes orders under this name, now or once it is there. */
  page(name: string): Page {
    const driver: PageDriver = {
      run: (source, args) => this.#give(name, { source, args }),
      goto: cannot,
      reload: cannot,
      click: cannot,
      type: cannot,
      press: cannot,
      setViewport: cannot,
      screenshot: cannot,
      close: cannot,
    }
    return new Page(driver)
  }

  /** Answers the pages. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const name = searchParams.get('page')
    if (pathname !== '/orders' || name === null) {
      response.writeHead(404).end()
      return
    }
    const taker = this.#taker(name)
    if (request.method === 'GET') {
      taker.waiting = response
      hand(taker)
      setTimeout(() => {
        if (taker.waiting !== response) return
        taker.waiting = undefined
        response.writeHead(204).end()
      }, HOLD_MS)
      return
    }
    readJson(request).then(
      (done) => {
        response.writeHead(204).end()
        taker.current?.done(done as Done)
      },
      () => response.writeHead(400).end(),
    )
  }

  #give(name: string, order: Order): Promise<unknown> {
    const taker = this.#taker(name)
    return new Promise((resolve, reject) => {
      const done = (how: Done): void => {
        if ('error' in how) reject(new Error(how.error))
        else resolve(how.value)
      }
      taker.orders.push({ order, done })
      hand(taker)
    })
  }

  #taker(name: string): Taker {
    const taker = this.#takers.get(name) ?? { orders: [] }
    this.#takers.set(name, taker)
    return taker
  }
}

/** Hands the next order to the page that waits for one. */
function hand(taker: Taker): void {
  const [next] = taker.orders
  if (!next || !taker.waiting) return
  taker.orders.shift()
  taker.current = next
  taker.waiting.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(next.order))
  taker.waiting = undefined
}
