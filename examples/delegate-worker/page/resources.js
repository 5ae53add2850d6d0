/** What the page may do. */
export const ALL = `${location.origin}/api/*`
/** What the worker may do. */
export const UPLOADS = `${location.origin}/api/uploads/*`
/** What the worker may not do. */
export const ACCOUNT = `${location.origin}/api/account`
