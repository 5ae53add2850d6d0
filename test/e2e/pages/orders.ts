import { type Order, runSource } from './run-source.js'

/** Asks the test's server what to do, and does that, for as long as the page lives. */
export async function takeOrders(name: string): Promise<void> {
  const url = `/orders?page=${encodeURIComponent(name)}`
  for (;;) {
    const response = await fetch(url)
    if (response.status === 204) continue
    const done = await runSource((await response.json()) as Order)
    await fetch(url, { method: 'POST', body: JSON.stringify(done) })
  }
}
