import { describe, expect, it } from 'vitest'
import { accountArgument, accountDID, accountOfDID } from '../../src/base/account.js'
import { ACCOUNT_A, ADDRESS_A } from '../setup/wallet.js'

const SOLANA = 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv'

describe('an account', () => {
  it.each([
    ['its id', ACCOUNT_A],
    ['its id in EIP-55', `eip155:1:${ADDRESS_A}`],
    ['its id in upper case', `eip155:1:0x${ADDRESS_A.slice(2).toUpperCase()}`],
    ['its DID', `did:pkh:eip155:1:${ADDRESS_A}`],
    ['an object such as caip gives', { toString: (): string => `eip155:1:${ADDRESS_A}` }],
  ])('is normalized from %s', (_, input) => {
    expect(accountArgument(input)).toBe(ACCOUNT_A)
  })

  it('keeps its case where case has a meaning', () => {
    expect(accountArgument(SOLANA)).toBe(SOLANA)
    expect(accountDID(SOLANA)).toBe(`did:pkh:${SOLANA}`)
    expect(accountOfDID(`did:pkh:${SOLANA}`)).toBe(SOLANA)
  })

  it('may be a did:key', () => {
    const did = 'did:key:z6Mkmv8eidUXgMTeNmHS2fsrXmEfVGjwsJc2ZWkavn7MtKb3'
    expect(accountDID(accountArgument(did))).toBe(did)
  })

  it.each([
    ADDRESS_A,
    '',
    'eip155:1',
    'eip155:01:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a',
    'eip155:x:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a',
    'eip155:1:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2',
    'eip155:1:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a0',
    'eip155:1:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a\n',
    'did:pkh:did:pkh:eip155:1:0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a',
    'did:web:example.com',
    {},
    [],
    null,
    undefined,
    7,
  ])('can not be %j: a TypeError explains the format', (input) => {
    expect(() => accountArgument(input as string)).toThrow(TypeError)
    expect(() => accountArgument(input as string)).toThrow(/CAIP-10/)
  })
})
