import { expect, it } from 'vitest'
import { SIGNATURE_CHECK } from '../../src/wallet/ethereum/eip1271.js'
import { compile, SMALL } from '../setup/contracts.js'

it('the bytecode in the source is the compiled contract of the repository', () => {
  expect(compile('signature-check.sol', SMALL)['SignatureCheck']?.bytecode).toBe(SIGNATURE_CHECK)
})
