import secp256k1 from 'secp256k1'
import * as tiny from 'tiny-secp256k1'
import { describe, expect, it } from 'vitest'
import { recoverWithSecp256k1, recoverWithTinySecp256k1 } from '../../src/node/index.js'
import { recoverPublicKey } from '../../src/wallet/ethereum/secp256k1.js'
import { describeWith, vectors } from '../setup/fixtures.js'
import { RECOVERY_FILE, type RecoveryFile, recovered, recoverySuite } from './recovery.js'
import { casesOf } from './wycheproof.js'

const others = [
  ['secp256k1', recoverWithSecp256k1(secp256k1)],
  ['tiny-secp256k1', recoverWithTinySecp256k1(tiny)],
] as const

describeWith(
  'Wycheproof: keys recovered on secp256k1',
  await vectors<RecoveryFile>(RECOVERY_FILE),
  (file) => {
    describe.each(others)('with npm %s', (_, recover) => {
      recoverySuite(file, recover)

      // Also if the key is not the vector's: one server must not accept what another refuses.
      it.each([0, 1])('recovers the same keys as @noble/curves, with recovery id %s', (id) => {
        const all = casesOf(file)
        expect(all.map((vector) => recovered(recover, vector, id))).toEqual(
          all.map((vector) => recovered(recoverPublicKey, vector, id)),
        )
      })
    })
  },
)
