import { accountOfDID } from '../base/account.js'
import { isBytes } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { parseDateTime } from './datetime.js'
import { isAuthority, isURI } from './uri.js'

/** CACAO header: the family of text that was signed. `eip4361` is the older word for Ethereum's. */
export interface CacaoHeader {
  readonly t: 'eip4361' | 'caip122'
}

/** CACAO payload (CAIP-74). Times are RFC 3339 date-times. */
export interface CacaoPayload {
  /** Who asked: an RFC 3986 authority, with its port. */
  readonly domain: string
  /** Who grants: the account's DID. */
  readonly iss: string
  /** Who may act: the session key's did:key, as a URI. */
  readonly aud: string
  readonly version: string
  readonly nonce: string
  /** Issued at. */
  readonly iat: string
  /** Not before. */
  readonly nbf?: string
  /** Expires at; without it the capability never expires. */
  readonly exp?: string
  readonly statement?: string
  readonly requestId?: string
  /** What the audience may do. A frozen array; typed as @didtools/cacao types it. */
  readonly resources?: string[]
}

/** CACAO signature: its type, and the signature in the encoding of its type. */
export interface CacaoSignature {
  readonly t: string
  readonly s: string | Uint8Array<ArrayBuffer>
  /** What else was signed; passkeys carry their authenticator data in `aad`. */
  readonly m?: { readonly aad?: Uint8Array<ArrayBuffer> }
}

/** A chain-agnostic capability object (CAIP-74), signed by the account in `p.iss` for the key in `p.aud`. */
export interface Cacao {
  readonly h: CacaoHeader
  readonly p: CacaoPayload
  readonly s: CacaoSignature
}

/** Everything that is granted and signed, apart from the signature. */
export type UnsignedCacao = Omit<Cacao, 's'>

type Check<T> = (value: unknown, path: string) => T

// Bounds on what is looked at: characters in a text, resources, and characters in all of them.
const MAX_LENGTH = 16_384
const MAX_RESOURCES = 1000
const MAX_RESOURCES_LENGTH = 65_536

// A line break, or what a wallet may show as one, could smuggle a field into the signed text. ASCII is held to
// the grammar of ERC-4361; beyond it people do write statements in their own language, and wallets sign them.
const STATEMENT = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;= ]|[^\p{ASCII}\p{Cc}\p{Zl}\p{Zp}\p{Cs}])*$/u
const REQUEST_ID = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*$/
const NONCE = /^[A-Za-z0-9]{8,}$/
// Passkeys of the did-session family write their nonce in base64url; no text is signed there.
const NONCE_BASE64URL = /^[-_A-Za-z0-9]{8,}$/
const SIGNATURE_TYPE = /^[-:\w]+$/

/**
 * The guard: the only way by which a capability comes in from outside (a wallet, a store, a string, a header).
 * Copies each member once into a frozen `Cacao`, so that nothing can change after it was checked. Throws
 * `ERR_CAPABILITY_INVALID` for anything that is not exactly a CACAO, or has a text of more than 16,384 characters,
 * or more than 1000 resources or 65,536 characters in them.
 */
export function parseCacao(input: unknown): Cacao {
  if (parsed.has(input as Cacao)) return input as Cacao
  let cacao: Cacao
  try {
    cacao = members<Cacao>(input, 'capability', { h: header, p: parsePayload, s: signature }, ['h', 'p', 's'])
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    // A getter or a proxy of somebody else's threw.
    throw new SessionError('ERR_CAPABILITY_INVALID', "malformed capability: it can't be read", { cause })
  }
  parsed.add(cacao)
  return cacao
}

// What has passed the guard is frozen, and need not pass it again.
const parsed = new WeakSet<Cacao>()

/** The guard for a payload alone, before it is signed. */
export function parsePayload(input: unknown, path = 'p'): CacaoPayload {
  const payload = members<CacaoPayload>(
    input,
    path,
    {
      domain: matching(isAuthority, 'an RFC 3986 authority such as "example.com:8080"'),
      iss: matching((text) => accountOfDID(text) !== undefined, 'a did:pkh or did:key'),
      aud: matching(isURI, 'a URI'),
      version: matching((text) => text === '1', '"1"'),
      nonce: matching((text) => NONCE_BASE64URL.test(text), 'at least 8 letters and digits'),
      iat: dateTime,
      nbf: dateTime,
      exp: dateTime,
      statement: matching((text) => STATEMENT.test(text), 'one line without control characters (ERC-4361)'),
      requestId: matching((text) => REQUEST_ID.test(text), 'made of URI path characters'),
      resources,
    },
    ['domain', 'iss', 'aud', 'version', 'nonce', 'iat'],
  )
  const isText = payload.iss.startsWith('did:pkh:eip155:')
  if (isText && !NONCE.test(payload.nonce)) throw invalid(`${path}.nonce`, 'at least 8 letters and digits')
  return payload
}

/** The account that granted the capability: a CAIP-10 id, or a did:key. */
export function issuerAccount({ p }: Pick<Cacao, 'p'>): string {
  const account = accountOfDID(p.iss)
  if (account === undefined) throw invalid('p.iss', 'a did:pkh or did:key')
  return account
}

const header: Check<CacaoHeader> = (input, path) =>
  members(
    input,
    path,
    {
      t: matching((t): t is CacaoHeader['t'] => t === 'eip4361' || t === 'caip122', '"caip122" or "eip4361"'),
    },
    ['t'],
  )

const signature: Check<CacaoSignature> = (input, path) =>
  members<CacaoSignature>(
    input,
    path,
    {
      t: matching((text) => SIGNATURE_TYPE.test(text), 'a signature type such as "eip191"'),
      s: (value, at) => (typeof value === 'string' ? signatureText(value, at) : bytes(value, at)),
      m: (value, at) => members<NonNullable<CacaoSignature['m']>>(value, at, { aad: bytes }, []),
    },
    ['t', 's'],
  )

const signatureText = matching((text) => text !== '', 'a non-empty string or bytes')

const dateTime = matching(
  (text) => parseDateTime(text) !== undefined,
  'an RFC 3339 date-time such as "2026-01-31T12:00:00Z"',
)

const resources: Check<string[]> = (value, path) => {
  const list: unknown[] =
    Array.isArray(value) && value.length <= MAX_RESOURCES
      ? Array.from({ length: value.length }, (_, i) => value[i])
      : [undefined]
  const length = list.reduce(
    (sum: number, item) => sum + (typeof item === 'string' ? item.length : Number.NaN),
    0,
  )
  if (!(length <= MAX_RESOURCES_LENGTH)) {
    throw invalid(
      path,
      `an array of up to ${MAX_RESOURCES} URIs, of ${MAX_RESOURCES_LENGTH} characters together`,
    )
  }
  const checked = list.map((item, i) => resource(item, `${path}[${i}]`))
  Object.freeze(checked)
  return checked
}
const resource = matching(isURI, 'a URI such as "https://api.example.com/notes/*"')

const bytes: Check<Uint8Array<ArrayBuffer>> = (value, path) => {
  if (!isBytes(value) || value.length === 0 || value.length > MAX_LENGTH)
    throw invalid(path, 'a non-empty string or bytes')
  return new Uint8Array(value)
}

function matching<T extends string = string>(
  test: ((text: string) => text is T) | ((text: string) => boolean),
  what: string,
): Check<T> {
  return (value, path) => {
    // The length is looked at first: what follows takes time for each character.
    if (typeof value !== 'string' || value.length > MAX_LENGTH || !test(value)) throw invalid(path, what)
    return value as T
  }
}

// Copies the known members in the order in which they came, because did-session's strings keep that order.
function members<T extends object>(
  input: unknown,
  path: string,
  checks: { readonly [K in keyof T]-?: Check<NonNullable<T[K]>> },
  required: readonly (keyof T & string)[],
): T {
  const prototype: unknown =
    typeof input === 'object' && input !== null ? Object.getPrototypeOf(input) : undefined
  // A plain object; of another realm too (an iframe, a worker), whose Object.prototype is another one.
  if (prototype === undefined || (prototype !== null && Object.getPrototypeOf(prototype) !== null)) {
    throw invalid(path, 'an object')
  }
  const copy: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(input as object)) {
    if (!Object.hasOwn(checks, name))
      throw invalid(`${path}.${name.slice(0, 40)}`, 'absent: it is no member of a CACAO')
    if (value !== undefined) copy[name] = checks[name as keyof T](value, `${path}.${name}`)
  }
  for (const name of required) if (!Object.hasOwn(copy, name)) throw invalid(`${path}.${name}`, 'present')
  return Object.freeze(copy) as T
}

function invalid(path: string, what: string): SessionError {
  return new SessionError('ERR_CAPABILITY_INVALID', `malformed capability: ${path} must be ${what}`)
}
