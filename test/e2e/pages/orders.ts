import { type Order, runSource } from './run-source.js'

/** Asks there what to do, and does that, for as long as the page lives. */
export async function takeOrders(url: string): Promise<void> {
  for (;;) {
    const order = (await (await fetch(url)).json()) as Order
    await fetch(url, { method: 'POST', body: JSON.stringify(await runSource(order)) })
  }
}
