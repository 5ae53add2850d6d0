import { toBase64url } from '../base/multibase.js'
import { type ReadValue, wrong } from '../base/options.js'
import { ExpiryBuckets } from './replay.js'

// If one process verifies a request twice, the second check must not refuse it as a replay. The request itself proves
// nothing, because anyone may have captured it. So the first check adds a random pass to the request that it hands on,
// and the second check consumes the pass. No client knows a pass, and each pass is valid for one request, once.

/** Whether a check gives a pass to the next check of the same request, or takes the pass of the previous one. */
export type Admission = 'give' | 'take'

/** Reads the option `admission`. */
export const admissionOption: ReadValue<Admission> = (value, name) => {
  if (value === 'give' || value === 'take') return value
  throw wrong(name, '"give" in the first of two checks of a request, or "take" in the second')
}

/** The header that carries a pass from one check to the next within the process. */
export const PASS_HEADER = 'cacao-admission'

const PASS_BYTES = 16
const PASS_MS = 60_000
const MOST_PASSES = 100_000
// Bundlers may copy this module into several parts of an app. A global symbol lets all copies share the passes.
const PASSES = Symbol.for('cacao-session.admissions')

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

// Limits for each capability, so that one caller can't use up the server's memory.

/**
 * Counts live requests by id. A request counts until it expires, and at most `most` of one id may be live at a time.
 */
export class LiveRequests {
  readonly #most: number
  readonly #counts = new Map<string, number>()
  readonly #buckets = new ExpiryBuckets(() => new Map<string, number>())

  constructor(most: number) {
    this.#most = most
  }

  /**
   * Counts one more request of the id until `expiresAt`, and returns a function that uncounts it. If the limit is
   * reached, counts nothing and returns `undefined`. Times are milliseconds since 1970.
   */
  reserve(id: string, expiresAt: number, now: number): (() => void) | undefined {
    for (const expired of this.#buckets.takeExpired(now)) {
      for (const [each, count] of expired) add(this.#counts, each, -count)
      // So that a request that is uncounted later is not subtracted twice.
      expired.clear()
    }
    if ((this.#counts.get(id) ?? 0) >= this.#most) return undefined
    const bucket = this.#buckets.at(expiresAt)
    add(bucket, id, 1)
    add(this.#counts, id, 1)
    return () => {
      if (!bucket.has(id)) return
      add(bucket, id, -1)
      add(this.#counts, id, -1)
    }
  }
}

/** Counts the bytes of request bodies that are buffered at the moment, for each id. */
export class BufferedBytes {
  readonly #most: number
  readonly #counts = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /**
   * The share of one body in the buffer of the id. `take` counts more bytes, or returns `false` if they would exceed
   * the limit; `release` uncounts all bytes of the body.
   */
  share(id: string): { take(bytes: number): boolean; release(): void } {
    let taken = 0
    return {
      take: (bytes) => {
        if ((this.#counts.get(id) ?? 0) + bytes > this.#most) return false
        taken += bytes
        add(this.#counts, id, bytes)
        return true
      },
      release: () => {
        add(this.#counts, id, -taken)
        taken = 0
      },
    }
  }
}

function add(counts: Map<string, number>, id: string, difference: number): void {
  const count = (counts.get(id) ?? 0) + difference
  if (count > 0) counts.set(id, count)
  else counts.delete(id)
}
