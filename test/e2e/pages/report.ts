export type Report<Value> = { readonly value: Value } | { readonly error: string }

/** Runs a step and reports its outcome to the test's server. */
export async function report(step: () => Promise<unknown>): Promise<void> {
  const result: Report<unknown> = await step().then(
    (value) => ({ value }),
    (error: unknown) => ({ error: String(error) }),
  )
  await fetch('/report', { method: 'POST', body: JSON.stringify(result) })
}
