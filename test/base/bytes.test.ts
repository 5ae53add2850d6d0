import { describe, expect, it } from 'vitest'
import { concat, fromUtf8, utf8 } from '../../src/base/bytes.js'
import { fromHex, toHex } from '../../src/base/hex.js'
import {
  fromBase64,
  fromBase64Unpadded,
  fromBase64url,
  toBase64,
  toBase64url,
} from '../../src/base/multibase.js'
import { isBytes } from '../../src/base/options.js'

const samples = Array.from({ length: 40 }, (_, length) =>
  Uint8Array.from({ length }, (_, i) => (i * 37 + length * 101) & 255),
)

describe('base64', () => {
  it('is encoded as the platform does it, for every length', () => {
    for (const bytes of samples) {
      const expected = btoa(String.fromCharCode(...bytes))
      expect(toBase64(bytes)).toBe(expected)
      expect(toBase64url(bytes)).toBe(expected.replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_'))
    }
  })

  it('decodes its own output', () => {
    for (const bytes of samples) {
      expect(fromBase64(toBase64(bytes))).toEqual(bytes)
      expect(fromBase64url(toBase64url(bytes))).toEqual(bytes)
      expect(fromBase64Unpadded(toBase64(bytes).replaceAll('=', ''))).toEqual(bytes)
    }
  })

  it.each(['A', 'AAAAA', 'AA==', 'AB', 'AAB', 'A A', 'AA\n', 'A+', 'A/', 'Á', '=', ' '])(
    'refuses %j as base64url, because it is not canonical',
    (text) => expect(fromBase64url(text)).toBeUndefined(),
  )

  it.each(['AA', 'AA=', 'AB==', 'AAB=', 'AA===', '====', 'AA==AA==', 'A-==', 'AAAA\n'])(
    'refuses %j as base64',
    (text) => expect(fromBase64(text)).toBeUndefined(),
  )
})

describe('hex and UTF-8', () => {
  it('decode their own output', () => {
    for (const bytes of samples) expect(fromHex(toHex(bytes))).toEqual(bytes)
    expect(fromUtf8(utf8('añ✓𝒳'))).toBe('añ✓𝒳')
    expect(fromUtf8(utf8('\uFEFFx'))).toBe('\uFEFFx')
  })

  it('refuse malformed input', () => {
    expect(fromHex('abc')).toBeUndefined()
    expect(fromHex('0x00')).toBeUndefined()
    expect(fromHex('zz')).toBeUndefined()
    expect(fromUtf8(Uint8Array.of(0xff))).toBeUndefined()
    expect(fromUtf8(Uint8Array.of(0xed, 0xa0, 0x80))).toBeUndefined()
  })

  it('concat joins bytes, and isBytes recognizes them', () => {
    expect(concat(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3))).toEqual(Uint8Array.of(1, 2, 3))
    expect(isBytes(new Uint8Array(1))).toBe(true)
    for (const other of [[1], '\u0001', new Uint16Array(1), new ArrayBuffer(1), null])
      expect(isBytes(other)).toBe(false)
  })
})
