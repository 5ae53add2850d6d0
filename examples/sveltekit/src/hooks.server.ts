import type { Handle } from '@sveltejs/kit'
import { pages } from '$lib/server/pages'

/** Says for each request who it is. A navigation whose cookie has run out renews it first. */
export const handle: Handle = async ({ event, resolve }) => {
  const caller = await pages.read(event.request)
  const isNavigation = event.request.headers.get('sec-fetch-dest') === 'document'
  if (caller === 'stale' && isNavigation)
    return pages.refreshPage(event.request, { script: '/refresh.js', login: '/' })
  event.locals.caller = caller === 'stale' ? undefined : caller
  return resolve(event)
}
