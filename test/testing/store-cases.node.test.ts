import { expect, it } from 'vitest'
import { memoryDevices } from '../../src/http/devices.js'
import { memoryReplay } from '../../src/http/replay.js'
import { memoryRevocation } from '../../src/http/revocation.js'
import { deviceStoreCases } from '../../src/testing/device-cases.js'
import { revocationStoreCases } from '../../src/testing/revocation-cases.js'
import { replayStoreCases, type StoreCase } from '../../src/testing/store-cases.js'

it.each<[name: string, cases: (options: never) => StoreCase[], open: () => unknown]>([
  ['replayStoreCases', replayStoreCases, memoryReplay],
  ['revocationStoreCases', revocationStoreCases, memoryRevocation],
  ['deviceStoreCases', deviceStoreCases, memoryDevices],
])('%s takes its options, and none that is misspelt, which would leave cases out', (_, cases, open) => {
  const all = cases({ open, openBroken: open } as never)
  expect(all.length).toBeGreaterThan(cases({ open } as never).length)
  for (const [options, message] of [
    [{ open, openBrokn: open }, 'there is no option "openBrokn" here; there are open, isShared, openBroken'],
    [{ open, openBroken: undefined }, 'openBroken is undefined'],
    [{ open, isShared: 'no' }, 'isShared must be true or false'],
    [{ openBroken: open }, 'open must be a function that opens a store'],
  ] as const) {
    expect(() => cases(options as never)).toThrow(TypeError)
    expect(() => cases(options as never)).toThrow(message)
  }
})
