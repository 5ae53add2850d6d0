/** The source of a function that a test wants to run, and its arguments. */
export interface Order {
  readonly source: string
  readonly args: readonly unknown[]
}

export type Done = { readonly value?: unknown } | { readonly error: string }

/** Runs the function. Service workers can't import code that they run. */
export async function runSource({ source, args }: Order): Promise<Done> {
  try {
    const work = new Function(`return ${source}`)() as (...args: readonly unknown[]) => unknown
    return { value: await work(...args) }
  } catch (error) {
    return { error: String(error) }
  }
}
