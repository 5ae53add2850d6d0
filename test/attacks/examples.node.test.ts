import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { root } from '../docs/pages.js'
import { type ExampleProcess, startExample } from '../e2e/example-process.js'
import { attackServer } from './kit/attack-server.js'
import { below } from './kit/server-under-attack.js'
import { toPort } from './kit/socket-server.js'

// The servers of the examples that belong to the repository, started with their one command. Examples with a package.json of
// their own are copied and attacked with the packed package, in test/packed/examples.

const ADDRESS = /^ {2}(?:Page|Notes): http:\/\/localhost:(\d+)\/\n/m

async function started(script: string): Promise<number> {
  const example: ExampleProcess = await startExample(script, ADDRESS)
  onTestFinished(() => example.stop())
  return Number(ADDRESS.exec(example.printed)?.[1])
}

const local = (port: number) => ({
  authority: `localhost:${port}`,
  domain: `localhost:${port}`,
  granted: below(`http://localhost:${port}/api`),
  beside: below(`http://localhost:${port}/other`),
  send: toPort(port),
})

describe('the servers of the examples', () => {
  it('notes: refuse attacks on a sign-in with a server’s nonce', async () => {
    const port = await started('notes/start.js')
    const nonce = async (): Promise<string> => {
      const response = await fetch(`http://localhost:${port}/api/nonce`)
      return ((await response.json()) as { nonce: string }).nonce
    }
    await attackServer({ ...local(port), method: 'POST', target: '/api/sign-in', nonce })
  })

  it('delegate-worker: admit uploads of the page and its worker only', async () => {
    const port = await started('delegate-worker/start.js')
    await attackServer({ ...local(port), method: 'PUT', target: '/api/uploads/1', maxLinks: 2 })
  })

  it('are all tested here', () => {
    const isServer = /\b(?:requireSession|requestVerifier|verifyRequest|verifyCacao|verifyJWS|cookieStore)\(/
    const filesIn = (folder: string): string[] =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.[jt]sx?$/.test(file) && !file.includes('node_modules'))
        .map((file) => `${folder}/${file}`)
    const codeOf = (file: string): string => readFileSync(join(root, file), 'utf8')
    const servers = filesIn('examples').filter((file) => isServer.test(codeOf(file)))
    const examples = new Set(servers.map((file) => file.split('/')[1] ?? ''))
    const inCopies = filesIn('test/packed/examples').filter((file) => codeOf(file).includes('attackExample('))
    const attacked = [
      'notes',
      'delegate-worker',
      'demo',
      ...inCopies.map((file) => basename(file, '.test.ts')),
    ]
    expect([...examples].sort()).toEqual(attacked.sort())
  })
})
