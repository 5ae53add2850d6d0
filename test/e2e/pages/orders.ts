/** What a test wants done in a page: a function's source, and what to call it with. */
export interface Order {
  readonly source: string
  readonly args: readonly unknown[]
}

export type Done = { readonly value?: unknown } | { readonly error: string }

/** Asks the test's server what to do, and does that, for as long as the page lives. */
export async function takeOrders(name: string): Promise<void> {
  const url = `/orders?page=${encodeURIComponent(name)}`
  for (;;) {
    const response = await fetch(url)
    if (response.status === 204) continue
    const { source, args } = (await response.json()) as Order
    const done: Done = await run(source, args).then(
      (value) => ({ value }),
      (error: unknown) => ({ error: String(error) }),
    )
    await fetch(url, { method: 'POST', body: JSON.stringify(done) })
  }
}

async function run(source: string, args: readonly unknown[]): Promise<unknown> {
  const script = `data:text/javascript,export default ${encodeURIComponent(source)}`
  const { default: work } = (await import(script)) as { default: (...args: unknown[]) => unknown }
  return work(...args)
}
