import { expect, it } from 'vitest'
import { accountArgument, accountDID, accountOfDID } from '../../src/base/account.js'
import { describeWith, vectors } from '../setup/fixtures.js'

const DOCUMENTS = [
  'arweave_7wIU_kY9RAgTJEImkBpiKgVeXrsGV02T-D4dI3ZvSpnn7HSk',
  'bip122_000000000019d6689c085ae165831e93_128Lkh3S7CkDTBZ8W7BbpsN3YYizJMp8p6',
  'bip122_1a91e3dace36e2be3bf030a65679fe82_DH5yaieqoZN36fDVciNyRueRGvGLR3mr7L',
  'eip155_137_0x4e90e8a8191c1c23a24a598c3ab4fb47ce926ff5',
  'eip155_1_0xb9c5714089478a327f09197987f16f9e5d936e8a',
  'eip155_42220_0xa0ae58da58dfa46fa55c3b86545e7065f90ff011',
  'solana_4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ_CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev',
  'tezos_NetXdQprcVkpaWU_tz1TzrmTBSuiVHV2VfMnGRMYvTEPCP42oSM8',
  'tezos_NetXdQprcVkpaWU_tz2BFTyPeYRzxd5aiBchbXN3WCZhx7BqbMBq',
  'tezos_NetXdQprcVkpaWU_tz3agP9LGe2cXmKQyYn6T68BHKjjktDbbSWX',
]

interface DIDDocument {
  readonly id: string
  readonly verificationMethod: ReadonlyArray<{ readonly id: string; readonly blockchainAccountId: string }>
}

for (const name of DOCUMENTS) {
  describeWith(
    `did:pkh vectors: ${name}`,
    await vectors<DIDDocument>(`did-pkh/did_pkh_${name}.jsonld`),
    ({ id, verificationMethod }) => {
      it('is converted to its account and back', () => {
        const account = accountOfDID(id) ?? ''
        expect(verificationMethod.map((method) => method.blockchainAccountId)).toContain(account)
        expect([accountDID(account), accountArgument(id), accountArgument(account)]).toEqual([
          id,
          account,
          account,
        ])
      })

      it('is the same account in another letter case only where the case is a checksum', () => {
        const at = id.lastIndexOf(':') + 1
        const address = id.slice(at)
        const other = address.startsWith('0x') ? `0x${address.slice(2).toUpperCase()}` : address.toUpperCase()
        expect(other).not.toBe(address)
        const same = accountOfDID(id.slice(0, at) + other) === accountOfDID(id)
        expect(same).toBe(id.startsWith('did:pkh:eip155:'))
      })

      it('is not the URL of one of its keys', () => {
        for (const method of verificationMethod) expect(accountOfDID(method.id)).toBeUndefined()
      })
    },
  )
}
