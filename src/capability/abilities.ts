import { missingResources, RECAP } from './resources.js'

/** Conditions that a receiver has to know how to hold to; `{}` is none. */
export type Caveats = Readonly<Record<string, unknown>>

/**
 * Who may do what with what (ReCap, ERC-5573): for each resource, a URI, the abilities, such as `notes/read`, each under one
 * of its caveats.
 *
 * @example
 * const abilities = { 'https://api.example.com/notes': { 'notes/read': [{}], 'notes/write': [{}] } }
 */
export type Abilities = Readonly<Record<string, Readonly<Record<string, readonly Caveats[]>>>>

/** One ability with one resource. */
export interface Ability {
  /** Such as `notes/write`. */
  readonly ability: string
  /** The URI that it is needed for. */
  readonly resource: string
}

/**
 * Whether the abilities allow this one, on this resource or one that covers it, without caveats. Where there are caveats, the
 * receiver has to judge: `abilitiesOf` has them.
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
 * The same for a ReCap that was checked when it was granted. Only the shape is read, so it needs no UTF-8: False for what is no
 * ReCap.
 */
export function recapAllows(recap: string, wanted: Ability): boolean {
  try {
    const text = atob(recap.slice(RECAP.length).replace(/-/g, '+').replace(/_/g, '/'))
    return allows(JSON.parse(text).att, wanted)
  } catch {
    return false
  }
}
