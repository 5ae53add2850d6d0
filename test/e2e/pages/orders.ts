import { type Order, runSource } from './run-source.js'

/** Requests commands from the URL and runs them, for as long as the page exists. */
export async function runCommands(url: string): Promise<void> {
  for (;;) {
    const order = (await (await fetch(url)).json()) as Order
    await fetch(url, { method: 'POST', body: JSON.stringify(await runSource(order)) })
  }
}
