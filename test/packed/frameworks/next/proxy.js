import { requireSession } from 'cacao-session/fetch'
import { NextResponse } from 'next/server'
import { options } from './options.js'

// The guard in front of all of the API. Its matcher is written without the basePath.
export const proxy = requireSession({ ...options, basePath: '/v1' }, () => NextResponse.next())
export const config = { matcher: ['/api/:path*', '/renamed/:path*'] }
