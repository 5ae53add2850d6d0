import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { isBytes } from '../base/bytes.js'
import { toHex } from '../base/hex.js'
import { type Clock, latestTime, systemClock } from '../base/time.js'
import { utf8 } from '../base/utf8.js'
import { memoryReplay, type ReplayStore } from './replay.js'

/** How long nonces are good, and what servers that stand for one another share. */
export interface NoncesOptions {
  /** Seconds for which an issued nonce can be used; 600 by default: time for a person to read and sign. */
  expiresInSecs?: number
  /** At least 32 secret bytes, the same for all servers that stand for one another; random bytes by default. */
  secret?: Uint8Array
  /** Where used nonces are remembered; this process's memory by default. Servers that stand for one another share it. */
  replay?: ReplayStore
  now?: Clock
}

/** Nonces that a server chooses for sign-ins: each is good once, and for a while. */
export interface Nonces {
  /** A new nonce, of letters and digits as ERC-4361 wants it. Nothing is stored for it. */
  issue(): string
  /**
   * Whether the nonce, such as a capability's `p.nonce`, was issued here, is in time, and is used for the first time.
   * Rejects if that can't be found out; whoever asks must then refuse.
   */
  consume(nonce: string): Promise<boolean>
}

const RANDOM_BYTES = 8
const MAC_BYTES = 12
const MIN_SECRET_BYTES = 32
// Random bytes, when it expires in milliseconds since 1970, and the proof that it is from here; all in hex.
const FORM = /^([0-9a-f]{16}([0-9a-f]{12}))([0-9a-f]{24})$/

/**
 * Issues nonces and accepts each of them once. A nonce carries its own expiry and proof (HMAC-SHA-256), so that whoever
 * asks for many fills no store, and only what was issued here, and is in time, is looked up there. A nonce whose time was once
 * over stays so, also if the clock goes back.
 *
 * @example
 * const signIns = nonces()
 * // GET /nonce answers signIns.issue(); the client passes it on: DIDSession.get(…, { nonce })
 * // POST /sign-in, behind the middleware: if (!(await signIns.consume(caller.root.p.nonce))) refuse
 */
export function nonces(options: NoncesOptions = {}): Nonces {
  const { expiresInSecs = 600, now = systemClock } = options
  if (!(typeof expiresInSecs === 'number' && expiresInSecs > 0 && Number.isFinite(expiresInSecs)))
    throw new TypeError('expiresInSecs must be a positive finite number of seconds')
  const secret = options.secret ?? crypto.getRandomValues(new Uint8Array(MIN_SECRET_BYTES))
  if (!isBytes(secret) || secret.length < MIN_SECRET_BYTES)
    throw new TypeError(`secret must have at least ${MIN_SECRET_BYTES} bytes`)
  const key = hmac(sha256, new Uint8Array(secret), utf8('cacao-session nonce'))
  const replay = options.replay ?? memoryReplay({ now })
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
      const [, claim = '', time = '', mac = ''] = (typeof nonce === 'string' && FORM.exec(nonce)) || []
      if (!equalTexts(mac, macOf(claim))) return false
      const expiresAt = Number.parseInt(time, 16)
      return clock() < expiresAt && (await replay.use(`nonce ${nonce}`, expiresAt)) === true
    },
  }
}

// Takes as long wherever the texts differ.
function equalTexts(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i)
  return difference === 0
}
