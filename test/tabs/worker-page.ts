import { randomUUID } from 'node:crypto'
import { Page, type PageDriver } from '../e2e/page.js'
import type { Done } from '../e2e/pages/run-source.js'

export type WorkerKind = 'dedicated' | 'service'

declare global {
  /** The workers that a page has started for the test. */
  var workers: Record<string, Worker | ServiceWorker> | undefined
}

const cannot = (): Promise<never> => Promise.reject(new Error('a worker is no page'))

/** Makes the page start a worker of its origin, which is controlled through the page. */
export async function startWorker(page: Page, kind: WorkerKind, query: string): Promise<Page> {
  const id = randomUUID()
  const start = kind === 'dedicated' ? startDedicated : startService
  await page.evaluate(start, id, query)
  const driver: PageDriver = {
    async run(source, args) {
      const done = await page.evaluate(tellWorker, id, source, args)
      if ('error' in done) throw new Error(done.error)
      return done.value
    },
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
  const worker = new Page(driver)
  await worker.waitFor(() => 'tab' in globalThis)
  return worker
}

// These functions run in the page.

function startDedicated(id: string, query: string): void {
  globalThis.workers = { [id]: new Worker(`/module-worker.js${query}`, { type: 'module' }) }
}

async function startService(id: string, query: string): Promise<void> {
  // Its own scope, where no older worker has to end first.
  const registration = await navigator.serviceWorker.register(`/classic-worker.js${query}`, {
    scope: `/${id}/`,
  })
  const worker = registration.installing ?? registration.waiting ?? registration.active
  if (!worker) throw new Error('no service worker')
  globalThis.workers = { [id]: worker }
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      if (worker.state === 'activated') resolve()
      if (worker.state === 'redundant') reject(new Error('the service worker did not start'))
    }
    worker.addEventListener('statechange', look)
    look()
  })
}

function tellWorker(id: string, source: string, args: readonly unknown[]): Promise<Done> {
  return new Promise((resolve, reject) => {
    const worker = globalThis.workers?.[id]
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = ({ data }: MessageEvent<Done>) => resolve(data)
    worker?.addEventListener('error', () => reject(new Error('the worker failed')), { once: true })
    worker?.postMessage({ source, args }, [port2])
  })
}
