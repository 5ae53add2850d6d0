import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { NOW, type TestSigner, testSigner } from '../setup/request-signer.js'
import type { WireRequest } from '../setup/wire-request.js'
import { expectAccepted, expectRefused, signedWire, strayErrors } from './attack.js'
import { ATTACKS } from './attacks.js'
import { closeAll, NAMES, type Targets, targets } from './hostile-servers.js'
import type { Answer } from './raw-socket.js'

let signer: TestSigner
let other: TestSigner
let servers: Targets
const stray = strayErrors()
beforeAll(async () => {
  signer = await testSigner()
  other = await testSigner('Ed25519')
  servers = await targets()
})
afterAll(async () => {
  stray.stop()
  await closeAll()
})

describe.each(NAMES)('%s', (name) => {
  const send = (wire: WireRequest): Promise<Answer> => servers[name].send(wire)

  // The server keeps working after each attack.
  afterEach(async () => {
    expectAccepted(await send(await signedWire(signer, { body: 'x' })), 'x')
    expect(stray.seen).toEqual([])
  })

  it.each(ATTACKS)('refuses a request with %s: %s', async (_, code, attack) => {
    const wire = await signedWire(signer, { body: 'Buy cacao beans' })
    const another = await signedWire(other, { body: 'Buy cacao beans' })
    await expectRefused(() => send(attack(wire, another)), 401, code)
    expectAccepted(await send(wire), 'Buy cacao beans')
  })

  it('accepts the headers in any order and letter case', async () => {
    const wire = await signedWire(signer)
    const headers = wire.headers.map(([key, value]) => [key.toUpperCase(), ` ${value}\t`] as const).reverse()
    expectAccepted(await send({ ...wire, headers }))
  })

  it.each([
    ['a day ahead', NOW + 86_400_000],
    ['a day behind', NOW - 86_400_000],
  ])('refuses a client whose clock is %s', async (_, now) => {
    const wire = await signedWire(signer, { now })
    await expectRefused(() => send(wire), 401, 'ERR_REQUEST_STALE')
  })

  it.each([
    ['/notes/1?page=2&page=1'],
    ['/notes/1?page=1'],
    ['/notes/1?page=1&page=2&page=2'],
    ['/notes/1?page=1&page=%32'],
    ['/notes/1?page=1&page=2&'],
    ['/notes/%31?page=1&page=2'],
    ['/notes%2F1?page=1&page=2'],
    ['/notes//1?page=1&page=2'],
    ['//notes/1?page=1&page=2'],
    ['/notes/1/?page=1&page=2'],
    ['/notes/%2e%2e/1?page=1&page=2'],
    ['/notes/../admin?page=1&page=2'],
  ])('refuses a request signed for another target than %s', async (target) => {
    const wire = await signedWire(signer)
    await expectRefused(() => send({ ...wire, target }), 401, 'ERR_REQUEST_SIGNATURE')
  })

  it.each([['//notes//1'], ['/a%2Fb%2f?c=%2F'], ['/%7Eme?q=%C3%BC'], ['/?'], ['/a;b=c,d?e+f']])(
    'accepts %s if that is what was signed',
    async (target) => {
      // An empty query is the same as none (RFC 9421 §2.2.7).
      const seen = name === 'node:http' ? target : target.replace(/\?$/, '')
      expectAccepted(await send(await signedWire(signer, { target })), '', seen)
    },
  )
})
