import { type AccountInput, accountArgument } from '../base/account.js'
import {
  check,
  isPlainObject,
  type ReadValue,
  readOptions,
  required,
  textsOption,
  wrong,
} from '../base/options.js'
import type { Cacao } from './cacao.js'
import { MAX_LINKS } from './parse-cacao.js'
import type { Ability } from './resources.js'
import { isResource } from './resources.js'
import type { Verifiers } from './verify-signature.js'

// The options for the checks of a capability, and their readers, shared by all functions that have these options.

/**
 * The sites whose sign-ins are accepted: a list of their domains with their ports, as in `location.host`, or a function
 * that returns `true` for an accepted domain. The check waits for the function without a time limit.
 */
export type Domains = readonly string[] | ((domain: string) => boolean | Promise<boolean>)

/** Knows which capabilities were revoked: a `RevocationStore`, or any object with the same method. */
export interface Revocation {
  /**
   * Returns whether this capability was revoked. It is called for each capability of a chain. The capability is refused
   * unless the answer is `false`, also if this rejects.
   */
  isRevoked(capability: Cacao): boolean | Promise<boolean>
  /**
   * Calls `listener` whenever a capability or an account was revoked, here or on another server, so that a socket or
   * stream can end at once. Returns a function that removes the listener. A listener calls `isRevoked` before it acts,
   * so a forged event has no effect. A store that can't report revocations leaves this method out; `isRevoked` is then
   * called from time to time.
   */
  onRevoked?(listener: (event: RevocationEvent) => void): () => void
}

/** What was revoked. An event without `id` and `account` may concern any capability. */
export interface RevocationEvent {
  /** The `capabilityIdentity` of a capability. */
  readonly id?: string | undefined
  /** An account whose capabilities were revoked. */
  readonly account?: string | undefined
}

/** Which delegated capabilities are accepted. */
export interface DelegationOptions {
  /** The most capabilities in a chain, including the capability that the wallet signed: 2 to 4. */
  maxLinks: number
  /**
   * Seconds for which each delegated capability may be valid, from its `iat` to its `exp`; not limited by default. The
   * key that delegates writes `iat` itself, so whoever can use it for a moment can sign capabilities for later times in
   * advance, until the key's own session ends. To end all of them, revoke that session.
   */
  maxSecs?: number
}

export const verifiersOption: ReadValue<Verifiers> = (value, name) => {
  const form = 'the verifiers of the wallet entries: { ...ethereumVerifiers() }'
  if (!isPlainObject(value)) throw wrong(name, form)
  const entries = Object.entries(value)
  if (entries.length === 0)
    throw new TypeError(`${name} is empty, so no capability would be accepted: it must be ${form}`)
  if (!entries.every(([, verifier]) => typeof verifier === 'function'))
    throw wrong(name, `an object that has a function for each signature type, such as ${form}`)
  return Object.freeze({ ...value }) as Verifiers
}

export const domainsOption: ReadValue<Domains> = (value, name) => {
  if (typeof value === 'function') return value as Exclude<Domains, readonly string[]>
  const form = 'a list of domains as in location.host, ["app.example.com"], or a function of a domain'
  const list = textsOption(form)(value, name)
  if (list.length === 0)
    throw new TypeError(`${name} is empty, so no capability would be accepted: it must be ${form}`)
  for (const domain of list) assertHost(domain, name)
  return list
}

// A label or port is "undefined". The real domain `undefined.com` doesn't match.
const UNSET = /^undefined(?::|$|\..*\.)|[.:]undefined(?::|$)/

/**
 * Throws a `TypeError` unless browsers write the host in this form. A host with a scheme, a path, upper case, a
 * wildcard or the default port would never match, and neither would a host that a template made from an unset variable.
 */
export function assertHost(host: string, name: string): void {
  if (UNSET.test(host))
    throw new TypeError(
      `${name} contains ${JSON.stringify(host)}: a variable in it, perhaps an environment variable, is not set`,
    )
  if (hostOf(host) !== host || /:(?:80|443)$|[*\s]/.test(host))
    throw new TypeError(
      `${name} contains ${JSON.stringify(host)}, which no browser sends: write the host in lower case, without scheme and path, and with its port unless that is the default one, such as "app.example.com" or "localhost:3000"`,
    )
}

function hostOf(host: string): string | undefined {
  try {
    return new URL(`https://${host}`).host
  } catch {
    return undefined
  }
}

const ABILITY_FORM = '{ ability: "notes/read", resource: "https://api.example.com/notes" }'

/**
 * Reads an ability that a function of a request returned. Its resource may come from the request, so it need not be a
 * URI.
 */
export const givenAbility: ReadValue<Ability> = (value, name) => {
  if (!isPlainObject(value)) throw wrong(name, ABILITY_FORM)
  const { ability, resource, ...others } = value
  const isWhole = typeof ability === 'string' && typeof resource === 'string' && ability !== ''
  if (!isWhole || Object.keys(others).length > 0) throw wrong(name, ABILITY_FORM)
  return { ability, resource }
}

export const abilityOption: ReadValue<Ability> = (value, name) => {
  const ability = givenAbility(value, name)
  if (isResource(ability.resource)) return ability
  throw wrong(name, ABILITY_FORM)
}

export const accountOption: ReadValue<string> = (value, name) => {
  try {
    return accountArgument(value as AccountInput)
  } catch {
    throw wrong(name, 'an account: a CAIP-10 id such as "eip155:1:0x…", or its did:pkh')
  }
}

export const audienceOption: ReadValue<string> = (value, name) => {
  if (typeof value === 'string' && value.startsWith('did:key:z')) return value
  throw wrong(name, 'the did:key of a session key, such as session.keyDID')
}

export const nonceOption: ReadValue<string> = (value, name) => {
  if (typeof value === 'string' && value !== '') return value
  throw wrong(name, 'the nonce that your server issued, a non-empty string')
}

/** Reads an object with this method, which may be inherited; `form` describes the object for the error message. */
export function methodOption<T>(method: string, form: string): ReadValue<T> {
  return (value, name) => {
    const object = value as Record<string, unknown> | null
    if (typeof object === 'object' && object !== null && typeof object[method] === 'function')
      return value as T
    throw wrong(name, form)
  }
}

export const revocationOption: ReadValue<Revocation> = methodOption(
  'isRevoked',
  'an object with a method isRevoked: memoryRevocation(), or { isRevoked: (capability) => … }',
)

export const delegationOption: ReadValue<DelegationOptions | false> = (value, name) => {
  if (value === false) return false
  if (!isPlainObject(value)) throw wrong(name, 'false, or { maxLinks: 2 }')
  const { maxLinks, maxSecs } = readOptions(value, {
    maxLinks: required(linksOption),
    maxSecs: check(lifetimeOption),
  })
  return { maxLinks, ...(maxSecs !== undefined && { maxSecs }) }
}

const linksOption: ReadValue<number> = (value) => {
  if (Number.isSafeInteger(value) && (value as number) >= 2 && (value as number) <= MAX_LINKS)
    return value as number
  throw wrong(
    'delegation.maxLinks',
    `a whole number from 2 to ${MAX_LINKS}: the wallet's own capability counts as one`,
  )
}

const lifetimeOption: ReadValue<number> = (value) => {
  if (typeof value === 'number' && value > 0 && value < Number.POSITIVE_INFINITY) return value
  throw wrong('delegation.maxSecs', 'a positive finite number of seconds')
}
