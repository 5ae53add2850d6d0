import { requireSession } from 'cacao-session/fetch'
import { NextResponse } from 'next/server'
import { options } from './options.js'

// The guard in front of the notes gets URLs with the basePath, the handler behind it without. The matcher is written without it.
export const proxy = requireSession(options, () => NextResponse.next())
export const config = { matcher: ['/api/notes', '/renamed/:path*'] }
