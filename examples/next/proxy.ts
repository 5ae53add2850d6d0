import { type NextRequest, NextResponse } from 'next/server'
import { pages } from './server/pages'

/** Handles navigations to pages that need a sign-in. Each of these pages checks the caller again: see `currentCaller`. */
export async function proxy(request: NextRequest): Promise<Response> {
  const caller = await pages.read(request)
  if (caller === 'stale') return pages.refreshPage(request, { script: '/refresh.js', login: '/' })
  if (!caller) return NextResponse.redirect(new URL('/', request.url), 303)
  return NextResponse.next()
}

export const config = { matcher: '/notes/:path*' }
