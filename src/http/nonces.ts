import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8 } from '../base/bytes.js'
import { type Clock, clockOption, latestTime, systemClock } from '../base/environment.js'
import { toHex } from '../base/hex.js'
import {
  check,
  isSecret,
  quantityOption,
  type ReadersOf,
  type ReadValue,
  readOptions,
  setting,
  wrong,
} from '../base/options.js'
import { answerWithin } from '../base/store-answer.js'
import { memoryReplay, type ReplayStore, usedStoreOption } from './replay.js'

/** Options of `nonces`. */
export interface NoncesOptions {
  /**
   * Seconds for which an issued nonce is valid; 600 by default, which gives a person time to read and sign; at most a
   * year.
   */
  expiresInSecs?: number
  /** At least 32 secret bytes, the same on all servers that accept each other's nonces; random bytes by default. */
  secret?: Uint8Array
  /**
   * Remembers used nonces; in this process's memory by default. Servers that accept each other's nonces must share it.
   */
  replay?: ReplayStore
  /** Milliseconds within which `replay` must answer; 2000 by default. */
  storeTimeoutMs?: number
  /** A clock in milliseconds; `Date.now` by default. */
  now?: Clock
}

/** Nonces that a server issues for sign-ins. Each is accepted once, within a limited time. */
export interface Nonces {
  /** A new nonce of letters and digits, as ERC-4361 requires. Nothing is stored for it. */
  issue(): string
  /**
   * Returns `true` if the nonce, such as a capability's `p.nonce`, was issued with this secret, has not expired, and is
   * used for the first time. Rejects with `ERR_STORE_UNAVAILABLE` if the replay store fails or doesn't answer in time;
   * refuse the sign-in in that case.
   */
  consume(nonce: string): Promise<boolean>
}

const RANDOM_BYTES = 8
const MAC_BYTES = 12
const MOST_SECS = 31_536_000
// In hex: random bytes, the expiry in milliseconds since 1970, and a MAC of both.
const FORMAT = /^([0-9a-f]{16}([0-9a-f]{12}))([0-9a-f]{24})$/

/** Reads the lifetime of a nonce or of a link request, in seconds. */
export const lifetimeOption: ReadValue<number> = (value, name) => {
  if (typeof value === 'number' && value > 0 && value <= MOST_SECS) return value
  throw wrong(name, `a positive finite number of seconds, ${MOST_SECS} at most`)
}

const secretOption: ReadValue<Uint8Array> = (value, name) => {
  if (isSecret(value)) return new Uint8Array(value)
  throw wrong(name, 'a Uint8Array of at least 32 random bytes')
}

// `secret` and `replay` can't be `undefined` by accident: servers that don't share the secret would refuse each other's
// nonces, and servers that don't share the replay store would each accept a nonce once.
const OPTIONS: ReadersOf<NoncesOptions> = {
  expiresInSecs: setting(lifetimeOption),
  secret: check(secretOption),
  replay: check(usedStoreOption),
  storeTimeoutMs: setting(quantityOption),
  now: setting(clockOption),
}

/**
 * Issues nonces and accepts each of them once. A nonce contains its expiry and a MAC (HMAC-SHA-256). So issuing many
 * nonces fills no store, and only nonces with a valid MAC that have not expired are looked up in the replay store. An
 * expired nonce stays expired, even if the clock is set back. Throws a `TypeError` for wrong options.
 *
 * @example
 * const signIns = nonces()
 * // GET /nonce answers signIns.issue(); the client passes it on: DIDSession.get(…, { nonce })
 * // POST /sign-in, behind the middleware: if (!(await signIns.consume(caller.root.p.nonce))) refuse
 */
export function nonces(options: NoncesOptions = {}): Nonces {
  const {
    expiresInSecs = 600,
    secret = crypto.getRandomValues(new Uint8Array(32)),
    now = systemClock,
    replay = memoryReplay({ now }),
    storeTimeoutMs = 2000,
  } = readOptions<NoncesOptions>(options, OPTIONS)
  const key = hmac(sha256, secret, utf8('cacao-session nonce'))
  const clock = latestTime(now)
  const macOf = (claim: string): string => toHex(hmac(sha256, key, utf8(claim)).subarray(0, MAC_BYTES))
  return {
    issue() {
      const expiresAt = Math.ceil(now() + expiresInSecs * 1000)
      const random = toHex(crypto.getRandomValues(new Uint8Array(RANDOM_BYTES)))
      const claim = random + expiresAt.toString(16).padStart(12, '0')
      return claim + macOf(claim)
    },
    async consume(nonce) {
      const [, claim = '', time = '', mac = ''] = (typeof nonce === 'string' && FORMAT.exec(nonce)) || []
      if (!equalInConstantTime(mac, macOf(claim))) return false
      const expiresAt = Number.parseInt(time, 16)
      if (!(clock() < expiresAt)) return false
      const use = (): boolean | Promise<boolean> => replay.use(`nonce ${nonce}`, expiresAt)
      return (await answerWithin(storeTimeoutMs, 'the replay store', use)) === true
    },
  }
}

// Takes the same time wherever the texts differ, so that its duration reveals nothing about the MAC.
function equalInConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i)
  return difference === 0
}
