import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Outcome } from '../../conformance/conformance.js'
import type { Place } from '../../conformance/runners/page.js'
import { openBrowser } from '../../e2e/browser.js'
import type { Engine } from '../../engines/engine.js'
import { bundleRunners, type Suite } from './bundle-runner.js'

declare const runIn: (place: Place) => Promise<Outcome[]>

/** A browser with a page and workers, each of which can run the suite. */
export interface BrowserPlaces {
  run(place: Place): Promise<Outcome[]>
  close(): Promise<void>
}

export async function browserPlaces(engine: Engine, suite: Suite): Promise<BrowserPlaces> {
  const files = new Map([
    ...(await bundleRunners({ page: 'page.ts', 'web-worker': 'worker.ts' }, suite, { splitting: true })),
    // A service worker can't load anything on demand.
    ...(await bundleRunners({ 'service-worker': 'worker.ts' }, suite, { format: 'iife' })),
  ])
  const server = createServer(({ url = '/' }, response) => {
    if (url === '/') {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end(
        '<!doctype html><title>conformance</title><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
      )
      return
    }
    const script = files.get(url)
    response.writeHead(script ? 200 : 404, { 'content-type': 'text/javascript; charset=utf-8' }).end(script)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const browser = await openBrowser(engine)
  await browser.page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
  await browser.page.waitFor(() => 'runIn' in globalThis)
  return {
    run: (place) => browser.page.evaluate((where) => runIn(where), place),
    async close() {
      await browser.close()
      server.closeAllConnections()
      server.close()
    },
  }
}
