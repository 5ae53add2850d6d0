import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { requireSession } from '../../src/middleware/fetch.js'
import { DIDSession } from '../../src/session/did-session.js'
import { ethereumAuth, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { deliver } from '../packed/frameworks/deliver.js'
import { describeProxy, startUnderPath, UNDER_PATH } from '../packed/frameworks/proxies.js'
import { KEY_A } from '../setup/wallet.js'

// The paths of the API under /v1 that proxies would rewrite if they stripped the prefix in their usual way.
const PATHS = [
  '/',
  '/notes?page=2',
  '/devices/did%3Akey%3Az6Mk',
  "/a%2Fb/Bob's%20(draft)!*",
  '/%7Eme//[x]|%c3%a9?q=[a]|b',
]

describeUnderPath('nginx, which keeps the prefix', {})
describeUnderPath('Caddy, which keeps the prefix', {})
describeUnderPath('nginx, which strips the prefix', { basePath: '/v1' })

function describeUnderPath(way: keyof typeof UNDER_PATH, more: { basePath?: string }): void {
  describeProxy(UNDER_PATH[way].name, `${way}, as the guide to production sets it up`, () => {
    let path: string
    let server: Server
    let proxy: Awaited<ReturnType<typeof startUnderPath>>
    let session: DIDSession
    beforeAll(async () => {
      const auth = ethereumAuth(KEY_A, undefined, { domain: 'app.example.com' })
      session = await DIDSession.authorize(auth, { resources: ['https://api.example.com/v1/*'] })
      const handler = requireSession(
        {
          verifiers: ethereumVerifiers(),
          authority: 'api.example.com',
          domains: ['app.example.com'],
          resources: ['https://api.example.com/v1/*'],
          debug: false,
          ...more,
        },
        ({ url }) => Response.json({ url }),
      )
      server = createAdaptorServer({ fetch: handler }) as Server
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      path = await mkdtemp(join(tmpdir(), 'cacao-session-'))
      const write = async (file: string, text: string | Uint8Array): Promise<string> => {
        await writeFile(join(path, file), text)
        return join(path, file)
      }
      proxy = await startUnderPath(way, { path, write }, (server.address() as AddressInfo).port)
    })
    afterAll(async () => {
      await proxy?.stop()
      server?.close()
      await rm(path, { recursive: true, force: true })
    })

    it.each(PATHS)('admits a signed request for %s, and refuses it for another path', async (target) => {
      const request = await session.signRequest(new Request(`https://api.example.com/v1${target}`))
      const { url, headers } = request
      expect(await deliver(request, proxy.port)).toMatchObject({ status: 200, body: { url } })
      const moved = new Request('https://api.example.com/v1/moved', { headers })
      expect(await deliver(moved, proxy.port)).toMatchObject({
        status: 401,
        body: { code: 'ERR_REQUEST_SIGNATURE' },
      })
    })
  })
}
