import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { SessionErrorCode } from '../../src/base/errors.js'
import type { Cacao } from '../../src/capability/cacao.js'
import { verifyCacao } from '../../src/capability/verify-cacao.js'
import { type EthereumVerifierOptions, ethereumVerifiers } from '../../src/wallet/ethereum/index.js'
import { freePort } from '../engines/free-port.js'
import { ANVIL_CHAIN } from '../setup/anvil.js'
import { expectCode } from '../setup/expect-code.js'
import { startLyingRPC, startRPC } from '../setup/rpc-server.js'
import {
  accountOn,
  type SmartAccounts,
  STARTUP_MS,
  signedBy,
  startSmartAccounts,
} from '../setup/smart-accounts.js'

let chain: SmartAccounts
let cacao: Cacao
beforeAll(async () => {
  chain = await startSmartAccounts()
  cacao = await signedBy(accountOn(await chain.put()))
}, STARTUP_MS)
afterAll(() => chain?.stop())

const now = (): number => Date.parse('2024-06-02T00:00:00Z')
const verify = (rpc: EthereumVerifierOptions['rpc'], of = cacao, rpcTimeoutMs?: number): Promise<Cacao> =>
  verifyCacao(of, { verifiers: ethereumVerifiers({ rpc, rpcTimeoutMs }), now })
const refuses = async (rpc: EthereumVerifierOptions['rpc'], of = cacao): Promise<void> =>
  void (await expectCode('ERR_RPC_UNAVAILABLE', () => verify(rpc, of)))

describe('an RPC that lies about its chain', () => {
  it('is not called further if it names another chain than the capability', async () => {
    const { url } = await startLyingRPC(chain.url, { eth_chainId: '0x1' })
    await refuses({ [ANVIL_CHAIN]: url })
    await expectCode('ERR_CAPABILITY_UNSUPPORTED', () => verify(url))
  })

  it('is detected by the check if it names the capability’s chain', async () => {
    const { url, calls } = await startLyingRPC(chain.url, { eth_chainId: '0x1' })
    const elsewhere = await signedBy(cacao.p.iss.slice('did:pkh:'.length).replace(`:${ANVIL_CHAIN}:`, ':1:'))
    await refuses({ 1: url }, elsewhere)
    await refuses(url, elsewhere)
    expect(calls).toContain('eth_call')
  })

  it('is accepted if it does not lie', async () => {
    const { url, calls } = await startLyingRPC(chain.url, {})
    await verify({ [ANVIL_CHAIN]: url })
    expect(calls.sort()).toEqual(['eth_call', 'eth_chainId'])
  })
})

describe('an RPC that does not answer', () => {
  it('is reported as ERR_RPC_UNAVAILABLE', async () => {
    const { cause } = await expectCode('ERR_RPC_UNAVAILABLE', async () =>
      verify(`http://127.0.0.1:${await freePort()}`),
    )
    expect(cause).toBeInstanceOf(Error)
  })

  it('is waited for until rpcTimeoutMs, and then disconnected', async () => {
    const { promise: begun, resolve } = deferred()
    const sockets: Socket[] = []
    const closed: Promise<unknown>[] = []
    const heard = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.push(socket)
      closed.push(new Promise((done) => socket.on('error', () => undefined).once('close', done)))
      // Both requests are pending.
      socket.on('data', () => heard.add(socket).size === 2 && resolve())
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    })
    await isWaitedFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, begun)
    await Promise.all(closed)
  })

  it('is waited for until rpcTimeoutMs, even if the response has begun', async () => {
    const { promise: begun, resolve } = deferred()
    const { url } = await startRPC((response) => void response.writeHead(200).write('{"result":', resolve))
    await isWaitedFor(url, begun)
  })

  it('is waited for until rpcTimeoutMs, even if it is a provider', async () => {
    const { promise: begun, resolve } = deferred()
    const request = (): Promise<never> => {
      resolve()
      return new Promise(() => undefined)
    }
    await isWaitedFor({ request }, begun)
  })

  function deferred(): { promise: Promise<void>; resolve: () => void } {
    let resolve = (): void => undefined
    const promise = new Promise<void>((done) => {
      resolve = done
    })
    return { promise, resolve }
  }

  async function isWaitedFor(rpc: EthereumVerifierOptions['rpc'], begun: Promise<unknown>): Promise<void> {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    let isOver = false
    const refused = expectCode('ERR_RPC_UNAVAILABLE', () => verify(rpc, cacao, 60_000)).then(() => {
      isOver = true
    })
    await begun
    vi.advanceTimersByTime(59_999)
    await new Promise(setImmediate)
    expect(isOver).toBe(false)
    vi.advanceTimersByTime(1)
    await refused
  }
})

describe('an RPC that answers', () => {
  const json = (response: ServerResponse, answer: unknown): void =>
    void response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, ...(answer as object) }))
  const answers: readonly [string, (response: ServerResponse, isChain: boolean) => void][] = [
    ['an error', (to) => json(to, { error: { code: -32000, message: 'execution reverted' } })],
    ['an error beside a result', (to, isChain) => json(to, { error: { code: -32000 }, ...truth(isChain) })],
    ['an error as a status', (to, isChain) => json(to.writeHead(500), truth(isChain))],
    ['no result', (to, isChain) => json(to, isChain ? truth(true) : {})],
    ['null', (to) => void to.end('null')],
    ['nothing', (to) => void to.end()],
    ['no JSON', (to) => void to.end('<html>502 Bad Gateway</html>')],
    ['half of it', (to) => void to.writeHead(200, { 'content-length': 100 }).write('{}', () => to.destroy())],
    ['too large a response', (to, isChain) => json(to, { ...truth(isChain), more: 'x'.repeat(70_000) })],
  ]
  const truth = (isChain: boolean): object => ({ result: isChain ? '0x7a69' : '0x1626ba7e' })

  it('correctly verifies the signature', async () => {
    const { url } = await startRPC((response, { method }) => json(response, truth(method === 'eth_chainId')))
    await verify(url)
  })

  it.each(answers)('%s causes ERR_RPC_UNAVAILABLE', async (_, answer) => {
    const { url } = await startRPC((response, { method }) => answer(response, method === 'eth_chainId'))
    await refuses(url)
  })

  it('endlessly is read only up to a limit', async () => {
    const closed: Promise<unknown>[] = []
    const { url } = await startRPC((response) => {
      closed.push(once(response, 'close'))
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384)));
      }
      response.on('drain', more)
      more()
    })
    await refuses(url)
    await Promise.all(closed)
  })

  it('with a redirect is not followed', async () => {
    const good = await startLyingRPC(chain.url, {})
    const { url } = await startRPC((response) => void response.writeHead(307, { location: good.url }).end())
    await refuses(url)
    expect(good.calls).toEqual([])
  })

  it.each<[SessionErrorCode, string]>([
    ['ERR_RPC_UNAVAILABLE', 'http://127.0.0.1:1/secret-key'],
    ['ERR_RPC_UNAVAILABLE', 'http://user:secret-key@127.0.0.1'],
  ])('with %s: its URL, which may contain a key, is not in the message', async (code, url) => {
    const { message } = await expectCode(code, () => verify({ [ANVIL_CHAIN]: url }))
    expect(message).not.toContain('secret-key')
  })
})
