import { SessionError } from '../base/errors.js'
import { fromBase64url, toBase64url } from '../base/multibase.js'
import { fromUtf8, utf8 } from '../base/utf8.js'
import type { Abilities, Caveats } from './abilities.js'
import type { CacaoPayload } from './cacao.js'
import { canonicalJSON } from './canonical-json.js'
import { coverageOf, isRecap, isResource, isURI, missingResources, RECAP } from './resources.js'

const ABILITY = /^([A-Za-z0-9.*_+-]+)\/([A-Za-z0-9.*_+-]+)$/
const STATEMENT = 'I further authorize the stated URI to perform the following actions on my behalf:'

/** The abilities as a ReCap URI (ERC-5573), for a capability's resources. Throws a `TypeError` for malformed abilities. */
export function toRecap(abilities: Abilities): string {
  const isGood = areAbilities(abilities) && Object.keys(abilities).every(isResource)
  const text = isGood ? canonicalJSON({ att: abilities, prf: [] }) : undefined
  if (text === undefined)
    throw new TypeError(
      'abilities must have URIs (without . and .. segments) as members, each with names such as "notes/read", and each name with a list of caveats, [{}] for none: { "https://api.example.com/notes": { "notes/read": [{}] } }',
    )
  return RECAP + toBase64url(utf8(text))
}

/**
 * The abilities in a ReCap URI; `undefined` unless it is exactly as ERC-5573 writes it. Its proofs (`prf`) are ignored, because
 * they grant nothing here.
 */
export function fromRecap(resource: string): Abilities | undefined {
  if (!isRecap(resource)) return undefined
  const bytes = fromBase64url(resource.slice(RECAP.length))
  const text = bytes && fromUtf8(bytes)
  let value: unknown
  try {
    value = JSON.parse(text ?? '')
  } catch {
    return undefined
  }
  const { att, prf } = (value ?? {}) as { att?: unknown; prf?: unknown }
  const isProof = Array.isArray(prf) && prf.every((proof) => typeof proof === 'string')
  return isProof && areAbilities(att) && canonicalJSON({ att, prf }) === text ? att : undefined
}

/**
 * The origins at which a capability with these resources covers something: those of its http and https URLs, also in its
 * abilities; `https://*` for all of them.
 */
export function coveredOrigins(resources: readonly string[]): ReadonlySet<string> {
  const all = resources.flatMap((resource) => Object.keys(fromRecap(resource) ?? { [resource]: {} }))
  return new Set(
    all.flatMap((resource) => {
      if (/^https?:\/\/\*$/.test(resource)) return resource
      return /^https?:\/\//.test(resource) && URL.canParse(resource) ? new URL(resource).origin : []
    }),
  )
}

/** The statement that the person reads (ERC-5573): the app's own words, if any, and then the abilities, sorted by bytes. */
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

/** The app's own words in a statement that `recapStatement` made. */
export function withoutRecapStatement(statement: string): string {
  const at = statement.indexOf(STATEMENT)
  return at < 0 ? statement : statement.slice(0, at).trimEnd()
}

/**
 * The abilities that a capability grants; `undefined` for one without a ReCap. Throws `ERR_CAPABILITY_INVALID` if its ReCap is
 * malformed, is not the last of the resources, or does not match the statement.
 */
export function abilitiesOf({ resources = [], statement = '' }: CacaoPayload): Abilities | undefined {
  const at = resources.findIndex(isRecap)
  if (at < 0) return undefined
  const abilities = at === resources.length - 1 ? fromRecap(resources[at] ?? '') : undefined
  const said = abilities && recapStatement(abilities)
  if (said !== undefined && (statement === said || statement.endsWith(` ${said}`))) return abilities
  throw new SessionError(
    'ERR_CAPABILITY_INVALID',
    'malformed capability: its ReCap must be the last of p.resources, and p.statement must say what it grants (ERC-5573)',
  )
}

/** Whether all wanted abilities are granted, each with the same caveats or without any. */
export function includesAbilities(granted: Abilities, wanted: Abilities): boolean {
  const grants = resourcesByCaveat(granted)
  const covering = new Map([...grants].map(([name, resources]) => [name, coverageOf(resources)]))
  const isGranted = (resource: string, ability: string, caveats: string): boolean =>
    covering.get(`${ability} ${caveats}`)?.(resource) === true
  return Object.entries(wanted).every(([resource, names]) =>
    Object.entries(names).every(
      ([ability, list]) =>
        isGranted(resource, ability, NO_CAVEATS) ||
        list.every((caveats) => isGranted(resource, ability, canonicalJSON(caveats) ?? '')),
    ),
  )
}

const NO_CAVEATS = '{}'

/** The resources for each pair of an ability and one of its caveats. */
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

/** The abilities of both, without duplicates. */
function unionOfAbilities(some: Abilities, others: Abilities): Abilities {
  const union = new Map<string, Map<string, Map<string | undefined, Caveats>>>()
  for (const [resource, granted] of [...Object.entries(some), ...Object.entries(others)]) {
    const names = union.get(resource) ?? new Map()
    union.set(resource, names)
    for (const [ability, list] of Object.entries(granted)) {
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

function areAbilities(value: unknown): value is Abilities {
  return everyMember(
    value,
    (names, resource) =>
      isURI(resource) &&
      !isRecap(resource) &&
      everyMember(names, (list, name) => ABILITY.test(name) && areCaveats(list)),
  )
}

function areCaveats(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0 && list.every(isObject)
}

/** Whether the value is an object that has members, and all of them pass the test. */
function everyMember(value: unknown, test: (member: unknown, name: string) => boolean): boolean {
  const members = isObject(value) ? Object.entries(value) : []
  return members.length > 0 && members.every(([name, member]) => test(member, name))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

/** The wanted resources that none of the granted ones covers. A ReCap is covered by one that has all of its abilities. */
export function missingGrants(granted: readonly string[], wanted: readonly string[]): string[] {
  const abilities = abilitiesIn(granted)
  return missingResources(granted, wanted).filter((resource) => {
    const asked = fromRecap(resource)
    return !asked || !abilities.some((has) => includesAbilities(has, asked))
  })
}

/** The resources of both without duplicates, and at the end one ReCap with the abilities of both. */
export function unionOfGrants(some: readonly string[], others: readonly string[]): string[] {
  const all = [...new Set([...some, ...others])]
  const recaps = all.filter(isRecap)
  if (recaps.length === 0) return all
  const one = recaps.length === 1 ? recaps : [toRecap(abilitiesIn(recaps).reduce(unionOfAbilities))]
  return [...all.filter((resource) => !isRecap(resource)), ...one]
}

function abilitiesIn(resources: readonly string[]): Abilities[] {
  return resources.map(fromRecap).filter((abilities) => abilities !== undefined)
}
