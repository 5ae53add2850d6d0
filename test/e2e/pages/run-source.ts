/** What a test wants done: a function's source, and what to call it with. */
export interface Order {
  readonly source: string
  readonly args: readonly unknown[]
}

export type Done = { readonly value?: unknown } | { readonly error: string }

/** Does that. Service workers can't import what they run. */
export async function runSource({ source, args }: Order): Promise<Done> {
  try {
    const work = new Function(`return ${source}`)() as (...args: readonly unknown[]) => unknown
    return { value: await work(...args) }
  } catch (error) {
    return { error: String(error) }
  }
}
