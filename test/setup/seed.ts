const env = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env ?? {}

/** The seed of all generated cases: fixed, so that failures can be reproduced, unless FUZZ_SEED is set. */
export const SEED = integer('FUZZ_SEED', 43_610_074)

/** An integer from the environment. */
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
