import { expect, it } from 'vitest'
import { describeWith, fixture, fixtureNames, vectors, vectorText } from './setup/fixtures.js'

interface SessionFixture {
  readonly accountId: string
  readonly serialized: string
}

const session = await fixture<SessionFixture>('did-session-4/session-1-default.json')
const rfc8032 = await vectors<object>('rfc8032/rfc8032-ed25519.json')
const recap = await vectorText('spruceid-siwe-recap/siwe_with_caps.txt')

describeWith('fixtures of did-session 4', session, ({ accountId, serialized }) => {
  it('are readable', () => {
    expect(accountId).toMatch(/^eip155:1:0x/)
    expect(serialized).not.toBe('')
  })

  it('can be listed', () => {
    expect(fixtureNames('did-session-4/session-')).toContain('did-session-4/session-1-default.json')
  })
})

describeWith('test vectors as JSON', rfc8032, (content) => {
  it('are readable', () => {
    expect(Object.keys(content)).not.toEqual([])
  })
})

describeWith('test vectors as text', recap, (content) => {
  it('are readable', () => {
    expect(content).toContain('urn:recap:')
  })
})

it('are undefined if they do not exist', async () => {
  expect(await fixture('no/such/file.json')).toBeUndefined()
})
