import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { base58btc } from 'multiformats/bases/base58'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/hex.js'
import { fromBase58, oneSpelling } from '../../src/base/multibase.js'
import { toBase58 } from '../../src/key/session-key.js'
import { runs } from '../setup/seed.js'

// The encodings written by hand, compared with the libraries that do the same.

const bytes = fc.uint8Array({ maxLength: 70 })

describe('base58', () => {
  it('encodes and decodes like multiformats', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(toBase58(value)).toBe(base58btc.baseEncode(value))
        expect(fromBase58(toBase58(value))).toEqual(new Uint8Array(value))
      }),
      runs(300),
    )
  })

  it('accepts and refuses the same texts as multiformats', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 20 }), (text) => {
        expect(fromBase58(text)).toEqual(oneSpelling(text, base58btc))
      }),
      runs(300),
    )
  })
})

describe('hex', () => {
  it('encodes and decodes like @noble/hashes, in either case', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        expect(toHex(value)).toBe(bytesToHex(value))
        expect(fromHex(toHex(value).toUpperCase())).toEqual(new Uint8Array(value))
      }),
      runs(300),
    )
  })

  it.each(['0', '0x00', 'gg', ' 00', '00 ', 'ａａ'])('refuses %j, as @noble/hashes does', (text) => {
    expect(fromHex(text)).toBeUndefined()
    expect(() => hexToBytes(text)).toThrow()
  })
})
