import { describe } from 'vitest'
import { memoryDevices } from '../../src/http/devices.js'
import { memoryReplay } from '../../src/http/replay.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { storeSuites } from '../setup/store-suite.js'

describe('in memory', () => {
  const isShared = false
  storeSuites({
    replay: { open: memoryReplay, isShared },
    revocation: { open: memoryRevocation, isShared },
    devices: { open: memoryDevices, isShared },
  })
})
