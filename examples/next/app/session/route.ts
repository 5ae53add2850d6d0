import { pages } from '../../server/pages'

/** What `session.keepCookie('/session')` calls: `POST` sets the cookie, `DELETE` clears it. */
export const POST = pages.handler
export const DELETE = pages.handler
