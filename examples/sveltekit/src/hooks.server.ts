import type { Handle } from '@sveltejs/kit'
import { pages } from '$lib/server/pages'

/** Finds out who sent each request. If the cookie of a navigation is stale, it is renewed first. */
export const handle: Handle = async ({ event, resolve }) => {
  const caller = await pages.read(event.request)
  const isNavigation = event.request.headers.get('sec-fetch-dest') === 'document'
  if (caller === 'stale' && isNavigation)
    return pages.refreshPage(event.request, { script: '/refresh.js', login: '/' })
  event.locals.caller = caller === 'stale' ? undefined : caller
  return resolve(event)
}
