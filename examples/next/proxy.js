import { NextResponse } from 'next/server'
import { pages } from './lib/pages.js'

// Before a page of the account is rendered: nobody goes to the login page; someone who comes back is taken there at once.
export async function proxy(request) {
  const who = await pages.read(request)
  if (who === 'stale') return pages.refreshPage(request, { script: '/refresh.js', login: '/login' })
  return who ? NextResponse.next() : NextResponse.redirect(new URL('/login', request.url))
}

export const config = { matcher: '/account/:path*' }
