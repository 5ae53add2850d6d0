import { createSiweMessage } from 'viem/siwe'
import { describe, expect, it } from 'vitest'
import { toEIP55 } from '../../src/base/eip55.js'
import { renderMessage } from '../../src/capability/message.js'
import { parsePayload } from '../../src/capability/parse-cacao.js'
import { parseEthereumMessage, renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { AUDIENCE, payload } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { describeWith, fixture, fixtureNames, vectors } from '../setup/fixtures.js'
import { ADDRESS_A } from '../setup/wallet.js'

const rendersBack = (text: string): void => {
  const { payload: parsed, scheme } = parseEthereumMessage(text)
  const rendered = renderEthereumMessage(parsed)
  expect(scheme === undefined ? rendered : `${scheme}://${rendered}`).toBe(text)
}
const refuses = (text: string): Promise<unknown> =>
  expectCode('ERR_CAPABILITY_INVALID', () => parseEthereumMessage(text))

describe('the ERC-4361 text', () => {
  it('contains every field of the payload, in order', () => {
    const text = renderEthereumMessage(
      payload({ nbf: '2024-06-01T12:00:00Z', requestId: 'r-1', resources: ['a:b', 'c:d'] }),
    )
    expect(text.split('\n')).toEqual([
      'example.com wants you to sign in with your Ethereum account:',
      ADDRESS_A,
      '',
      'Sign in.',
      '',
      `URI: ${AUDIENCE}`,
      'Version: 1',
      'Chain ID: 1',
      'Nonce: abcdefgh12',
      'Issued At: 2024-06-01T12:00:00.000Z',
      'Expiration Time: 2099-12-31T23:59:59.000Z',
      'Not Before: 2024-06-01T12:00:00Z',
      'Request ID: r-1',
      'Resources:',
      '- a:b',
      '- c:d',
    ])
  })

  it('equals the text of viem', () => {
    for (const statement of ['Sign in.', undefined]) {
      const p = payload({ statement })
      const theirs = createSiweMessage({
        domain: p.domain,
        address: ADDRESS_A,
        uri: p.aud,
        version: '1',
        chainId: 1,
        nonce: p.nonce,
        issuedAt: new Date(p.iat),
        expirationTime: new Date(p.exp ?? ''),
        resources: [...(p.resources ?? [])],
        ...(statement !== undefined && { statement }),
      })
      expect(renderEthereumMessage(p)).toBe(theirs)
    }
  })

  it.each([
    {},
    { statement: undefined },
    { statement: '' },
    { statement: 'URI: https://example.com' },
    { statement: '同意します' },
    { resources: [] },
    { resources: undefined, exp: undefined },
    { requestId: '' },
    { iss: 'did:pkh:eip155:137:0x1563915e194d8cfba1943570603f7606a3115508' },
    { domain: 'user@[::1]:8080' },
  ])('is parsed back to the same payload: %o', (changes) => {
    const p = parsePayload(JSON.parse(JSON.stringify(payload(changes))))
    expect(parseEthereumMessage(renderEthereumMessage(p)).payload).toEqual(p)
  })

  it('is rendered only for Ethereum accounts', async () => {
    const iss = 'did:pkh:solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp:7S3P4HxJpyyigGzodYwHtCxZyUQe9JiBMHyRWXArAaKv'
    await expectCode('ERR_CAPABILITY_ISSUER', () => renderEthereumMessage(payload({ iss })))
  })

  const text = renderEthereumMessage(payload())
  it.each([
    ['nothing', ''],
    ['another chain', text.replace('Ethereum', 'Solana')],
    ['an address in lower case', text.replace(ADDRESS_A, ADDRESS_A.toLowerCase())],
    ['an additional line at the end', `${text}\n`],
    [
      'a second expiration time',
      text.replace('\nResources', '\nExpiration Time: 2099-12-31T23:59:59.000Z\nResources'),
    ],
    ['Windows line ends', text.replaceAll('\n', '\r\n')],
    ['one blank line without statement', text.replace('\nSign in.\n', '')],
    ['a chain id with a leading zero', text.replace('Chain ID: 1', 'Chain ID: 01')],
    ['a resource without its dash', text.replace('- ceramic', 'ceramic')],
  ])('is refused with %s', async (_, other) => {
    expect(other).not.toBe(text)
    await refuses(other)
  })
})

describe('older layouts', () => {
  it('have one blank line if there is no statement', () => {
    const text = renderEthereumMessage(payload({ statement: undefined }), { layout: 'did-session' })
    expect(text).toContain(`${ADDRESS_A}\n\nURI: `)
  })

  it('put the chain id after the dates', () => {
    const message = { ...payload(), chainName: 'Ethereum', address: 'x', chainId: '5' }
    const text = renderMessage(message, 'did-session-2022')
    expect(text).toContain('Version: 1\nNonce: ')
    expect(text).toContain('2099-12-31T23:59:59.000Z\nChain ID: 5\nResources:')
  })
})

describe('EIP-55', () => {
  // The examples of EIP-55 itself.
  it.each([
    '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
    '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
    '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
    '0x52908400098527886E0F7030069857D2E4169EE7',
    '0xde709f2102306220921060314715629080e2fb77',
  ])('%s', (address) => expect(toEIP55(address.toLowerCase())).toBe(address))
})

interface SignedFixture {
  name: string
  cacao?: { p: unknown }
  decoded?: { cacao: { p: unknown } }
  siweMessageSigned: string
}
const names = [...fixtureNames('did-session-4/cacao-'), ...fixtureNames('did-session-4/session-')]
describeWith('messages signed with did-session 4', names.length > 0 ? names : undefined, (all) => {
  it.each(all.filter((name) => !/-2-|-3-/.test(name)))('%s has the current text', async (name) => {
    const file = await fixture<SignedFixture>(name)
    expect(renderEthereumMessage(parsePayload((file?.cacao ?? file?.decoded?.cacao)?.p))).toBe(
      file?.siweMessageSigned,
    )
  })
  it.each(all.filter((name) => /-2-|-3-/.test(name)))('%s has an older text', async (name) => {
    const file = await fixture<SignedFixture>(name)
    const p = parsePayload(file?.cacao?.p)
    const layout = name.includes('-3-') ? 'did-session-2022' : 'did-session'
    expect(renderEthereumMessage(p, { layout, address: p.iss.split(':').at(-1) ?? '' })).toBe(
      file?.siweMessageSigned,
    )
  })
})

const SIWE = 'signinwithethereum-siwe'
type Positive = Record<string, { message: string; fields: Record<string, unknown> }>
describeWith('SIWE vectors: parsing', await vectors<Positive>(`${SIWE}/parsing_positive.json`), (all) => {
  it.each(Object.entries(all))('%s', (_, { message, fields }) => {
    rendersBack(message)
    const { payload: p } = parseEthereumMessage(message)
    expect([p.domain, p.aud, p.nonce, p.iat, p.statement ?? null]).toEqual([
      fields['domain'],
      fields['uri'],
      fields['nonce'],
      fields['issuedAt'],
      fields['statement'] ?? null,
    ])
  })
})

describeWith(
  'SIWE vectors: parsing, negative',
  await vectors<Record<string, string>>(`${SIWE}/parsing_negative.json`),
  (all) => {
    it.each(Object.entries(all))('%s', async (_, message) => void (await refuses(message)))
  },
)

for (const file of ['valid_specification', 'valid_uris', 'valid_resources']) {
  describeWith(
    `SIWE vectors: ${file}`,
    await vectors<Record<string, { msg: string }>>(`${SIWE}/${file}.json`),
    (all) => {
      it.each(Object.entries(all))('%s', (_, vector) => rendersBack(vector.msg))
    },
  )
}

for (const file of ['invalid_uris', 'invalid_resources']) {
  describeWith(
    `SIWE vectors: ${file}`,
    await vectors<Record<string, string>>(`${SIWE}/${file}.json`),
    (all) => {
      it.each(Object.entries(all))('%s', async (_, message) => void (await refuses(message)))
    },
  )
}
