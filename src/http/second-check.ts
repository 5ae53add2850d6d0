import { toBase64url } from '../base/multibase.js'
import { type ReadValue, wrong } from '../base/options.js'

// If one process verifies a request twice, the second check must not refuse it as a replay. The request itself proves
// nothing, because anyone may have captured it. So the first check adds a random pass to the request that it hands on,
// and the second check consumes the pass. No client knows a pass, and each pass is valid for one request, once.

/** Which of two checks of the same request this is. The first one gives a pass, which the second one consumes. */
export type Check = 'first' | 'second'

/** Reads the option `check`. */
export const checkOption: ReadValue<Check> = (value, name) => {
  if (value === 'first' || value === 'second') return value
  throw wrong(name, '"first" or "second", where one process checks a request twice')
}

/** The header that carries a pass from one check to the next within the process. */
export const PASS_HEADER = 'cacao-check'

const PASS_BYTES = 16
const PASS_MS = 60_000
const MOST_PASSES = 100_000
// Bundlers may copy this module into several parts of an app. A global symbol lets all copies share the passes.
const PASSES = Symbol.for('cacao-session.passes')

interface Pass {
  /** The id of the request that the pass is for. */
  readonly id: string
  /** When the pass expires, in milliseconds since 1970. */
  readonly until: number
}

function passes(): Map<string, Pass> {
  const holder = globalThis as { [PASSES]?: Map<string, Pass> }
  holder[PASSES] ??= new Map()
  return holder[PASSES]
}

/**
 * Returns a new pass for the accepted request with this id. The pass expires after a minute, or with the request if
 * that is earlier. Times are milliseconds since 1970.
 */
export function givePass(id: string, expiresAt: number, now: number): string {
  const all = passes()
  for (const [pass, { until }] of all) {
    // The oldest pass comes first. A request whose pass was dropped to make room is refused as a replay.
    if (now < until && all.size < MOST_PASSES) break
    all.delete(pass)
  }
  const pass = toBase64url(crypto.getRandomValues(new Uint8Array(PASS_BYTES)))
  all.set(pass, { id, until: Math.min(expiresAt, now + PASS_MS) })
  return pass
}

/** Consumes a pass. Returns whether it was valid for the request with this id at `now` (milliseconds since 1970). */
export function takePass(pass: string | undefined, id: string, now: number): boolean {
  const found = pass === undefined ? undefined : passes().get(pass)
  if (pass === undefined || found?.id !== id) return false
  passes().delete(pass)
  return now < found.until
}
