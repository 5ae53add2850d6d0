import { recoverPublicKey } from '../../src/wallet/ethereum/secp256k1.js'
import { describeWith, vectors } from '../setup/fixtures.js'
import { RECOVERY_FILE, type RecoveryFile, recoverySuite } from './recovery.js'

describeWith('Wycheproof: keys recovered on secp256k1', await vectors<RecoveryFile>(RECOVERY_FILE), (file) =>
  recoverySuite(file, recoverPublicKey),
)
