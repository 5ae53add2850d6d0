import { expect, it } from 'vitest'
import { parseEthereumMessage, renderEthereumMessage } from '../../src/wallet/ethereum/siwe-message.js'
import { expectCode } from '../setup/expect-code.js'
import { describeWith, vectorText } from '../setup/fixtures.js'

/*
 * siwe-recap wrote these with a version of siwe-rs that ended each resource with a line feed. The grammar of ERC-4361
 * has one before each resource, and none at the end of the text: «resources = *( LF resource )».
 */
const ENDS_WITH_LF = ['siwe_with_caps', 'siwe_with_interleaved_resources', 'siwe_with_statement']

for (const [name, resources] of [
  ['siwe_with_no_caps', 0],
  ['siwe_with_statement_no_caps', 0],
  ['siwe_with_caps', 1],
  ['siwe_with_statement', 2],
  ['siwe_with_interleaved_resources', 4],
] as const) {
  describeWith(`ReCap vectors: ${name}`, await vectorText(`spruceid-siwe-recap/${name}.txt`), (written) => {
    const text = written.replace(/\n$/, '')

    it('is parsed, and rendered byte for byte', () => {
      const { payload } = parseEthereumMessage(text)
      expect(renderEthereumMessage(payload)).toBe(text)
      expect(payload.resources?.length ?? 0).toBe(resources)
      expect(payload.aud).toBe('did:key:example')
    })

    it('may not end with a line feed', async () => {
      expect(written !== text).toBe(ENDS_WITH_LF.includes(name))
      await expectCode('ERR_CAPABILITY_INVALID', () => parseEthereumMessage(`${text}\n`))
    })
  })
}
