import { expect, it } from 'vitest'
import { concat, utf8 } from '../../src/base/bytes.js'
import { fromBase64, fromBase64url } from '../../src/base/multibase.js'
import type { PublicKey } from '../../src/key/session-key.js'
import { verifyKeySignature } from '../../src/key/verify.js'
import { describeWith, vectors } from '../setup/fixtures.js'

/** RFC 9421, Appendix B: the signature bases and the signatures. */
interface AppendixB {
  readonly keys: Readonly<Record<string, { readonly x: string; readonly y?: string }>>
  readonly cases: readonly {
    readonly id: string
    readonly key: string
    readonly base: string
    readonly signature: string
  }[]
}

function publicKeyOf({ x, y }: { readonly x: string; readonly y?: string }): PublicKey {
  const [first, second] = [x, y ?? ''].map((text) => fromBase64url(text) ?? new Uint8Array())
  if (!first || y === undefined) return { type: 'Ed25519', bytes: first ?? new Uint8Array() }
  return { type: 'P-256', bytes: concat(Uint8Array.of(2 + ((second?.at(-1) ?? 0) & 1)), first) }
}

describeWith('RFC 9421', await vectors<AppendixB>('rfc9421/appendix-b.json'), ({ keys, cases }) => {
  it.each(cases)('$id verifies with its key, and not if it is changed', async ({ key, base, signature }) => {
    const publicKey = publicKeyOf(keys[key] ?? expect.fail('no such key'))
    const bytes = fromBase64(/=:(.+):$/.exec(signature)?.[1] ?? '') ?? expect.fail('no signature')
    expect(await verifyKeySignature(publicKey, bytes, utf8(base))).toBe(true)
    expect(await verifyKeySignature(publicKey, bytes, utf8(base.replace('1618884473', '1618884474')))).toBe(
      false,
    )
  })
})
