import { type Order, runSource } from './run-source.js'
import { tab } from './tabs.js'

// A worker that a test tells what to do, through the page: it can do all that a tab can.
Object.assign(globalThis, { tab })
globalThis.addEventListener('message', ({ data, ports }: MessageEvent<Order>) => {
  void runSource(data).then((done) => ports[0]?.postMessage(done))
})
