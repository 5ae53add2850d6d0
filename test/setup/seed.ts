const env = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {}

/** What all generated cases grow from: fixed, so that a failure comes again, unless FUZZ_SEED says otherwise. */
export const SEED = integer('FUZZ_SEED', 43_610_074)

/** A whole number from the environment. */
export function integer(name: string, otherwise: number): number {
  const value = Number(env[name] || otherwise)
  if (!Number.isSafeInteger(value)) throw new TypeError(`${name} must be a whole number`)
  return value
}

/** fast-check's parameters for so many cases in Node, and far fewer in a browser. */
export function runs(inNode: number, inBrowser: number = Math.ceil(inNode / 20)): RunParameters {
  return { seed: SEED, numRuns: typeof window === 'undefined' ? inNode : inBrowser }
}

interface RunParameters {
  seed: number
  numRuns: number
}
