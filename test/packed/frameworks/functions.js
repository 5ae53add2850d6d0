import functions from '@google-cloud/functions-framework'
import { callerOf, requireSession } from 'cacao-session/express'
import { options } from './options.js'

const session = requireSession(options)

// The framework has already parsed the body, and keeps its bytes as rawBody.
functions.http('notes', (request, response) => {
  session(request, response, (error) => {
    if (error) return response.status(500).json({ code: String(error) })
    const { account, url } = callerOf(request)
    return response.json({ account, url, note: request.body.note })
  })
})
