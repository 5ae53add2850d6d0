import type { ReadValue } from '../base/options.js'
import { abilityOption, givenAbility } from '../capability/check-options.js'
import { assertNoForgottenScheme } from '../capability/forgotten-scheme.js'
import type { Ability } from '../capability/resources.js'
import { givenResources, resourcesOption } from '../capability/resources.js'
import type { IncomingRequest } from './incoming-request.js'
import { sentURL } from './sent-url.js'

// The options `resources` and `ability`: what a server requires a capability to allow. Each is either one value for all
// requests or a function of the request.

/**
 * A function that returns an option's value for a request. `url` is the verified URL: the configured authority, with
 * the path and query that were signed. A web standard `request` has that URL too. The request waits for the function as
 * for any middleware of yours, without a time limit. If the value is taken from the URL, it is compared as a URI: `|` as
 * `%7C`, for example.
 */
export type OfRequest<R, T> = (request: R, url: URL) => T | Promise<T>

/** Resources that a capability must cover, at least one; or `false` to require none on purpose. */
export type WantedResources = readonly string[] | false

/** Reads the option `resources`. It is required, so that a forgotten option doesn't accept every capability. */
export const requiredResourcesOption: ReadValue<WantedResources | OfRequest<never, WantedResources>> = (
  value,
  name,
) => {
  if (typeof value === 'function') return value as OfRequest<never, WantedResources>
  if (value === undefined)
    throw new TypeError(
      `${name} is missing: pass the list that a capability must cover, ["https://api.example.com/notes/*"], a function of the request, or false to require nothing`,
    )
  if (value === false) return false
  const list = resourcesOption(value, name)
  assertNoForgottenScheme(list, name)
  return list
}

/** Reads the option `ability`. */
export const requiredAbilityOption: ReadValue<Ability | OfRequest<never, Ability>> = (value, name) =>
  typeof value === 'function' ? (value as OfRequest<never, Ability>) : abilityOption(value, name)

/**
 * The resources that are required for a request. Rejects with a `TypeError` if the server's function returns a wrong
 * value.
 */
export async function resourcesFor<R>(
  required: WantedResources | OfRequest<R, WantedResources>,
  incoming: IncomingRequest<R>,
  url: URL,
): Promise<WantedResources> {
  const read: ReadValue<WantedResources> = (value, name) =>
    value === false ? false : givenResources(value, name).map((resource) => asURI(resource, url))
  return requiredFor(required, read, 'resources', incoming, url)
}

/**
 * The ability that is required for a request. Rejects with a `TypeError` if the server's function returns a wrong
 * value.
 */
export async function abilityFor<R>(
  required: Ability | OfRequest<R, Ability>,
  incoming: IncomingRequest<R>,
  url: URL,
): Promise<Ability> {
  const { ability, resource } = await requiredFor(required, givenAbility, 'ability', incoming, url)
  return { ability, resource: asURI(resource, url) }
}

/**
 * The resource, if the server's function took it from the request's URL, as a URI: a URL may contain characters, such as `|`, that no
 * capability can cover.
 */
function asURI(resource: string, { href }: URL): string {
  return href.startsWith(resource) ? sentURL(resource) : resource
}

async function requiredFor<R, T>(
  required: T | OfRequest<R, T>,
  read: ReadValue<T>,
  name: string,
  incoming: IncomingRequest<R>,
  url: URL,
): Promise<T> {
  if (typeof required !== 'function') return required
  const answer: unknown = await (required as OfRequest<R, T>)(await incoming.at(url.href), new URL(url))
  return read(answer, `the return value of the function ${name}`)
}
