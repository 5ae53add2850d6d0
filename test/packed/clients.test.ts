import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { KEY_A } from '../setup/wallet.js'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { run } from './command.js'

// `session.fetch` passed to the clients that apps use, sessions inside the proxies of frameworks, and an agent for an HTTP
// proxy.

const HTTP = ['ky', 'openapi-fetch', 'p-retry', '@trpc/client', '@trpc/server', 'undici@6']
const GRAPHQL = ['@apollo/client', 'rxjs', 'graphql', '@urql/core', 'graphql-request']
const FRAMEWORKS = ['vue', 'mobx', 'immer', 'valtio']

let folder: BareFolder
beforeAll(async () => {
  folder = await bareFolder(...HTTP, ...GRAPHQL, ...FRAMEWORKS)
})
afterAll(() => folder?.remove())

it('works with each client and in each framework', async () => {
  const script = await folder.write('clients.js', await readFile(new URL('clients.js', import.meta.url)))
  const { stdout } = await run(process.execPath, [script, String(KEY_A)], { cwd: folder.path })
  const results: Record<string, unknown> = JSON.parse(stdout)
  expect(results).toEqual(Object.fromEntries(Object.keys(results).map((name) => [name, true])))
  expect(Object.keys(results)).toHaveLength(19)
})
