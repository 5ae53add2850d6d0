import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { beforeAll, describe, expect } from 'vitest'
import { type NodeRequest, requireSession } from '../../src/middleware/express.js'
import { accepting, post, type TestSigner, testSigner } from '../setup/request-signer.js'
import { reported } from './reported.js'

let signer: TestSigner
beforeAll(async () => {
  signer = await testSigner()
})

const BODY = '{"note":"ü"}'

/** A request object of Node's type that Node's parser has not created, with `headers` and the given members. */
async function received(members: object): Promise<NodeRequest> {
  const signed = await signer.sign(post(BODY, 'https://api.example.com/notes'))
  const request = new IncomingMessage(new Socket())
  const headers = Object.fromEntries(signed.headers)
  const length = String(Buffer.byteLength(BODY))
  return Object.assign(request, {
    method: 'POST',
    url: '/notes',
    headers: { 'content-length': length, ...headers },
    complete: true,
    ...members,
  }) as unknown as NodeRequest
}

/** The middleware's response: its status and code; or the argument of `next`, which is undefined for an admitted request. */
const verdictOn = (request: NodeRequest): Promise<unknown> =>
  new Promise((resolve) => {
    const response = {
      headersSent: false,
      getHeader: () => undefined,
      setHeader: () => undefined,
      writeHead: (status: number) => ({ end: (body: string) => resolve(`${status} ${body}`) }),
    }
    requireSession({ ...accepting, debug: false })(request, response, resolve)
  })

const accepted = (members: object) => async (): Promise<void> =>
  expect(await verdictOn(await received(members))).toBe(undefined)

describe('bodies that other code has already read', () => {
  reported([
    {
      report: 'slackapi/node-slack-events-api#85',
      title: 'are verified from rawBody, not from the parsed body',
      async test() {
        await accepted({ rawBody: Buffer.from(BODY), body: JSON.parse(BODY) })()
        const other = await received({ rawBody: Buffer.from('{"note":"x"}'), body: JSON.parse(BODY) })
        expect(await verdictOn(other)).toBe('401 {"code":"ERR_REQUEST_DIGEST"}')
      },
    },
    {
      report: 'dougmoscrop/serverless-http#195',
      title: 'are verified from a lambda’s body, without raw headers',
      async test() {
        await accepted({ body: Buffer.from(BODY) })()
        await accepted({ body: BODY })()
        const other = await received({ body: Buffer.from(`${BODY} `) })
        expect(await verdictOn(other)).toBe('401 {"code":"ERR_REQUEST_DIGEST"}')
      },
    },
    {
      report: 'stripe/stripe-node#341',
      title: 'cause a TypeError if only the parsed body is left',
      async test() {
        const request = await received({ body: JSON.parse(BODY) })
        Object.defineProperty(request, 'readableDidRead', { value: true })
        expect(await verdictOn(request)).toMatchObject({
          name: 'TypeError',
          message: expect.stringContaining('put requireSession before any body parser'),
        })
      },
    },
    {
      report: 'LemmyNet/activitypub-federation-rust#167',
      title: 'are verified without a Host header',
      test: accepted({ body: BODY, rawHeaders: undefined }),
    },
  ])
})
