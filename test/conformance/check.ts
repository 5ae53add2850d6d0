// The few assertions that the cases need, because the runtimes have no assertion library in common.

/** Fails unless the two values have the same JSON. */
export function equal(actual: unknown, expected: unknown): void {
  const [is, should] = [actual, expected].map(write)
  if (is !== should) throw new Error(`is ${is}, should be ${should}`)
}

/** Fails unless the call fails with this code of a `SessionError`, or as a `TypeError`. */
export async function refuses(code: string, call: () => unknown): Promise<void> {
  let failure: unknown
  try {
    await call()
  } catch (error) {
    failure = error
  }
  if (failure === undefined) throw new Error(`succeeded, should fail with ${code}`)
  const { name, code: actual } = failure as { name?: string; code?: string }
  equal(name === 'SessionError' ? actual : name, code)
}

function write(value: unknown): string {
  if (ArrayBuffer.isView(value))
    return `bytes ${[...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]}`
  return JSON.stringify(value) ?? String(value)
}
