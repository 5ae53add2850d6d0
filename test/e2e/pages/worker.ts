import { type Order, runSource } from './run-source.js'
import { tab } from './tabs.js'

// A worker that a test controls through the page, with the same actions as a tab.
Object.assign(globalThis, { tab })
globalThis.addEventListener('message', ({ data, ports }: MessageEvent<Order>) => {
  void runSource(data).then((done) => ports[0]?.postMessage(done))
})
