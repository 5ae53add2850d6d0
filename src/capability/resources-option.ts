import { type ReadValue, textsOption } from '../base/options.js'
import { isResource } from './resources.js'

/**
 * Resources that must be covered, as a function of a request gives them: at least one, for a list of none would check nothing. Their
 * texts may be the request's own, so that one that is no URI is no mistake of the server's: nothing covers it.
 */
export const givenResources: ReadValue<readonly string[]> = (value, name) => {
  const form = 'a list of URIs: ["https://api.example.com/notes/1"]'
  const list = textsOption(form)(value, name)
  if (list.length > 0) return list
  throw new TypeError(`${name} is empty, and would check nothing: it must be ${form}`)
}

/** The same as an option, which names URIs or is wrong. */
export const resourcesOption: ReadValue<readonly string[]> = (value, name) => {
  const list = givenResources(value, name)
  const odd = list.find((resource) => !isResource(resource))
  if (odd !== undefined)
    throw new TypeError(
      `${name} names ${JSON.stringify(odd)}, which is no URI (RFC 3986) without . and .. segments`,
    )
  return list
}
