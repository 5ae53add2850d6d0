import { expect, it } from 'vitest'
import { parsePayload } from '../../src/capability/parse-cacao.js'
import { parseEthereumMessage, renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { expectCode } from '../setup/expect-code.js'
import { describeWith, vectors } from '../setup/fixtures.js'
import { payloadFrom, type SiweObject } from './siwe-object.js'

const SIWE = 'signinwithethereum-siwe'

const accepts = (object: SiweObject): void => {
  const p = parsePayload(payloadFrom(object))
  const { iss, ...said } = parseEthereumMessage(renderEthereumMessage(p)).payload
  expect({ ...said, iss: p.iss }).toEqual(p)
  expect(iss).toBe(p.iss.toLowerCase())
}
const refuses = async (object: SiweObject): Promise<void> => {
  await expectCode('ERR_CAPABILITY_INVALID', () => parsePayload(payloadFrom(object)))
}
/*
 * ERC-4361 on an address: «Must also conform to capitalization checksum encoding specified in EIP-55 where applicable
 * (EOAs)». That is a rule for the text. A payload names a did:pkh, where the case means nothing and is not
 * compared; the text that is rendered from it has the checksum again.
 */
const refusesItsText = async (object: SiweObject): Promise<void> => {
  const p = parsePayload(payloadFrom(object))
  const text = renderEthereumMessage(p, { address: object.address ?? '' })
  expect(text).toContain(`\n${object.address}\n`)
  await expectCode('ERR_CAPABILITY_INVALID', () => parseEthereumMessage(text))
  accepts(object)
}

interface Verdict {
  readonly msg: SiweObject
  readonly error: string
}
describeWith(
  'SIWE vectors: message objects',
  await vectors<Record<string, Verdict>>(`${SIWE}/message_objects.json`),
  (all) => {
    it.each(Object.entries(all))('%s', async (_, { msg, error }) => {
      if (error === 'none') accepts(msg)
      else if (error === 'invalid EIP-55 address') await refusesItsText(msg)
      else await refuses(msg)
    })
  },
)

describeWith(
  'SIWE vectors: parsing objects, negative',
  await vectors<Record<string, SiweObject>>(`${SIWE}/parsing_negative_objects.json`),
  (all) => {
    it.each(Object.entries(all))('%s', async (name, object) => {
      if (name === 'address not EIP-55') await refusesItsText(object)
      else await refuses(object)
    })
  },
)
