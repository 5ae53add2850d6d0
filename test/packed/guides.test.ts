import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { below } from '../attacks/kit/server-under-attack.js'
import { allFiles, complaintsOf, filesOf, needsOthers, PROGRAMS } from '../docs/compile.js'
import { startUntil } from '../e2e/example-process.js'
import { freePort } from '../engines/free-port.js'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { attackExample } from './attack-example.js'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { ownEnv, run } from './command.js'
import { GUIDE_PACKAGES } from './guide-packages.js'

// The guides' code for packages that are not among our own: compiled with their types, and run.

let folder: BareFolder
beforeAll(async () => {
  folder = await bareFolder(...GUIDE_PACKAGES)
})
afterAll(() => folder?.remove())

it('compile with the types of these packages', async () => {
  const files = await allFiles()
  // And the files that they import from their own page.
  const theirs = files.filter(
    (file) => needsOthers(file) || /\.md\/(?:signed-fetch|(?:nest|trpc|graphql)\/)/.test(file.path),
  )
  expect(theirs.length).toBeGreaterThan(15)
  const wrong = { path: 'wrong.ts', text: "import ky from 'ky'\nky.get(1)\n" }
  const options = { ...PROGRAMS.page, types: ['node'], experimentalDecorators: true }
  expect(await complaintsOf(join(folder.path, 'compiled'), options, [...theirs, wrong])).toEqual([
    expect.stringMatching(/^wrong\.ts\(2,\d+\): error TS/),
  ])
})

/** Writes a guide's files into the folder, for a server on this port, and bundles the result of a script. */
async function appOf(page: string, port: number, script: string): Promise<string> {
  const files = [
    ...filesOf(`docs/guides/${page}.md`),
    { path: `docs/guides/${page}.md/script.ts`, text: script },
  ]
  for (const { path, text } of files) {
    const here = text
      .replaceAll('https://api.example.com', `http://localhost:${port}`)
      .replaceAll('api.example.com', `localhost:${port}`)
    await folder.write(`${port}/${path}`, here)
  }
  const outfile = join(folder.path, `${port}.mjs`)
  await build({
    entryPoints: [join(folder.path, `${port}/docs/guides/${page}.md/script.ts`)],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
    logLevel: 'error',
  })
  return outfile
}

const SERVE = `import { serve } from '@hono/node-server'
const listen = (fetch: (request: Request) => Response | Promise<Response>) =>
  new Promise((resolve) => serve({ fetch, port: Number(process.env.PORT) }, resolve))
`

describe('the guide to API clients', () => {
  it('has clients that sign with the session current at each call', async () => {
    const port = await freePort()
    const script = await appOf(
      'clients',
      port,
      `import 'fake-indexeddb/auto'
import { DIDSession } from 'cacao-session'
import { ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
import { requireSession } from 'cacao-session/fetch'
import { me as apollo } from './graphql/apollo'
import { me as graphqlRequest } from './graphql/graphql-request'
import { handler as graphql } from './graphql/server'
import { me as urql } from './graphql/urql'
import { saveNote as axios } from './axios'
import { saveNote as ky } from './ky'
import { saveNote as openapi } from './openapi-fetch'
import { me as trpcMe } from './trpc/client'
import { handler as trpc } from './trpc/server'
${SERVE}
Object.assign(globalThis, { window: new EventTarget(), location: { host: 'app.example.com', hostname: 'app.example.com', origin: 'https://app.example.com' } })
const notes = requireSession(
  { verifiers: ethereumVerifiers(), authority: 'api.example.com', domains: ['app.example.com'], resources: ['https://api.example.com/notes/*'], debug: false },
  async (request, caller) => Response.json({ by: caller.account, ...(await request.json()) }),
)
await listen((request) => {
  const { pathname } = new URL(request.url)
  return pathname.startsWith('/trpc') ? trpc(request) : pathname.startsWith('/graphql') ? graphql(request) : notes(request)
})
const found = (call: Promise<unknown>) => call.then((answer) => answer, ({ message, response }) => response?.status ?? message)
const before = await found(axios('nobody'))
const auth = ethereumAuth('${KEY_A}')
await DIDSession.get('${ACCOUNT_A}', auth, { resources: ['https://api.example.com/*'] })
const answers = { ky: await found(ky('beans')), axios: await found(axios('beans')), openapi: await found(openapi('beans')) }
const callers = { trpc: await found(trpcMe()), apollo: await found(apollo()), urql: await found(urql()), graphqlRequest: await found(graphqlRequest()) }
await DIDSession.remove('${ACCOUNT_A}')
console.log(JSON.stringify({ before, ...answers, ...callers, after: await found(axios('nobody')) }))
process.exit()`,
    )
    const { stdout } = await run(process.execPath, [script], { cwd: folder.path, env: { PORT: `${port}` } })
    const saved = { by: ACCOUNT_A, text: 'beans' }
    const known = { trpc: ACCOUNT_A, apollo: ACCOUNT_A, urql: ACCOUNT_A, graphqlRequest: ACCOUNT_A }
    expect(JSON.parse(stdout)).toEqual({
      before: 401,
      ky: saved,
      axios: saved,
      openapi: saved,
      ...known,
      after: 401,
    })
  })
})

describe.each([
  [
    'clients',
    'trpc/server',
    `${SERVE}import { handler } from './trpc/server'\nawait listen(handler)`,
    { target: '/trpc/me', granted: '/trpc' },
  ],
  [
    'clients',
    'graphql/server',
    `${SERVE}import { handler } from './graphql/server'\nawait listen(handler)`,
    {
      method: 'POST',
      target: '/graphql',
      body: '{"query":"{me}"}',
      type: 'application/json',
      granted: '/graphql',
    },
  ],
  [
    'fastify-and-nest',
    'fastify',
    `import Fastify from 'fastify'
import { addNotes } from './fastify'
await Fastify().register(addNotes).listen({ port: Number(process.env.PORT), host: 'localhost' })`,
    { method: 'POST', target: '/notes/new', body: 'Buy cacao beans', granted: '/notes' },
  ],
  [
    'fastify-and-nest',
    'nest/session.guard',
    `import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { NotesModule } from './nest/notes.controller'
const app = await NestFactory.create(NotesModule, { rawBody: true, logger: ['error'] })
await app.listen(Number(process.env.PORT), 'localhost')`,
    {
      method: 'POST',
      target: '/notes/new',
      body: '{"note":"beans"}',
      type: 'application/json',
      granted: '/notes',
    },
  ],
])('the server of docs/guides/%s.md, %s', (page, _, script, { granted, ...asked }) => {
  it('refuses every attack', async () => {
    const port = await freePort()
    const file = await appOf(page, port, `${script}\nconsole.log('ready')`)
    const env = { ...ownEnv(), PORT: `${port}` }
    const server = await startUntil(/^ready/m, process.execPath, [file], { cwd: folder.path, env })
    const api = `http://localhost:${port}`
    try {
      await attackExample(port, {
        ...asked,
        granted: { resources: [api + granted, ...below(api + granted).resources] },
      })
      expect(server.complaints()).toBe('')
    } finally {
      await server.stop()
    }
  })
})
