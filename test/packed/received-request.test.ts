import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../engines/free-port.js'
import { KEY_A } from '../setup/wallet.js'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { run } from './command.js'
import { onPath } from './runtimes/on-path.js'

// Deno passes requests with immutable headers, as service workers and Cloudflare do.
const SCRIPT = `import { DIDSession } from 'cacao-session'
import { ethereumAuth, ethereumVerifiers } from 'cacao-session/ethereum'
import { verifyRequest } from 'cacao-session/verify'

const [port] = Deno.args
const authority = 'localhost:' + port
const auth = ethereumAuth('${KEY_A}', undefined, { domain: 'app.example.com' })
const session = await DIDSession.authorize(auth, { resources: ['http://' + authority + '/*'] })

const server = Deno.serve({ port: Number(port), hostname: 'localhost', onListen() {} }, async (request) => {
  try {
    request.headers.set('x-test', '1')
    return new Response('its headers can be changed')
  } catch {
    const signed = await session.signRequest(request)
    const wanted = { resources: ['http://' + authority + '/beans'], domains: ['app.example.com'] }
    const options = { verifiers: ethereumVerifiers(), authority, ...wanted, replay: false }
    const { keyDID } = await verifyRequest(signed, options)
    return Response.json([keyDID === session.keyDID, await signed.text()])
  }
})
const response = await fetch('http://' + authority + '/beans', { method: 'POST', body: 'beans' })
console.log(await response.text())
await server.shutdown()
`

let folder: BareFolder
beforeAll(async () => {
  folder = await bareFolder()
})
afterAll(() => folder?.remove())

it('a request that a server received can be signed and forwarded', async () => {
  const script = await folder.write('received.js', SCRIPT)
  const args = ['run', '--allow-net=localhost', script, String(await freePort())]
  const { stdout } = await run('deno', args, { cwd: folder.path, env: onPath })
  expect(stdout.trim()).toBe('[true,"beans"]')
})
