import { accountOfDID } from '../base/account.js'
import { SessionError } from '../base/errors.js'
import { hiddenCharacter } from '../base/hidden-characters.js'
import {
  type Cacao,
  type CacaoHeader,
  type CacaoPayload,
  type CacaoSignature,
  isPasskeyType,
  rootOf,
} from './cacao.js'
import { assertWithin, MAX_LINKS } from './chain.js'
import { isAuthority, isURI } from './resources.js'
import { bytes, type Check, invalid, matching, members, parseDateTime } from './schema.js'

// Bounds on what is looked at: resources, and characters in all of them.
const MAX_RESOURCES = 1000
const MAX_RESOURCES_LENGTH = 65_536

// ASCII is held to the grammar of ERC-4361; beyond it people do write statements in their own language, and wallets sign
// them. A line break, or what a wallet may show as one, could smuggle a field into the signed text, and what is hidden, or
// turns the direction, has the person read another one: those are refused as hidden characters, whoever signed them.
const STATEMENT = /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;= ]|[^\p{ASCII}])*$/u
const REQUEST_ID = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*$/
const NONCE = /^[A-Za-z0-9]{8,}$/
// Passkeys of the did-session family write their nonce in base64url; no text is signed there.
const NONCE_BASE64URL = /^[-_A-Za-z0-9]{8,}$/
const SIGNATURE_TYPE = /^[-:\w]+$/
const KEY_TYPE = 'key:'

/**
 * The guard: the only way by which a capability comes in from outside (a wallet, a store, a string, a header).
 * Copies each member once into a frozen `Cacao`, so that nothing can change after it was checked. Throws
 * `ERR_CAPABILITY_INVALID` for anything that is not exactly a CACAO, has a text of more than 16,384 characters, more than
 * 1000 resources or 65,536 characters in them, or is the end of a chain of more than 4; and `ERR_CAPABILITY_AUDIENCE`,
 * `_DOMAIN` or `_RESOURCES` for what goes beyond that which it was delegated from.
 */
export function parseCacao(input: unknown): Cacao {
  if (parsed.has(input as Cacao)) return input as Cacao
  try {
    return chainEnd(input, 'capability', MAX_LINKS)
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    // A getter or a proxy of somebody else's threw.
    throw new SessionError('ERR_CAPABILITY_INVALID', "malformed capability: it can't be read", { cause })
  }
}

// What has passed the guard is frozen, and need not pass it again.
const parsed = new WeakSet<Cacao>()

// With so many links at most, itself one of them. They are counted before each is looked at.
function chainEnd(input: unknown, path: string, links: number): Cacao {
  if (links === 0) throw invalid(path, `absent: a chain has at most ${MAX_LINKS} capabilities`)
  const parent: Check<Cacao> = (value, at) => chainEnd(value, at, links - 1)
  const s: Check<CacaoSignature> = (value, at) => signature(value, at, parent)
  const cacao = members<Cacao>(input, path, { h: header, p: parsePayload, s }, ['h', 'p', 's'])
  if (cacao.s.m?.parent) assertWithin(cacao, cacao.s.m.parent)
  parsed.add(cacao)
  return cacao
}

/** The same capability with its root, the link that the wallet signed, as a member that is not enumerable. */
export function withRoot(cacao: Cacao): Cacao & { readonly root: Cacao } {
  const copy = Object.freeze(Object.defineProperty({ ...cacao }, 'root', { value: rootOf(cacao) }))
  parsed.add(copy)
  return copy as Cacao & { readonly root: Cacao }
}

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
      statement: matching(
        (text) => STATEMENT.test(text) && hiddenCharacter(text) === undefined,
        'one line that shows all that it says (ERC-4361)',
      ),
      requestId: matching((text) => REQUEST_ID.test(text), 'made of URI path characters'),
      resources,
    },
    ['domain', 'iss', 'aud', 'version', 'nonce', 'iat'],
  )
  const isText = payload.iss.startsWith('did:pkh:eip155:')
  if (isText && !NONCE.test(payload.nonce)) throw invalid(`${path}.nonce`, 'at least 8 letters and digits')
  return payload
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

function signature(input: unknown, path: string, parent: Check<Cacao>): CacaoSignature {
  const checked = members<CacaoSignature>(
    input,
    path,
    {
      t: matching((text) => SIGNATURE_TYPE.test(text), 'a signature type such as "eip191"'),
      s: (value, at) => (typeof value === 'string' ? signatureText(value, at) : bytes(value, at)),
      m: (value, at) => members<NonNullable<CacaoSignature['m']>>(value, at, { aad: bytes, parent }, []),
    },
    ['t', 's'],
  )
  const { t, m } = checked
  const isOdd = m && (t.startsWith(KEY_TYPE) ? m.aad : m.parent || !isPasskeyType(t))
  if (isOdd) throw invalid(`${path}.m`, 'absent, or what goes with its type')
  return checked
}

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
