import { requireSession } from 'cacao-session/fetch'
import { options } from '../../../options.js'

const settings = { ...options, basePath: '/v1', check: 'second' }

export const POST = requireSession(settings, async (request, { account, url }) => {
  const { note } = await request.json()
  return Response.json({ account, url, note })
})
