import { once } from 'node:events'
import { env } from 'node:process'
import { ethereumVerifiers } from 'cacao-session/ethereum'
import { callerOf, requireSession } from 'cacao-session/express'
import { fileRevocation } from 'cacao-session/node'
import express from 'express'

const { PORT = '3000', REVOKED_FILE = 'revoked.jsonl' } = env
const host = `localhost:${PORT}`

// Revocations are kept in a file, so that they survive a restart.
const revocation = fileRevocation(REVOKED_FILE)
/** @type {Map<string, string[]>} */
const notes = new Map()

const session = requireSession({
  verifiers: ethereumVerifiers(),
  authority: host, // how clients reach this server
  domains: ['app.example.com'], // the sites whose sign-ins are accepted
  resources: [`http://${host}/api/*`], // what sessions must allow
  revocation,
  onRefused: (error, request) => console.warn(`${request.method} ${request.originalUrl}: ${error.message}`),
})

const app = express()
  .get('/about', (_, response) => {
    response.json({ about: 'Notes for people who sign in with a wallet' })
  })
  .use('/api', session, express.json()) // before body parsers, because the body is signed too
  .get('/api/notes', (request, response) => {
    const { account } = callerOf(request)
    response.json({ account, notes: notes.get(account) ?? [] })
  })
  .post('/api/notes', (request, response) => {
    const { account } = callerOf(request)
    const { text } = request.body ?? {}
    if (typeof text !== 'string') {
      response.status(400).json({ code: 'ERR_NOTE' })
      return
    }
    notes.set(account, [...(notes.get(account) ?? []), text])
    response.status(201).json({ account, text })
  })
  .post('/api/sign-out', async (request, response) => {
    await revocation.revoke(callerOf(request).cacao)
    response.sendStatus(204)
  })
  .use((_, response) => {
    response.status(404).json({ code: 'ERR_NOT_FOUND' })
  })
  .use(onError)

export const server = app.listen(Number(PORT), 'localhost')
await once(server, 'listening')
console.log(`API: http://${host}/`)

/** @type {import('express').ErrorRequestHandler} */
function onError(error, request, response, next) {
  // body-parser marks errors that the client may see with `expose`, such as 400 for malformed JSON. Hide all others.
  const status = error.expose ? error.status : 500
  if (status === 500) console.error(`${request.method} ${request.originalUrl}:`, error)
  if (response.headersSent) next(error)
  else response.status(status).json({ code: status === 500 ? 'ERR_SERVER' : 'ERR_BODY' })
}
