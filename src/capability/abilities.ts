import { missingResources, RECAP } from './resources.js'

/** Conditions under which an ability is granted, which the receiver must know and enforce; `{}` is none. */
export type Caveats = Readonly<Record<string, unknown>>

/**
 * The abilities of a ReCap (ERC-5573): for each resource, a URI, the names of the abilities, such as `notes/read`, each with
 * a list of caveats, of which one must be met.
 *
 * @example
 * const abilities = { 'https://api.example.com/notes': { 'notes/read': [{}], 'notes/write': [{}] } }
 */
export type Abilities = Readonly<Record<string, Readonly<Record<string, readonly Caveats[]>>>>

/** One ability for one resource. */
export interface Ability {
  /** The name, such as `notes/write`. */
  readonly ability: string
  /** The URI of the resource. */
  readonly resource: string
}

/**
 * Whether the abilities include the wanted one without caveats, for the same resource or one that covers it. Caveats are left
 * to the receiver, who gets them from `abilitiesOf`.
 */
export function allows(abilities: Abilities, { ability, resource }: Ability): boolean {
  const granted = Object.entries(abilities).filter(
    ([, names]) =>
      Object.hasOwn(names, ability) &&
      names[ability]?.some((caveats) => Object.keys(caveats).length === 0) === true,
  )
  const resources = granted.map(([uri]) => uri)
  return missingResources(resources, [resource]).length === 0
}

/**
 * The same for a ReCap in a stored session, which was checked when it was granted. Names and URIs are ASCII, so its UTF-8 is
 * not decoded. False if it is no ReCap.
 */
export function recapAllows(recap: string, wanted: Ability): boolean {
  try {
    const text = atob(recap.slice(RECAP.length).replace(/-/g, '+').replace(/_/g, '/'))
    return allows(JSON.parse(text).att, wanted)
  } catch {
    return false
  }
}
