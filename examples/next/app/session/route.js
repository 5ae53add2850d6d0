import { pages } from '../../lib/pages.js'

// What `session.keepCookie('/session')` asks for.
export const POST = pages.handler
export const DELETE = pages.handler
