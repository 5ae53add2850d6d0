import {
  check,
  isPlainObject,
  quantityOption,
  type ReadersOf,
  type ReadValue,
  readOptions,
  required,
  setting,
  textOption,
  textsOption,
  wrong,
} from '../base/options.js'
import { domainsOption, revocationOption, verifiersOption } from '../capability/check-options.js'
import { isResource, isURI } from '../capability/resources.js'
import type { SessionKeyType } from '../key/session-key.js'
import { abilitiesOption, EXPLAIN_READERS } from './read-options.js'
import type {
  AuthorizeOptions,
  DelegateOptions,
  FromSessionOptions,
  GetOptions,
  GrantOptions,
  RenewOptions,
  SerializeOptions,
  TrustOptions,
} from './session-options.js'

/** The readers of `TrustOptions`. */
export const TRUST_READERS: ReadersOf<TrustOptions> = {
  verifiers: check(verifiersOption),
  domains: check(domainsOption),
  revocation: check(revocationOption),
}

// Reads the options that say what the wallet is asked to sign. A limit that is `undefined` is an error: without it, `expiresInSecs`
// would silently become a week, and the server's `nonce` would be missing.

const URIS = 'a list of URIs: ["https://api.example.com/notes/*"]'

const urisOption: ReadValue<readonly string[]> = (value, name) => {
  const list = textsOption(URIS)(value, name)
  const odd = list.find((resource) => !isURI(resource))
  if (odd === undefined) return list
  throw new TypeError(`${name} names ${JSON.stringify(odd)}, which is no URI (RFC 3986): it must be ${URIS}`)
}

// An empty list is accepted here, because `abilities` may be given instead.
const grantResourcesOption: ReadValue<readonly string[]> = (value, name) => {
  const list = urisOption(value, name)
  const odd = list.find((resource) => !isResource(resource))
  if (odd === undefined) return list
  throw new TypeError(
    `${name} names ${JSON.stringify(odd)}, whose path has a . or .. segment: it must be ${URIS}`,
  )
}

// Whoever leaves out the options, or passes the list itself, learns how the list is passed.
function grantOptions<T extends object>(options: unknown, readers: ReadersOf<T>): T {
  if (isPlainObject(options)) return readOptions(options, readers)
  throw new TypeError(
    'options must be a plain object that says what the session may do: { resources: ["https://api.example.com/notes/*"] }',
  )
}

const lifetimeOption: ReadValue<number> = (value, name) => {
  if (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY) return value
  throw wrong(name, 'a positive finite number of seconds')
}

const stringOption =
  (form: string): ReadValue<string> =>
  (value, name) => {
    if (typeof value === 'string') return value
    throw wrong(name, form)
  }

const nonceOption: ReadValue<Exclude<GrantOptions['nonce'], undefined>> = (value, name) => {
  if (typeof value === 'string') return value
  if (typeof value === 'function') return value as () => string | Promise<string>
  throw wrong(name, 'a string, or a function that returns one')
}

const keyTypeOption: ReadValue<SessionKeyType> = (value, name) => {
  if (value === 'P-256' || value === 'Ed25519') return value
  throw wrong(name, '"P-256" or "Ed25519"')
}

const GRANT_READERS: ReadersOf<GrantOptions> = {
  resources: check(grantResourcesOption),
  abilities: check(abilitiesOption),
  expiresInSecs: check(lifetimeOption),
  expirationTime: check(stringOption('an RFC 3339 date-time in the future')),
  domain: check(stringOption('an authority, such as "app.example.com"')),
  statement: setting(stringOption('one line in plain words')),
  nonce: check(nonceOption),
  requestId: check(stringOption('a text')),
}

const GET_READERS: ReadersOf<GetOptions> = {
  ...GRANT_READERS,
  ...EXPLAIN_READERS,
  ...TRUST_READERS,
  keyType: setting(keyTypeOption),
  waitSecs: setting(quantityOption),
}

/** The readers of all options of `get` except the signal, for options that an app sets once. */
export const SESSION_READERS: ReadersOf<Omit<GetOptions, 'signal'>> = withoutSignal(GET_READERS)

function withoutSignal({
  signal: _,
  ...readers
}: ReadersOf<GetOptions>): ReadersOf<Omit<GetOptions, 'signal'>> {
  return readers
}

/** Reads the options of `DIDSession.get`. */
export function getOptions(options: unknown): GetOptions {
  return grantOptions<GetOptions>(options, GET_READERS)
}

/** Reads the options of `DIDSession.authorize`. */
export function authorizeOptions(options: unknown): AuthorizeOptions {
  const { verifiers, now, signal } = GET_READERS
  return grantOptions<AuthorizeOptions>(options, { ...GRANT_READERS, verifiers, now, signal })
}

/** Reads the options of `session.renew`. */
export function renewOptions(options: unknown): RenewOptions {
  const { verifiers, signal, waitSecs } = GET_READERS
  return readOptions<RenewOptions>(options, { ...GRANT_READERS, verifiers, signal, waitSecs })
}

/** Reads the options of `session.delegate`. */
export function delegateOptions(options: unknown): DelegateOptions {
  const { expiresInSecs, statement } = GRANT_READERS
  // Any URI will do here: `delegate` refuses those that the session doesn't cover, and that error says more.
  const resources = check(urisOption)
  const audience = required(
    textOption('the did:key of an Ed25519 or P-256 key, such as the keyDID of a session'),
  )
  return readOptions<DelegateOptions>(options, { audience, resources, expiresInSecs, statement })
}

/** Reads the options of `DIDSession.fromSession`. */
export function fromSessionOptions(options: unknown): FromSessionOptions {
  const { now, signal } = GET_READERS
  const password = check(textOption('a non-empty string'))
  return readOptions<FromSessionOptions>(options, { ...TRUST_READERS, password, now, signal })
}

/** Reads the options of `session.serialize`. */
export function serializeOptions(options: unknown): SerializeOptions {
  return readOptions<SerializeOptions>(options, { password: required(textOption('a non-empty string')) })
}
