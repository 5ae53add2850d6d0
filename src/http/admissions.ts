import { toBase64url } from '../base/multibase.js'
import { type ReadValue, wrong } from '../base/options.js'
import { ExpiryBuckets } from './replay.js'

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

// What one capability may take up on a server at a time, so that one caller can't use up what is there for all.

/** Counts live requests by id. Each counts until it expires, and no more than `most` of one id at a time. */
export class LiveRequests {
  readonly #most: number
  readonly #counts = new Map<string, number>()
  readonly #buckets = new ExpiryBuckets(() => new Map<string, number>())

  constructor(most: number) {
    this.#most = most
  }

  /**
   * Counts one more request of the id until `expiresAt`, and returns a function that takes it back. Returns `undefined`,
   * and counts nothing, if there are as many as allowed. Times are milliseconds since 1970.
   */
  reserve(id: string, expiresAt: number, now: number): (() => void) | undefined {
    for (const expired of this.#buckets.takeExpired(now)) {
      for (const [each, count] of expired) add(this.#counts, each, -count)
      // So that a request which is taken back later is not subtracted twice.
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

/** Counts the bytes of bodies that are buffered at a time, for each id. */
export class BufferedBytes {
  readonly #most: number
  readonly #counts = new Map<string, number>()

  constructor(most: number) {
    this.#most = most
  }

  /**
   * The share of one body in what may be buffered for the id: `take` adds bytes, or returns false if that would be too
   * many; `release` gives all of them back.
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
