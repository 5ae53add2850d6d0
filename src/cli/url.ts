import { usageError } from './exit-codes.js'

/** An http or https URL. Ends the command for anything else, and for one that holds a password. */
export function urlArgument(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol)) throw usageError('the URL must begin with https:// or http://')
  if (url.username !== '' || url.password !== '')
    throw usageError('the URL must hold no user name and password: the session says who it is')
  return url
}
