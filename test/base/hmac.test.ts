import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../src/base/hex.js'
import { hmacSHA256 } from '../../src/base/hmac.js'
import { utf8 } from '../../src/base/utf8.js'

describe('HMAC-SHA-256', () => {
  it.each([
    ['0b'.repeat(20), utf8('Hi There'), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      toHex(utf8('Jefe')),
      utf8('what do ya want for nothing?'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'aa'.repeat(131),
      utf8('Test Using Larger Than Block-Size Key - Hash Key First'),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
  ])("of RFC 4231's key %s", (key, message, expected) =>
    expect(toHex(hmacSHA256(fromHex(key) ?? new Uint8Array(), message))).toBe(expected),
  )

  it("is what noble's is, for keys and messages of any length", () => {
    for (let length = 0; length < 140; length++) {
      const [key, message] = [length, 140 - length].map((bytes) =>
        crypto.getRandomValues(new Uint8Array(bytes)),
      )
      if (!key || !message) return expect.fail()
      expect(hmacSHA256(key, message)).toEqual(hmac(sha256, key, message))
    }
  })
})
