import { requireSession } from 'cacao-session/fetch'
import { NextResponse } from 'next/server'
import { options } from './options.js'

// The guard in proxy.js gets URLs with the basePath, the handler behind it without. Both share one replay store, so the guard
// must give the handler a pass.
export const proxy = requireSession({ ...options, check: 'first' }, ({ headers }) =>
  NextResponse.next({ request: { headers } }),
)
export const config = { matcher: ['/api/notes', '/renamed/:path*'] }
