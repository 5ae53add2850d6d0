import { pages } from '$lib/server/pages'
import type { RequestHandler } from './$types'

const handle: RequestHandler = ({ request }) => pages.handler(request)

/** What `session.keepCookie('/session')` calls: `POST` sets the cookie, `DELETE` clears it. */
export const POST = handle
export const DELETE = handle
