import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/hex.js'
import { rawOfDER } from '../../src/key/ecdsa.js'

const raw = (hex: string): string | undefined => {
  const bytes = rawOfDER(fromHex(hex) ?? new Uint8Array())
  return bytes && toHex(bytes)
}
const padded = (r: string, s: string): string => r.padStart(64, '0') + s.padStart(64, '0')
// The order of P-256 less one.
const MOST = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550'
const FULL = 'ff'.repeat(32)

describe('a signature in DER', () => {
  it.each([
    ['short numbers', '3006020101020102', padded('01', '02')],
    ['a zero in front of a first bit of one', '300702020080020101', padded('80', '01')],
    ['the longest numbers', `3046022100${MOST}022100${MOST}`, MOST + MOST],
    ['a long r alone', `3026022100${MOST}020105`, padded(MOST, '05')],
  ])('is accepted with %s', (_, der, expected) => {
    expect(raw(der)).toBe(expected)
  })

  it.each([
    ['nothing', ''],
    ['zeros, which verify nothing', '3006020100020100'],
    ['numbers beyond the order of the curve', `3046022100${FULL}022100${FULL}`],
    ['another tag', '3106020101020102'],
    ['a length that is too short', '3005020101020102'],
    ['a length that is too long', '3007020101020102'],
    ['a length in its long form', '308106020101020102'],
    ['bytes behind it', '300602010102010200'],
    ['bytes within, behind the numbers', '300702010102010200'],
    ['one number', '3003020101'],
    ['three numbers', '3009020101020102020103'],
    ['a number of another tag', '3006030101020102'],
    ['a number without content', '30050200020101'],
    ['a number that ends beyond', '3006020101020202'],
    ['a negative number', '3006020180020101'],
    ['a needless zero', '300702020001020101'],
    ['a number of 33 bytes', `3026022101${FULL}020101`],
    ['a needless zero before 33 bytes', `304702220000${FULL}0221${'00'}${FULL}`],
  ])('is refused with %s', (_, der) => {
    expect(raw(der)).toBeUndefined()
  })
})
