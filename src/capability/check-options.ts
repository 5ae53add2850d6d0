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

// The options that ask for checks of a capability, and their readers, for all functions that take them.

/**
 * The sites whose sign-ins are accepted: a list of their domains with their ports, as in `location.host`, or a function that
 * returns `true` for a domain that is accepted.
 */
export type Domains = readonly string[] | ((domain: string) => boolean | Promise<boolean>)

/** Knows which capabilities were revoked: a `RevocationStore`, or any object that answers the same question. */
export interface Revocation {
  /**
   * Whether this capability was revoked. Those that it was delegated from are asked for one by one. Anything but `false` is a
   * refusal, and so is a rejection.
   */
  isRevoked(capability: Cacao): boolean | Promise<boolean>
  /**
   * Calls back whenever something was revoked, here or by another server, so that what lasts longer than a request can end at once.
   * Returns a function that ends that. Whoever is called asks `isRevoked` again, so that nothing depends on who may send such
   * messages. A store that can't tell leaves this method out, and is asked from time to time.
   */
  onRevoked?(listener: (event: RevocationEvent) => void): () => void
}

/** What was revoked. One that names nothing may be about anything. */
export interface RevocationEvent {
  /** The `capabilityIdentity` of a capability. */
  readonly id?: string | undefined
  /** An account, whose capabilities were revoked up to some time. */
  readonly account?: string | undefined
}

/** Which delegated capabilities are accepted. */
export interface DelegationOptions {
  /** The most capabilities in a chain, including the one that the wallet signed: 2 to 4. */
  maxLinks: number
  /** Seconds for which each delegated capability may be valid, from its `iat` to its `exp`; not limited by default. */
  maxSecs?: number
}

export const verifiersOption: ReadValue<Verifiers> = (value, name) => {
  const form = 'what the wallet entries give: { ...ethereumVerifiers() }'
  if (!isPlainObject(value)) throw wrong(name, form)
  const entries = Object.entries(value)
  if (entries.length === 0)
    throw new TypeError(`${name} is empty, so that nobody would be accepted: it must be ${form}`)
  if (!entries.every(([, verifier]) => typeof verifier === 'function'))
    throw wrong(name, `functions by signature type, as ${form} is`)
  return Object.freeze({ ...value }) as Verifiers
}

export const domainsOption: ReadValue<Domains> = (value, name) => {
  if (typeof value === 'function') return value as Exclude<Domains, readonly string[]>
  const form = 'a list of domains as in location.host, ["app.example.com"], or a function of a domain'
  const list = textsOption(form)(value, name)
  if (list.length === 0)
    throw new TypeError(`${name} is empty, so that nobody would be accepted: it must be ${form}`)
  for (const domain of list) assertHost(domain, name)
  return list
}

// Not `undefined.com`, which somebody has.
const UNSET = /^undefined(?::|$|\..*\.)|[.:]undefined(?::|$)/

/**
 * Throws a `TypeError` unless browsers write the host in this form. A host with a scheme, a path, upper case, a wildcard or
 * the default port would never match, nor would one that a template has made of a variable that is not set.
 */
export function assertHost(host: string, name: string): void {
  if (UNSET.test(host))
    throw new TypeError(
      `${name} contains ${JSON.stringify(host)}: a variable of which it is made, perhaps of the environment, is not set`,
    )
  if (hostOf(host) !== host || /:(?:80|443)$|[*\s]/.test(host))
    throw new TypeError(
      `${name} contains ${JSON.stringify(host)}, which no browser sends: write the host in lower case, with its port unless that is the default one, without scheme and path, such as "app.example.com" or "localhost:3000"`,
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

/** Reads an ability that a function of a request returned. Its resource may come from the request, so it may be no URI. */
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
  throw wrong(name, 'the nonce that was asked for, a non-empty string')
}

/** Reads an object with this method, perhaps an inherited one; `form` says for the error message what it must be. */
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
