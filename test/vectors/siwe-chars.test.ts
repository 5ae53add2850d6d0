import { expect, it } from 'vitest'
import { parsePayload } from '../../src/capability/parse-cacao.js'
import { parseEthereumMessage, renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { payload } from '../setup/capability.js'
import { expectCode } from '../setup/expect-code.js'
import { describeWith, vectors } from '../setup/fixtures.js'

interface Vector {
  readonly rule: string
  readonly input: string
  readonly answer: boolean
}
type Changes = Record<string, unknown>

const path = (input: string): Changes => ({ aud: `https://example.com/${input}` })
const fragment = (input: string): Changes => ({ resources: [`a:b#${input}`] })
const requestId = (input: string): Changes => ({ requestId: input })
const regName = (input: string): Changes => ({ domain: input })

/** The fields of which a rule of the grammar (ERC-4361, RFC 3986) is the whole or a part. */
const PLACES: Record<string, ReadonlyArray<(input: string) => Changes>> = {
  scheme: [(input) => ({ aud: `${input}:x` }), (input) => ({ resources: [`${input}://x`] })],
  statement: [(input) => ({ statement: input })],
  'pct-encoded': [path, fragment, requestId, regName],
  userinfo: [(input) => ({ domain: `${input}@example.com:80` })],
  IPvFuture: [(input) => ({ domain: `[${input}]:80` })],
  'reg-name': [regName, (input) => ({ domain: `user@${input}:80` })],
  'segment-nz': [requestId, path],
  fragment: [fragment],
}
/*
 * RFC 3986, 3.3: «The path is terminated by the first question mark ("?") or number sign ("#") character, or by the
 * end of the URI.» So these two are in no segment, but a URI may have them after it; a request id, *pchar, may not.
 */
const ENDS_THE_PATH = ['?', '#']

const placesOf = ({ rule, input }: Vector): Changes[] => {
  const places = PLACES[rule] ?? []
  return places
    .filter((place) => place !== path || !ENDS_THE_PATH.includes(input))
    .map((place) => place(input))
}

for (const file of ['valid_chars', 'invalid_chars']) {
  describeWith(
    `SIWE vectors: ${file}`,
    await vectors<Record<string, Vector>>(`signinwithethereum-siwe/${file}.json`),
    (all) => {
      it.each(Object.entries(all))('%s', async (_, vector) => {
        const places = placesOf(vector)
        expect(places.length).toBeGreaterThan(0)
        for (const changes of places) {
          const p = payload(changes)
          const text = renderEthereumMessage(p)
          if (vector.answer) {
            expect(parseEthereumMessage(text).payload).toEqual(parsePayload(p))
          } else {
            await expectCode('ERR_CAPABILITY_INVALID', () => parsePayload(p))
            await expectCode('ERR_CAPABILITY_INVALID', () => parseEthereumMessage(text))
          }
        }
      })

      it.each(Object.entries(all).filter(([, { rule }]) => rule === 'scheme'))(
        '%s, before the domain',
        async (_, { input, answer }) => {
          const text = `${input}://${renderEthereumMessage(payload())}`
          if (answer) expect(parseEthereumMessage(text).scheme).toBe(input)
          else await expectCode('ERR_CAPABILITY_INVALID', () => parseEthereumMessage(text))
        },
      )
    },
  )
}
