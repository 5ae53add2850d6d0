import type { Abilities } from './abilities.js'
import { fromRecap, includesAbilities, toRecap, unionOfAbilities } from './recap.js'
import { isRecap, missingResources } from './resources.js'

// What a capability grants: plain resources and, as the last of them, a ReCap.

/** The wanted resources that none of the granted ones covers; a ReCap is covered by one with all of its abilities. */
export function missingGrants(granted: readonly string[], wanted: readonly string[]): string[] {
  const abilities = abilitiesIn(granted)
  return missingResources(granted, wanted).filter((resource) => {
    const asked = fromRecap(resource)
    return !asked || !abilities.some((has) => includesAbilities(has, asked))
  })
}

/** All of both, each once, and one ReCap for the abilities of both. */
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
