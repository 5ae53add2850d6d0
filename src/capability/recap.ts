import { fromUtf8, utf8 } from '../base/bytes.js'
import { SessionError } from '../base/errors.js'
import { fromBase64Unpadded, fromBase64url, toBase64url } from '../base/multibase.js'
import { parseURL } from '../base/url.js'
import type { CacaoPayload } from './cacao.js'
import { canonicalJSON } from './canonical-json.js'
import type { Abilities, Caveats } from './resources.js'
import { coverageOf, isRecap, isResource, isURI, missingResources, RECAP } from './resources.js'

const ABILITY = /^([A-Za-z0-9.*_+-]+)\/([A-Za-z0-9.*_+-]+)$/
const STATEMENT = 'I further authorize the stated URI to perform the following actions on my behalf:'

/**
 * Encodes abilities as a ReCap URI (ERC-5573), for the resources of a capability. Throws a `TypeError` for malformed
 * abilities.
 */
export function toRecap(abilities: Abilities): string {
  const isGood =
    faultOfAbilities(abilities) === undefined &&
    Object.entries(abilities).every(
      // An ability with an empty list of caveats is not granted at all; [{}] grants it without caveats.
      ([resource, names]) => isResource(resource) && Object.values(names).every(({ length }) => length > 0),
    )
  const text = isGood ? canonicalJSON({ att: abilities }) : undefined
  if (text === undefined)
    throw new TypeError(
      'abilities must be an object with URIs (without . and .. segments) as members, each with names such as "notes/read", and each name with a list of caveats ([{}] for none): { "https://api.example.com/notes": { "notes/read": [{}] } }',
    )
  return RECAP + toBase64url(utf8(text))
}

/**
 * The abilities in a ReCap URI; `undefined` unless it is exactly in the form of ERC-5573. Its proofs (`prf`) are
 * ignored, because they grant nothing here. An ability with an empty list of caveats is well-formed, but not granted.
 */
export function fromRecap(resource: string): Abilities | undefined {
  return isRecap(resource) ? readRecap(resource).abilities : undefined
}

type RecapReading =
  | { readonly abilities: Abilities; readonly fault?: undefined }
  | { readonly abilities?: undefined; readonly fault: string }

/** The abilities in a ReCap URI, or what is wrong with it. */
function readRecap(resource: string): RecapReading {
  const bytes = fromBase64url(resource.slice(RECAP.length))
  if (!bytes) return { fault: 'must be base64url without padding' }
  let value: unknown
  const text = fromUtf8(bytes)
  try {
    value = JSON.parse(text ?? '')
  } catch {
    return { fault: 'must be JSON in UTF-8' }
  }
  if (!isObject(value)) return { fault: 'must be a JSON object' }
  const { att, prf, ...others } = value
  const [other] = Object.keys(others)
  if (other !== undefined) return { fault: `must have no member ${quoted(other)} beside att and prf` }
  // ERC-5573 doesn't mention an empty list, but its examples and its libraries write one.
  const isProof = prf === undefined || (Array.isArray(prf) && prf.every((proof) => typeof proof === 'string'))
  if (!isProof) return { fault: 'must have a list of CIDs as its prf, or none' }
  const fault = faultOfAbilities(att)
  if (fault !== undefined) return { fault }
  if (canonicalJSON(prf === undefined ? { att } : { att, prf }) !== text)
    return { fault: 'must be canonical JSON: members sorted and each once, and no white space' }
  return { abilities: att as Abilities }
}

// The namespace of a chain (CAIP-2).
const CHAIN_NAMESPACE = /^[-a-z0-9]{3,8}$/

/**
 * The first target of a one-click sign-in's ReCap (WalletConnect, Reown AppKit); `undefined` for any other ReCap. Such
 * a ReCap names, for each namespace of chains such as `eip155`, the methods that an app may call in the wallet. A
 * namespace is not a URI and grants nothing on a server, so this is not a ReCap of ERC-5573. It may be encoded in
 * base64 instead of base64url.
 */
function oneClickTarget(resource: string): string | undefined {
  const encoded = resource.slice(RECAP.length)
  const bytes = fromBase64url(encoded) ?? fromBase64Unpadded(encoded)
  try {
    const { att } = JSON.parse((bytes && fromUtf8(bytes)) ?? '') as { att?: unknown }
    const targets = isObject(att) ? Object.entries(att) : []
    const isOneClick = targets.every(([name, names]) => CHAIN_NAMESPACE.test(name) && isObject(names))
    return isOneClick ? targets[0]?.[0] : undefined
  } catch {
    return undefined
  }
}

/**
 * The origins at which a capability with these resources covers something: the origins of its http and https URLs,
 * including those in its abilities. `https://*` and `http://*`, which cover every origin of that scheme, are returned
 * unchanged.
 */
export function coveredOrigins(resources: readonly string[]): ReadonlySet<string> {
  const uris = resources.flatMap((resource) => {
    const abilities = fromRecap(resource)
    return abilities ? Object.keys(abilities) : [resource]
  })
  const origins = uris.flatMap((uri) => {
    if (EVERY_ORIGIN.test(uri)) return uri
    const origin = /^https?:\/\//.test(uri) ? parseURL(uri)?.origin : undefined
    // Some engines accept `*` as a host, and read `https:///*` and `https://%2A/` as `https://*/`. None of these covers
    // anything at another host.
    return origin === undefined || EVERY_ORIGIN.test(origin) ? [] : origin
  })
  return new Set(origins)
}

const EVERY_ORIGIN = /^https?:\/\/\*$/

/**
 * The statement that the person reads (ERC-5573): the app's own words, if any, followed by the abilities, sorted by
 * code units.
 */
export function recapStatement(abilities: Abilities, words?: string): string {
  const items = Object.entries(abilities)
    .sort(byName)
    .flatMap(([resource, granted]) => {
      const byNamespace = new Map<string, string[]>()
      for (const ability of Object.keys(granted)) {
        const [namespace = '', name = ''] = ability.split('/')
        const names = byNamespace.get(namespace) ?? []
        byNamespace.set(namespace, names)
        names.push(name)
      }
      return [...byNamespace]
        .sort(byName)
        .map(([namespace, names]) => `'${namespace}': '${names.sort().join("', '")}' for '${resource}'.`)
    })
  const numbered = items.map((item, i) => `(${i + 1}) ${item}`)
  return [...(words === undefined ? [] : [words]), STATEMENT, ...numbered].join(' ')
}

/** The app's own words in a statement that `recapStatement` returned. */
export function withoutRecapStatement(statement: string): string {
  const at = statement.indexOf(STATEMENT)
  return at < 0 ? statement : statement.slice(0, at).trimEnd()
}

/**
 * The abilities that a capability grants; `undefined` if it has no ReCap, or with `oneClickAuth`, if its ReCap is that
 * of a one-click sign-in. Throws `ERR_CAPABILITY_INVALID` if there is more than one ReCap, or if the ReCap is
 * malformed, is not the last of the resources, or does not match the statement.
 */
export function abilitiesOf(
  { resources = [], statement = '' }: CacaoPayload,
  oneClickAuth = false,
): Abilities | undefined {
  const [recap, second] = resources.filter(isRecap)
  if (recap === undefined) return undefined
  if (second !== undefined) throw malformed('p.resources must have at most one ReCap')
  if (resources.at(-1) !== recap) throw malformed('its ReCap must be the last of p.resources')
  const target = oneClickTarget(recap)
  if (target !== undefined && oneClickAuth) return undefined
  if (target !== undefined)
    throw malformed(
      `its ReCap is about ${quoted(target)}, which is not a URI. If the capability comes from the one-click sign-in of WalletConnect or Reown AppKit, set oneClickAuth: true to accept it as a sign-in`,
    )
  const { abilities, fault } = readRecap(recap)
  if (abilities === undefined) throw malformed(`its ReCap ${fault}`)
  const expected = recapStatement(abilities)
  if (statement === expected || statement.endsWith(` ${expected}`)) return abilities
  if (!statement.includes(STATEMENT))
    throw malformed('p.statement must say what its ReCap grants, but does not mention it')
  throw malformed(`p.statement must end with what its ReCap grants, which is ${quoted(expected, 200)}`)
}

function malformed(what: string): SessionError {
  return new SessionError('ERR_CAPABILITY_INVALID', `malformed capability: ${what} (ERC-5573)`)
}

/** Whether all wanted abilities are granted, each with the same caveats or without caveats. */
export function includesAbilities(granted: Abilities, wanted: Abilities): boolean {
  const grants = resourcesByCaveat(granted)
  const covering = new Map([...grants].map(([name, resources]) => [name, coverageOf(resources)]))
  const isGranted = (resource: string, ability: string, caveats: string): boolean =>
    covering.get(`${ability} ${caveats}`)?.(resource) === true
  return Object.entries(wanted).every(([resource, names]) =>
    Object.entries(names).every(
      ([ability, list]) =>
        // With an empty list of caveats, nothing is wanted that could be granted.
        list.length > 0 &&
        (isGranted(resource, ability, NO_CAVEATS) ||
          list.every((caveats) => isGranted(resource, ability, canonicalJSON(caveats) ?? ''))),
    ),
  )
}

const NO_CAVEATS = '{}'

/** For each pair of an ability and one of its caveats, the resources for which it is granted. */
function resourcesByCaveat(abilities: Abilities): Map<string, string[]> {
  const resources = new Map<string, string[]>()
  for (const [resource, names] of Object.entries(abilities)) {
    for (const [ability, list] of Object.entries(names)) {
      for (const caveats of new Set(list.map((one) => canonicalJSON(one)))) {
        const name = `${ability} ${caveats}`
        const others = resources.get(name) ?? []
        resources.set(name, others)
        others.push(resource)
      }
    }
  }
  return resources
}

/** The abilities of both arguments, without duplicates, and without abilities that have an empty list of caveats. */
function unionOfAbilities(some: Abilities, others: Abilities): Abilities {
  const union = new Map<string, Map<string, Map<string | undefined, Caveats>>>()
  for (const [resource, granted] of [...Object.entries(some), ...Object.entries(others)]) {
    const names = union.get(resource) ?? new Map()
    if (Object.values(granted).some((list) => list.length > 0)) union.set(resource, names)
    for (const [ability, list] of Object.entries(granted)) {
      if (list.length === 0) continue
      const caveats = names.get(ability) ?? new Map()
      names.set(ability, caveats)
      for (const one of list) caveats.set(canonicalJSON(one), one)
    }
  }
  return Object.fromEntries(
    [...union].map(([resource, names]) => [
      resource,
      Object.fromEntries([...names].map(([ability, caveats]) => [ability, [...caveats.values()]])),
    ]),
  )
}

/** What is wrong with abilities; `undefined` if they are well-formed. */
function faultOfAbilities(value: unknown): string | undefined {
  const resources = isObject(value) ? Object.entries(value) : []
  if (resources.length === 0) return 'must name at least one resource in its att'
  for (const [resource, names] of resources) {
    if (!isURI(resource)) return `names ${quoted(resource)}, which is not a URI`
    if (isRecap(resource)) return 'must not grant abilities for another ReCap'
    const abilities = isObject(names) ? Object.entries(names) : []
    if (abilities.length === 0) return `must name at least one ability for ${quoted(resource)}`
    for (const [name, list] of abilities) {
      if (!ABILITY.test(name))
        return `names the ability ${quoted(name)}, which is not in the form "notes/read"`
      if (!Array.isArray(list) || !list.every(isObject))
        return `must have a list of objects as the caveats of ${quoted(name)}`
    }
  }
  return undefined
}

function quoted(text: string, length = 100): string {
  return JSON.stringify(text.length > length ? `${text.slice(0, length)}…` : text)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

/**
 * The wanted resources that no granted resource covers. A ReCap is covered by a ReCap that includes all of its
 * abilities.
 */
export function missingGrants(granted: readonly string[], wanted: readonly string[]): string[] {
  const abilities = abilitiesIn(granted)
  return missingResources(granted, wanted).filter((resource) => {
    const asked = fromRecap(resource)
    return !asked || !abilities.some((has) => includesAbilities(has, asked))
  })
}

/** The resources of both lists without duplicates, with one ReCap at the end that has the abilities of both. */
export function unionOfGrants(some: readonly string[], others: readonly string[]): string[] {
  const all = [...new Set([...some, ...others])]
  const recaps = all.filter(isRecap)
  if (recaps.length === 0) return all
  const recap = recaps.length === 1 ? recaps : mergedRecap(abilitiesIn(recaps))
  return [...all.filter((resource) => !isRecap(resource)), ...recap]
}

function abilitiesIn(resources: readonly string[]): Abilities[] {
  return resources.map(fromRecap).filter((abilities) => abilities !== undefined)
}

function mergedRecap(all: readonly Abilities[]): string[] {
  const merged = all.reduce(unionOfAbilities, {})
  return Object.keys(merged).length === 0 ? [] : [toRecap(merged)]
}
