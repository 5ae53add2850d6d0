import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../engines/free-port.js'
import { ACCOUNT_A, KEY_A, KEY_B } from '../../setup/wallet.js'
import { answer, sessionFor } from '../api-client.js'
import { attackExample } from '../attack-example.js'
import { type ExampleFolder, exampleFolder } from '../example-folder.js'
import { npmRun, npmStart } from '../npm-script.js'

describe('examples/express', () => {
  let folder: ExampleFolder
  beforeAll(async () => {
    folder = await exampleFolder('express')
  })
  afterAll(() => folder?.remove())

  it('shows an API and its client, with a session and without', async () => {
    const env = { PORT: String(await freePort()), PRIVATE_KEY: KEY_A, REVOKED_FILE: 'shown.jsonl' }
    const { account, text } = { account: ACCOUNT_A, text: 'Buy cacao beans' }
    expect(await npmRun(folder, 'start', env)).toEqual([
      `API: http://localhost:${env.PORT}/`,
      'A public route: {"about":"Notes for people who sign in with a wallet"}',
      'Without a session: Sign in first.',
      `A note: ${JSON.stringify({ account, text })}`,
      `My notes: ${JSON.stringify({ account, notes: [text] })}`,
      `Signed once: ${JSON.stringify({ account, notes: [text] })}`,
      'Sent twice: This was already sent, and is accepted only once.',
      'Sent after signing out: You have signed out. Sign in again.',
    ])
  })

  it('refuses invalid requests with a code, and logs the reason', async () => {
    const env = { PORT: String(await freePort()) }
    const api = `http://localhost:${env.PORT}`
    const notes = `${api}/api/notes`
    const server = await npmStart(folder, 'server', /^API: /m, env)
    try {
      const session = await sessionFor(api)
      const elsewhere = await sessionFor(api, { domain: 'evil.example.com' })
      const narrow = await sessionFor(api, { path: '/api/notes' })
      expect(await answer(elsewhere.fetch(notes))).toEqual([401, 'ERR_CAPABILITY_DOMAIN'])
      expect(await answer(narrow.fetch(notes))).toEqual([403, 'ERR_CAPABILITY_RESOURCES'])
      const headers = { 'content-type': 'application/json' }
      const post = (body: string) => new Request(notes, { method: 'POST', headers, body })
      const signed = await session.signRequest(post('{"text":"Yes"}'))
      expect(await answer(fetch(new Request(signed, { body: '{"text":"No"}' })))).toEqual([
        401,
        'ERR_REQUEST_DIGEST',
      ])
      expect(await answer(session.fetch(post('{"text":')))).toEqual([400, 'ERR_BODY'])
      expect(await answer(session.fetch(post('{}')))).toEqual([400, 'ERR_NOTE'])
      expect(await answer(session.fetch(`${api}/api/none`))).toEqual([404, 'ERR_NOT_FOUND'])
      expect(await answer(fetch(`${api}/none`))).toEqual([404, 'ERR_NOT_FOUND'])
      expect(await answer(session.fetch(notes))).toEqual([200, { account: ACCOUNT_A, notes: [] }])
      expect(server.complaints()).toContain('GET /api/notes: the capability')
    } finally {
      await server.stop()
    }
  })

  it('refuses every attack', async () => {
    const env = { PORT: String(await freePort()) }
    const server = await npmStart(folder, 'server', /^API: /m, env)
    try {
      const note = { method: 'POST', body: '{"text":"Buy cacao beans"}', type: 'application/json' }
      await attackExample(env.PORT, { target: '/api/notes', ...note })
    } finally {
      await server.stop()
    }
  })

  it('remembers sign-outs after a restart', async () => {
    const env = { PORT: String(await freePort()) }
    const api = `http://localhost:${env.PORT}`
    const session = await sessionFor(api)
    const [first, second] = [1, 2].map(() => new Request(`${api}/api/notes`))
    const late = await session.signRequest(second as Request)
    const before = await npmStart(folder, 'server', /^API: /m, env)
    try {
      expect(await answer(session.fetch(first as Request))).toEqual([200, expect.anything()])
      const shown = await npmRun(folder, 'client', { ...env, PRIVATE_KEY: KEY_B })
      expect(shown.at(-1)).toBe('Sent after signing out: You have signed out. Sign in again.')
      await session.revoke(`${api}/api/sign-out`)
    } finally {
      await before.stop()
    }
    const after = await npmStart(folder, 'server', /^API: /m, env)
    try {
      expect(await answer(fetch(late))).toEqual([401, 'ERR_CAPABILITY_REVOKED'])
    } finally {
      await after.stop()
    }
  })
})
