import { pages } from '../../../lib/pages.js'

// A route handler that the cookie is enough for, because it changes nothing.
export async function GET(request) {
  const who = await pages.read(request)
  if (!who || who === 'stale') return Response.json({ error: 'sign in' }, { status: 401 })
  return Response.json({ account: who.account })
}
