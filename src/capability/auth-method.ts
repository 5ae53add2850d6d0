import { SessionError } from '../base/errors.js'
import { withoutHidden } from '../base/hidden-characters.js'

// The wallet entries import the functions of this file only after something has failed, so that they stay small for a
// page that only looks for a session.

/** What an auth method must ask the wallet to sign: the options of `@didtools/cacao`. Times are RFC 3339 date-times. */
export interface AuthMethodOpts {
  domain?: string
  address?: string
  statement?: string
  /** The session key's did:key, which becomes the capability's `aud`. */
  uri?: string
  version?: string
  nonce?: string
  issuedAt?: string
  expirationTime?: string
  notBefore?: string
  requestId?: string
  /**
   * The chain's CAIP-2 reference as a text, such as `1`, which did-session's auth methods expect. This library's own
   * options take numbers.
   */
  chainId?: string
  resources?: string[]
}

/**
 * Asks the person's wallet for a capability. The auth methods of the did-session family (`@didtools/pkh-ethereum` and
 * its relatives) have this type too. The capability that it returns is checked before it is used.
 */
export type AuthMethod = (opts: AuthMethodOpts) => Promise<{ h: object; p: object; s?: object }>

// "Resource unavailable" (EIP-1474): wallets return it while another request of the page is open.
const PENDING = -32002
const MAX_REASON = 200

/**
 * Converts any value that a wallet, a key or an auth method threw: to `ERR_AUTH_REJECTED` if the person rejected the
 * request, else to `ERR_AUTH_FAILED`. Returns a `SessionError` unchanged.
 */
export function authError(cause: unknown): SessionError {
  if (cause instanceof SessionError) return cause
  if (isRejection(cause))
    return new SessionError(
      'ERR_AUTH_REJECTED',
      'the request was rejected in the wallet: ask again when the person is ready',
      { cause },
    )
  const reason = hasCode(cause, PENDING)
    ? 'it has another request open: answer that request in the wallet first'
    : failureReason(cause)
  return new SessionError('ERR_AUTH_FAILED', `the wallet failed: ${reason}`, { cause })
}

// "Unauthorized" (EIP-1193).
const UNAUTHORIZED = 4100
const NOT_CONNECTED = /\bconnect\(\) before\b|\bnot connected\b/i

/**
 * Throws the error for what a wallet threw when it was asked for its account. Returns `undefined` if it was asked silently and is only
 * not connected to the page: many wallets then answer as if the person had rejected a request, although they have shown none.
 */
export function notConnected(cause: unknown, silent: boolean | undefined): undefined {
  const isNotConnected =
    isRejection(cause) || hasCode(cause, UNAUTHORIZED) || NOT_CONNECTED.test(reasonOf(cause) ?? '')
  if (!(silent && isNotConnected)) throw authError(cause)
}

/** The error for a wallet that shows no account: `ERR_AUTH_FAILED`. */
export function noAccountError(): SessionError {
  return new SessionError(
    'ERR_AUTH_FAILED',
    'the wallet shows no account: ask the person to unlock it and to connect it to this site',
  )
}

/**
 * The text of an error that a wallet threw, for use in a message: without line breaks and hidden characters, because it
 * is untrusted, and at most 200 characters.
 */
export function failureReason(cause: unknown): string {
  return withoutHidden((reasonOf(cause) ?? 'it gave no reason').slice(0, MAX_REASON), () => ' ')
}

// Wallets, hardware wallets, browsers and libraries each report a rejection in their own way, and each wraps the error
// of the layer below. The lists below contain their actual answers; `test/capability/rejection.test.ts` has the
// reports.

/** An error, or a value inside an error. Any value can be thrown, even a text. */
type Part = string | Readonly<Record<string, unknown>>

// The codes of EIP-1193, WalletConnect and CAIP-25, ethers, Ledger (0x6985 and 0x5501), and of this library's own
// errors, in case a page has two copies of the library.
const REJECTED_CODES = new Set([
  '4001',
  '5000',
  '5001',
  '5002',
  '5003',
  'ACTION_REJECTED',
  '27013',
  '21761',
  'ERR_AUTH_REJECTED',
])

const NO = 'reject|den(?:y|ied|ies)|declin|cancel|disapprov|refus|dismiss'
// These match only a rejection by a person: networks, contracts and policies reject too, and connections are refused
// and closed. The rest of a word is limited, because otherwise a long text without spaces would be read again from each "reject".
const REJECTED_WORDS: readonly RegExp[] = [
  new RegExp(`(?:user|\\byou)[\\s_-]*(?:has |have )?(?:${NO}|closed|abort(?!ed a request))`, 'i'),
  /\buser did(?: not|n['’]t) (?:approve|confirm|accept|consent|allow)/i,
  new RegExp(`(?:${NO}|closed|abort)\\w{0,24}[^.:;]{0,24}\\bby (?:the )?user\\b(?!['’])`, 'i'),
  new RegExp(
    `(?:${NO})\\w{0,24}[^.:;]{0,16} (?:on|in) (?:the |your )?(?:device|ledger|trezor|hardware wallet|wallet)\\b`,
    'i',
  ),
  // The whole text, such as "Approval Denied", "-3/sign request declined", or "Popup closed".
  /^(?:\w*error: |-?\d+[/:] ?)*(?:(?:the|your|sign|signing|signature|sign-?in|login|connect|connection|message|transaction|authorization|approval|pairing|request|action|operation|prompt|proposal) ?)*(?:was |is |has been )?(?:reject|rejected|denied|declined|cancel|cancell?ed|disapproved|dismissed)[.!]?$/i,
  /^(?:(?:login|sign-?in|wallet) )?(?:popup|modal|dialog|window)(?: window)?(?: was| has been)? closed\b/i,
  /^permissions? (?:was |were )?(?:rejected|not granted)[.!]?$/i,
  /action_?cancell?ed/i,
  /\b0x(?:6985|5501)\b|conditions?[ _]of[ _]use[ _]not[ _]satisfied/i,
  /\bcode["']?\s*[:=]\s*["']?(?:4001|500[0-3]|ACTION_REJECTED)\b/,
  /用户已?(?:拒绝|取消)/,
]

// The reason of a contract that reverts may contain any words, so it is no evidence.
const REVERTED = /revert/i
// These errors mean that a script aborted a request, for example because it took too long.
const ABORTED = new Set(['AbortError', 'CanceledError'])

// Browsers use this one name for every reason why a passkey was not used. The messages below are reasons other than the
// person's.
const NOT_ALLOWED = 'NotAllowedError'
const NOT_ALLOWED_HERE = /polic(?:y|ies)|not enabled|focus|gesture|activat|certificate/i

const TEXTS = ['message', 'shortMessage', 'details', 'reason', 'name', 'type', 'code', 'statusText'] as const
const INNER = [
  'cause',
  'error',
  'err',
  'info',
  'data',
  'originalError',
  'innerError',
  'reason',
  'details',
] as const
const MAX_DEPTH = 8
const MAX_PARTS = 100
const MAX_TEXT = 2000

/**
 * Whether an error means that a person rejected a request, judging by its code and texts and by those of the errors
 * that it wraps. Accepts any thrown value, and never throws.
 */
export function isRejection(error: unknown): boolean {
  return partsOf(error).some((part) => {
    if (typeof part === 'string') return isRejectionText(part)
    const name = read(part, 'name')
    if (ABORTED.has(String(name))) return false
    if (name === NOT_ALLOWED && !NOT_ALLOWED_HERE.test(String(read(part, 'message')))) return true
    const codes = [read(part, 'code'), read(part, 'statusCode')]
    return codes.some((code) => REJECTED_CODES.has(codeText(code))) || textsOf(part).some(isRejectionText)
  })
}

/** Whether an error, or one that it wraps, has the code. */
export function hasCode(error: unknown, code: number): boolean {
  return partsOf(error).some(
    (part) => typeof part !== 'string' && codeText(read(part, 'code')) === String(code),
  )
}

/** The first message of an error or of the errors that it wraps; `undefined` if none has a message. */
export function reasonOf(error: unknown): string | undefined {
  return partsOf(error)
    .map((part) => (typeof part === 'string' ? part : read(part, 'message')))
    .find((text) => typeof text === 'string' && text.trim() !== '') as string | undefined
}

function isRejectionText(text: string): boolean {
  const words = text.slice(0, MAX_TEXT).trim()
  return !REVERTED.test(words) && REJECTED_WORDS.some((pattern) => pattern.test(words))
}

/** The error and everything that it wraps. Each part occurs once, because an error may contain itself. */
function partsOf(error: unknown): readonly Part[] {
  const parts = new Set<Part>()
  const collect = (value: unknown, depth: number): void => {
    if (depth > MAX_DEPTH || parts.size >= MAX_PARTS || parts.has(value as Part)) return
    if (typeof value === 'string') parts.add(value)
    if (typeof value !== 'object' || value === null) return
    parts.add(value as Part)
    const errors = read(value as Part, 'errors')
    const inner = [
      ...INNER.map((name) => read(value as Part, name)),
      ...(Array.isArray(errors) ? errors : []),
    ]
    for (const next of inner) collect(next, depth + 1)
  }
  collect(error, 0)
  return [...parts]
}

function textsOf(part: Part): string[] {
  // If a wallet passes an error on as text, the first line of its stack is often the only place with the message.
  const [line] = String(read(part, 'stack') ?? '').split('\n', 1)
  return [...TEXTS.map((name) => read(part, name)), line].filter((text) => typeof text === 'string')
}

/** A code, given as a number or a text, as decimal digits or as a word. */
function codeText(code: unknown): string {
  const text = typeof code === 'string' || typeof code === 'number' ? String(code).trim() : ''
  return /^0x[0-9a-f]{1,8}$/i.test(text) ? String(Number(text)) : text
}

// Reading a member may throw: a wallet's getter or proxy may, and so do cross-origin objects.
function read(part: Part, name: string): unknown {
  try {
    return (part as Readonly<Record<string, unknown>>)[name]
  } catch {
    return undefined
  }
}
