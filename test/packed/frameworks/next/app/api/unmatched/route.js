import { requireSession } from 'cacao-session/fetch'
import { options } from '../../../options.js'

export const POST = requireSession({ ...options, basePath: '/v1' }, async (request, { account, url }) => {
  const { note } = await request.json()
  return Response.json({ account, url, note })
})
