import { once } from 'node:events'
import { connect, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, it } from 'vitest'
import { callerOf, requireSession } from '../../src/middleware/express.js'
import { accepting, type TestSigner, testSigner } from '../setup/request-signer.js'
import { ACCOUNT_A } from '../setup/wallet.js'
import type { WireRequest } from '../setup/wire-request.js'
import { signedWire } from './attack.js'

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})

const BODY = 'Buy cacao beans'
const posted = (body = BODY): Promise<WireRequest> => signedWire(signer, { method: 'POST', body })
const admit = requireSession({ ...accepting, authority: ['api.example.com', 'api.example.org'] })

describe('HTTP/2', () => {
  /** The response to these headers and this body, if any. */
  async function asked(wire: WireRequest): Promise<string> {
    const server = createServer((request, response) =>
      admit(request, response, async () => {
        let text = ''
        for await (const part of request) text += part
        response.end(`${callerOf(request).account} ${text}`)
      }),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const stream = client.request(
      {
        ':method': wire.method,
        ':path': wire.target,
        ':authority': wire.host,
        ...Object.fromEntries(wire.headers.map(([name, value]) => [name.toLowerCase(), value])),
      },
      { endStream: wire.body.length === 0 },
    )
    if (wire.body.length > 0) stream.end(wire.body)
    const parts = await stream.toArray()
    client.close()
    server.close()
    await once(server, 'close')
    return Buffer.concat(parts).toString()
  }

  it('accepts a signed body without a length, and refuses an unsigned one', async () => {
    expect(await asked(await signedWire(signer))).toBe(`${ACCOUNT_A} `)
    for (const body of [BODY, 'x'.repeat(300_000)])
      expect(await asked(await posted(body))).toBe(`${ACCOUNT_A} ${body}`)
    const unsigned = { ...(await posted('')), body: new Uint8Array(9) }
    expect(await asked(unsigned)).toBe('{"code":"ERR_REQUEST_DIGEST"}')
    const another = { ...(await posted()), body: new Uint8Array(9) }
    expect(await asked(another)).toBe('{"code":"ERR_REQUEST_DIGEST"}')
  })
})
