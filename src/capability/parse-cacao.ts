import { accountOfDID } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { codePointName, hiddenCharacter } from '../base/hidden-characters.js'
import { isBytes, isPlainObject } from '../base/options.js'
import {
  type Cacao,
  type CacaoHeader,
  type CacaoPayload,
  type CacaoSignature,
  expiryTime,
  invalid,
  isPasskeyType,
  parseDateTime,
  rootOf,
  startTime,
} from './cacao.js'
import { isAuthority, isURI, missingResources } from './resources.js'

// The parts of the parser. Each reads one value and returns a copy of it.

/** Returns a copy of a value that it accepts; throws `ERR_CAPABILITY_INVALID`, naming the path, for any other value. */
type Schema<T> = (value: unknown, path: string) => T
type Schemas<T> = { readonly [K in keyof T]-?: Schema<NonNullable<T[K]>> }

// Characters of a text, or bytes.
const MAX_LENGTH = 16_384

/**
 * A schema for a text of at most 16,384 characters that passes the test; `form` describes the text for the error
 * message.
 */
function textSchema<T extends string = string>(
  test: ((text: string) => text is T) | ((text: string) => boolean),
  form: string,
): Schema<T> {
  return (value, path) => {
    // The length is checked first, because the tests take time for each character.
    if (typeof value !== 'string' || value.length > MAX_LENGTH) throw invalid(path, form)
    if (test(value)) return value as T
    const hidden = hiddenCharacter(value)
    const detail = hidden && `, and has ${codePointName(hidden.character)} at position ${hidden.position}`
    throw invalid(path, form + (detail ?? ''))
  }
}

/** The schema for 1 to 16,384 bytes. */
const bytesSchema: Schema<Uint8Array<ArrayBuffer>> = (value, path) => {
  if (!isBytes(value) || value.length === 0 || value.length > MAX_LENGTH)
    throw invalid(path, 'a non-empty string or bytes')
  return new Uint8Array(value)
}

/**
 * Reads a plain object that has these members and no others, and returns a frozen copy. The members keep their order,
 * because did-session's session strings depend on it.
 */
function readObject<T extends object>(
  input: unknown,
  path: string,
  schemas: Schemas<T>,
  required: readonly (keyof T & string)[],
): T {
  if (!isPlainObject(input)) throw invalid(path, 'an object')
  const copy: Record<string, unknown> = {}
  for (const name of Object.keys(input)) {
    if (!Object.hasOwn(schemas, name))
      throw invalid(`${path}.${name.slice(0, 40)}`, 'absent: a CACAO has no such member')
    const value = input[name]
    if (value === null) throw invalid(`${path}.${name}`, 'a value, not null')
    if (value !== undefined) copy[name] = schemas[name as keyof T](value, `${path}.${name}`)
  }
  for (const name of required) if (!Object.hasOwn(copy, name)) throw invalid(`${path}.${name}`, 'present')
  return Object.freeze(copy) as T
}

const MAX_RESOURCES = 1000
// Characters of all resources together.
const MAX_RESOURCES_LENGTH = 65_536

// ASCII characters must be in the grammar of ERC-4361. Other characters are accepted, because statements are written in
// many languages and wallets sign them. Hidden characters are refused: a line break, or a character that a wallet may
// show as one, could add a field to the signed text, and other hidden characters could make the person read a different
// text.
const STATEMENT = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;= ]|[^\p{ASCII}])*$/u
const REQUEST_ID = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*$/
const NONCE = /^[A-Za-z0-9]{8,}$/
// Passkeys of the did-session family have a nonce in base64url. It is not part of a signed text.
const NONCE_BASE64URL = /^[-_A-Za-z0-9]{8,}$/
const SIGNATURE_TYPE = /^[-:\w]+$/
const KEY_TYPE = 'key:'

// Parsed capabilities are frozen, so they need not be parsed again.
const parsed = new WeakSet<Cacao>()

/**
 * The guard that every capability from outside (a wallet, a store, a string, a header) must pass. It copies each member
 * once into a frozen `Cacao`, so that nothing can change after the checks. Throws `ERR_CAPABILITY_INVALID` for a value
 * that is not exactly a CACAO (CAIP-74), for a text of more than 16,384 characters, for more than 1000 resources or
 * 65,536 characters in all of them, for a chain of more than 4 capabilities, and for a delegated capability that begins
 * earlier or ends later than its parent. Throws `ERR_CAPABILITY_AUDIENCE`, `_DOMAIN` or `_RESOURCES` for one that
 * exceeds its parent in another way.
 */
export function parseCacao(input: unknown): Cacao {
  if (parsed.has(input as Cacao)) return input as Cacao
  try {
    return parseChain(input, 'capability', MAX_LINKS)
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    // A getter or a proxy in the input threw.
    throw new SessionError('ERR_CAPABILITY_INVALID', "malformed capability: it can't be read", { cause })
  }
}

/** Parses a capability and the chain that it was delegated from, at most `links` capabilities together. */
function parseChain(input: unknown, path: string, links: number): Cacao {
  if (links === 0) throw invalid(path, `absent: a chain has at most ${MAX_LINKS} capabilities`)
  const parent: Schema<Cacao> = (value, at) => parseChain(value, at, links - 1)
  const s: Schema<CacaoSignature> = (value, at) => parseSignature(value, at, parent)
  const cacao = readObject<Cacao>(input, path, { h: parseHeader, p: parsePayload, s }, ['h', 'p', 's'])
  if (cacao.s.m?.parent) assertWithin(cacao, cacao.s.m.parent)
  parsed.add(cacao)
  return cacao
}

const headerType = textSchema(
  (t): t is CacaoHeader['t'] => t === 'eip4361' || t === 'caip122',
  '"caip122" or "eip4361"',
)

const parseHeader: Schema<CacaoHeader> = (input, path) => readObject(input, path, { t: headerType }, ['t'])

const dateTime = textSchema(
  (text) => parseDateTime(text) !== undefined,
  'an RFC 3339 date-time such as "2026-01-31T12:00:00Z"',
)

const resource = textSchema(isURI, 'a URI such as "https://api.example.com/notes/*"')

const parseResources: Schema<string[]> = (value, path) => {
  const list: unknown[] =
    Array.isArray(value) && value.length <= MAX_RESOURCES
      ? Array.from({ length: value.length }, (_, i) => value[i])
      : [undefined]
  // NaN if any item is not a text.
  const length = list.reduce(
    (sum: number, item) => sum + (typeof item === 'string' ? item.length : Number.NaN),
    0,
  )
  if (!(length <= MAX_RESOURCES_LENGTH))
    throw invalid(
      path,
      `an array of up to ${MAX_RESOURCES} URIs, of ${MAX_RESOURCES_LENGTH} characters together`,
    )
  const copy = list.map((item, i) => resource(item, `${path}[${i}]`))
  Object.freeze(copy)
  return copy
}

const PAYLOAD: Schemas<CacaoPayload> = {
  domain: textSchema(isAuthority, 'an RFC 3986 authority such as "example.com:8080"'),
  iss: textSchema((text) => accountOfDID(text) !== undefined, 'a did:pkh or did:key'),
  aud: textSchema(isURI, 'a URI'),
  version: textSchema((text) => text === '1', '"1"'),
  nonce: textSchema((text) => NONCE_BASE64URL.test(text), 'at least 8 letters and digits'),
  iat: dateTime,
  nbf: dateTime,
  exp: dateTime,
  statement: textSchema(
    (text) => STATEMENT.test(text) && hiddenCharacter(text) === undefined,
    'one line without hidden characters (ERC-4361)',
  ),
  requestId: textSchema((text) => REQUEST_ID.test(text), 'made of URI path characters'),
  resources: parseResources,
}

/** Parses a payload alone, before it is signed. Throws `ERR_CAPABILITY_INVALID`. */
export function parsePayload(input: unknown, path = 'p'): CacaoPayload {
  const required = ['domain', 'iss', 'aud', 'version', 'nonce', 'iat'] as const
  const payload = readObject<CacaoPayload>(input, path, PAYLOAD, required)
  const isText = payload.iss.startsWith('did:pkh:eip155:')
  if (isText && !NONCE.test(payload.nonce)) throw invalid(`${path}.nonce`, 'at least 8 letters and digits')
  return payload
}

const signatureType = textSchema((text) => SIGNATURE_TYPE.test(text), 'a signature type such as "eip191"')
const signatureText = textSchema((text) => text !== '', 'a non-empty string or bytes')
const signatureValue: Schema<string | Uint8Array<ArrayBuffer>> = (value, path) =>
  typeof value === 'string' ? signatureText(value, path) : bytesSchema(value, path)

function parseSignature(input: unknown, path: string, parent: Schema<Cacao>): CacaoSignature {
  const m: Schema<NonNullable<CacaoSignature['m']>> = (value, at) =>
    readObject(value, at, { aad: bytesSchema, parent }, [])
  const signature = readObject<CacaoSignature>(input, path, { t: signatureType, s: signatureValue, m }, [
    't',
    's',
  ])
  const { t, m: metadata } = signature
  // Only keys sign delegated capabilities, and only passkeys sign additional data.
  const isMisplaced =
    metadata &&
    (t.startsWith(KEY_TYPE) ? metadata.aad : metadata.parent || (metadata.aad && !isPasskeyType(t)))
  if (isMisplaced) throw invalid(`${path}.m`, 'fit for its type')
  return signature
}

/**
 * A copy of the capability with an additional member `root`, the capability that the wallet signed. The member is not
 * enumerable, because a CACAO has no such member.
 */
export function withRoot(cacao: Cacao): Cacao & { readonly root: Cacao } {
  const copy = Object.freeze(Object.defineProperty({ ...cacao }, 'root', { value: rootOf(cacao) }))
  parsed.add(copy)
  return copy as Cacao & { readonly root: Cacao }
}

/** The most capabilities in a chain: the capability that the account granted, and three delegated capabilities. */
export const MAX_LINKS = 4

/**
 * Throws if a delegated capability exceeds its parent: it must be issued by the parent's audience (else
 * `ERR_CAPABILITY_AUDIENCE`), for the same domain (`_DOMAIN`), for at least one resource and only for resources that
 * the parent covers (`_RESOURCES`), and must not begin earlier or end later (`_INVALID`). Does not verify its
 * signature.
 */
function assertWithin(child: Cacao, parent: Cacao): void {
  const { iss, domain, resources = [] } = child.p
  const { aud, resources: granted = [], ...grant } = parent.p
  const isCovered = resources.length > 0 && missingResources(granted, resources).length === 0
  // False if a time is NaN.
  const isInTime = startTime(child) >= startTime(parent) && expiryTime(child) <= expiryTime(parent)
  const exceeded =
    (iss !== aud && 'AUDIENCE') ||
    (domain !== grant.domain && 'DOMAIN') ||
    (!isCovered && 'RESOURCES') ||
    (!isInTime && 'INVALID')
  if (exceeded)
    throw new SessionError(
      `ERR_CAPABILITY_${exceeded}`,
      'the capability was delegated for more than its parent grants',
    )
}
