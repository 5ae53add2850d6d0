import { describe, expect, it } from 'vitest'
import { parseCacao } from '../../src/capability/parse-cacao.js'
import { callerUnder } from '../../src/http/capability-gate.js'

const KEY = 'did:key:zDnaesvFv4WzQ73zPin4Yzkp8reDSe7Bvb6sN3QtRdjoNsYbW'
const callerFor = (iss: string) =>
  callerUnder(
    parseCacao({
      h: { t: 'caip122' },
      p: {
        domain: 'app.example',
        iss,
        aud: KEY,
        version: '1',
        nonce: '12345678',
        iat: '2026-01-01T00:00:00Z',
      },
      s: { t: 'eip191', s: '0x00' },
    }),
  )

describe('the caller of a request', () => {
  it.each([
    // The address is the first example of EIP-55.
    [
      'did:pkh:eip155:10:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
      'eip155:10:0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed',
      '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
      'eip155:10',
    ],
    [
      'did:pkh:solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:GwAF45zjfyGzUbd3i3hXxzGeuchzEZXwpRYHZM5912F1',
      'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:GwAF45zjfyGzUbd3i3hXxzGeuchzEZXwpRYHZM5912F1',
      'GwAF45zjfyGzUbd3i3hXxzGeuchzEZXwpRYHZM5912F1',
      'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
    ],
    [KEY, KEY, KEY, undefined],
  ])('%s', (iss, account, address, chainId) => {
    const id = account === KEY ? KEY : `did:pkh:${account}`
    expect(callerFor(iss)).toMatchObject({ account, address, chainId, id, keyDID: KEY, resources: [] })
  })
})
