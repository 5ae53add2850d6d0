import { outcomes } from './imported.js'

// A worker, dedicated or service: runs the suite for whoever asks through a port.
globalThis.addEventListener('message', ({ data, ports }: MessageEvent<unknown>) => {
  if (data === 'run') void outcomes().then((all) => ports[0]?.postMessage(all))
})
