import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { forgeryFor } from '../attacks/kit/forgery.js'
import { below, type ServerUnderAttack } from '../attacks/kit/server-under-attack.js'
import { opened, written } from '../http/raw-socket.js'
import { KEY_B } from '../setup/wallet.js'

// Connections that send a body with an invalid capability: opening many of them must not fill a server's memory.

const CONNECTIONS = 300
const MOST_MB = 30
// Nearly the largest body that is read; it is never completed.
const BODY_BYTES = 1_000_000
const SENT_BYTES = 900_000

let child: ChildProcess
let port: number
const sockets: Socket[] = []
beforeEach(async () => {
  const script = fileURLToPath(new URL('connections.js', import.meta.url))
  child = fork(script, [], { execArgv: ['--expose-gc'] })
  const [message] = (await once(child, 'message')) as [{ port: number }]
  port = message.port
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  child.kill()
  await once(child, 'exit')
})

async function heldMB(): Promise<number> {
  child.send('held')
  const [{ held }] = (await once(child, 'message')) as [{ held: number }]
  return held / 2 ** 20
}

const server: ServerUnderAttack = {
  send: () => Promise.reject(new Error('not here')),
  authority: 'api.example.com',
  domain: 'app.example.com',
  method: 'POST',
  target: '/notes/new',
  body: 'x'.repeat(BODY_BYTES),
  granted: below('https://api.example.com/notes'),
  beside: below('https://api.example.com/other'),
}
const forgery = forgeryFor(server)

/** Sends a request without the end of its body; resolves with the status of the response, if any. */
async function send(changes: Record<string, unknown>, walletKey?: string): Promise<void> {
  const wire = await forgery.request(await forgery.holder(changes, walletKey))
  const bytes = written(wire, { keepAlive: true })
  const socket = await opened(port, bytes.subarray(0, bytes.length - (BODY_BYTES - SENT_BYTES)))
  sockets.push(socket)
}

/** The growth of the server's memory while all of them are open. */
async function costMB(answered: boolean, ...of: Parameters<typeof send>): Promise<number> {
  await send(...of)
  const before = await heldMB()
  const answers: Promise<unknown>[] = []
  for (let i = 0; i < CONNECTIONS; i++) {
    await send(...of)
    const socket = sockets.at(-1)
    if (socket)
      answers.push(
        answered ? once(socket, 'data') : new Promise<void>((resolve) => socket.write('x', () => resolve())),
      )
  }
  const statuses = await Promise.all(answers)
  if (answered) for (const status of statuses) expect(String(status)).toMatch(/^HTTP\/1\.1 4\d\d/)
  return (await heldMB()) - before
}

describe(`${CONNECTIONS} connections`, () => {
  const useless: readonly [string, Record<string, unknown>, string?][] = [
    ['that has expired', { exp: '2024-06-02T00:00:00Z' }],
    ['of another site', { domain: 'evil.example.com' }],
    ['for another resource', { resources: ['https://api.example.com/other/*'] }],
    ['that its account never signed', {}, KEY_B],
  ]
  it.each(useless)(`cost less than ${MOST_MB} MB with a capability %s`, async (_, changes, walletKey) => {
    const cost = await costMB(true, changes, walletKey)
    console.log(`${CONNECTIONS} connections: ${cost.toFixed(1)} MB`)
    expect(cost).toBeLessThan(MOST_MB)
  })

  it('cost more with valid capabilities, which shows that the measurement works', async () => {
    expect(await costMB(false, {})).toBeGreaterThan(100)
  })
})
