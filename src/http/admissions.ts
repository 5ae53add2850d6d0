import { toBase64url } from '../base/multibase.js'
import { type ReadValue, wrong } from '../base/options.js'

// Where one process checks a request twice, the second check must not take it for a replay. It can't tell by the request itself,
// which anyone may have captured: so the first check puts a random pass into the request that it hands on, and the second one
// takes it. No client knows a pass, none is good for another request, and none twice.

/** Whether a check gives a pass to the check after it, or takes that of the one before. */
export type Admission = 'give' | 'take'

/** Reads the option `admission`. */
export const admissionOption: ReadValue<Admission> = (value, name) => {
  if (value === 'give' || value === 'take') return value
  throw wrong(name, '"give", where another check of this process follows, or "take", where it does')
}

/** The header in which a pass is handed on within the process. */
export const PASS_HEADER = 'cacao-admission'

const PASS_BYTES = 16
const PASS_MS = 60_000
const MOST_PASSES = 100_000
// Bundlers copy this module into each part of an app, and all of them must know the passes.
const PLACE = Symbol.for('cacao-session.admissions')

interface Pass {
  /** The request that it is for. */
  readonly id: string
  /** Milliseconds since 1970. */
  readonly until: number
}

function passes(): Map<string, Pass> {
  const place = globalThis as { [PLACE]?: Map<string, Pass> }
  place[PLACE] ??= new Map()
  return place[PLACE]
}

/** A new pass for a request that was admitted, good for a minute at most, and until the request expires. */
export function givePass(id: string, expiresAt: number, now: number): string {
  const all = passes()
  for (const [pass, { until }] of all) {
    // The oldest come first. One that was pushed out is refused as a replay.
    if (now < until && all.size < MOST_PASSES) break
    all.delete(pass)
  }
  const pass = toBase64url(crypto.getRandomValues(new Uint8Array(PASS_BYTES)))
  all.set(pass, { id, until: Math.min(expiresAt, now + PASS_MS) })
  return pass
}

/** Takes a pass. Says whether there was such a one for this request, which it is no more. */
export function takePass(pass: string | undefined, id: string, now: number): boolean {
  const found = pass === undefined ? undefined : passes().get(pass)
  if (pass === undefined || found?.id !== id) return false
  passes().delete(pass)
  return now < found.until
}
