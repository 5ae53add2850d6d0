import { pages } from '$lib/server/pages'
import type { RequestHandler } from './$types'

const handle: RequestHandler = ({ request }) => pages.handler(request)

/** `session.keepCookie('/session')` calls this route: `POST` sets the cookie, `DELETE` clears it. */
export const POST = handle
export const DELETE = handle
