import { outcomes } from './imported.js'

// For dedicated and service workers: runs the suite when it is asked through a port.
globalThis.addEventListener('message', ({ data, ports }: MessageEvent<unknown>) => {
  if (data === 'run') void outcomes().then((all) => ports[0]?.postMessage(all))
})
