import { base32 } from 'multiformats/bases/base32'
import { describe, expect, it } from 'vitest'
import { toMultibase32 } from '../../src/base/base32.js'
import { utf8 } from '../../src/base/utf8.js'

describe('base32 behind multibase', () => {
  it.each([
    ['', 'b'],
    ['f', 'bmy'],
    ['fo', 'bmzxq'],
    ['foo', 'bmzxw6'],
    ['foob', 'bmzxw6yq'],
    ['fooba', 'bmzxw6ytb'],
    ['foobar', 'bmzxw6ytboi'],
  ])("of RFC 4648's %j is %s", (text, encoded) => expect(toMultibase32(utf8(text))).toBe(encoded))

  it('is what multiformats writes, whatever the length and the bits', () => {
    for (let length = 0; length < 70; length++) {
      for (const bytes of [new Uint8Array(length).fill(0xff), crypto.getRandomValues(new Uint8Array(length))])
        expect(toMultibase32(bytes)).toBe(base32.encode(bytes))
    }
  })
})
