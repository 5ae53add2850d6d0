import { expect, it } from 'vitest'
import { SIGNATURE_CHECK } from '../../src/wallet/ethereum/eip1271.js'
import { compile, SMALL } from '../setup/contracts.js'

it('the check that is sent along is the contract in the repository, compiled', () => {
  expect(compile('signature-check.sol', SMALL)['SignatureCheck']?.bytecode).toBe(SIGNATURE_CHECK)
})
