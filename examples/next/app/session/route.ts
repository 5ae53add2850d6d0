import { pages } from '../../server/pages'

/** `session.keepCookie('/session')` calls this route: `POST` sets the cookie, `DELETE` clears it. */
export const POST = pages.handler
export const DELETE = pages.handler
