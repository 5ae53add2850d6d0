import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ACCOUNT_A, KEY_A } from '../setup/wallet.js'
import { type BareFolder, bareFolder } from './bare-folder.js'
import { run } from './command.js'

// Tokens in the protocols that people use, with their servers; `ws` and Hono's upgrade are tested in test/e2e, in browsers.

const PACKAGES = [
  'ws@8.23.0',
  'graphql@17.1.0',
  'graphql-ws@6.4.2',
  'socket.io@4.8.4',
  'socket.io-client@4.8.4',
  '@grpc/grpc-js@1.14.7',
]

let folder: BareFolder
beforeAll(async () => {
  folder = await bareFolder(...PACKAGES)
})
afterAll(() => folder?.remove())

it('are accepted once, by their audience, until they or the session expire', async () => {
  const script = await folder.write('sockets.js', await readFile(new URL('sockets.js', import.meta.url)))
  const { stdout } = await run(process.execPath, [script, String(KEY_A)], { cwd: folder.path })
  const refused = (how: unknown): object => ({
    copied: how,
    'for another': how,
    late: how,
    none: how,
    own: ACCOUNT_A,
    'with claims': ACCOUNT_A,
  })
  const coded = {
    ...refused('ERR_JWS_INVALID'),
    copied: 'ERR_REQUEST_REPLAYED',
    late: 'ERR_REQUEST_STALE',
  }
  expect(JSON.parse(stdout)).toEqual({
    'graphql-ws': { ...refused(4403), revoked: '4401 ERR_CAPABILITY_REVOKED' },
    'Socket.IO': { ...coded, revoked: 'io server disconnect' },
    gRPC: coded,
  })
})
