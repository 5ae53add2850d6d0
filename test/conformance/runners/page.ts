import type { Outcome } from '../conformance.js'
import { outcomes } from './imported.js'

/** What a test can make the page do: run the suite itself, or in one of its workers. */
export type Place = 'page' | 'web worker' | 'service worker'

async function workerOf(place: Place): Promise<Worker | ServiceWorker> {
  if (place === 'web worker') return new Worker('/web-worker.js', { type: 'module' })
  await navigator.serviceWorker.register('/service-worker.js')
  const { active } = await navigator.serviceWorker.ready
  return active ?? Promise.reject(new Error('the service worker did not start'))
}

async function runIn(place: Place): Promise<Outcome[]> {
  if (place === 'page') return outcomes()
  const worker = await workerOf(place)
  const { port1, port2 } = new MessageChannel()
  const answer = new Promise<Outcome[]>((resolve, reject) => {
    port1.onmessage = ({ data }: MessageEvent<Outcome[]>) => resolve(data)
    worker.addEventListener('error', () => reject(new Error(`the ${place} failed`)))
  })
  worker.postMessage('run', [port2])
  return answer
}

Object.assign(globalThis, { runIn })
